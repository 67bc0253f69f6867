import { type BusMessageKind, isTrace } from "@peng3dnet/peer";
import { type Field, Form } from "./form.js";
import { isGroupName, isNodeId } from "./names.js";

/** Longest text that is no name, in characters: reasons, messages of errors. */
const LONGEST_TEXT = 2000;
/** Longest name of a packet type, in characters. */
const LONGEST_NAME = 256;
/** Most clients and groups that a broadcast across nodes leaves out by name. */
export const MOST_EXCEPTIONS = 1024;
/** Most groups that one message names. Longer lists travel in several. */
export const MOST_NAMES = 500;
/** Longest presence of a client, in encoded bytes. */
export const LONGEST_PRESENCE = 1024;
/** Most clients of which one message tells the presence. */
export const MOST_PRESENT = 1000;

const count: Field<number> = (value): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
/** A version that may be -1: none. */
const versionOrNone: Field<number> = (value): value is number => value === -1 || count(value);
const flag: Field<boolean> = (value): value is boolean => typeof value === "boolean";
const text: Field<string> = (value): value is string =>
  typeof value === "string" && value.length <= LONGEST_TEXT;
const textOrNull: Field<string | null> = (value): value is string | null => value === null || text(value);
const packetName: Field<string> = (value): value is string =>
  typeof value === "string" && value.length <= LONGEST_NAME;
const node: Field<string> = isNodeId;
const group: Field<string> = isGroupName;

function listOf<T>(item: Field<T>, most: number): Field<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.length <= most && value.every(item);
}

/** Where a numbered sequence is: the group, the sequence, the number of its last message. */
export type Position = readonly [group: string, stream: number, number: number];
const position: Field<Position> = (value): value is Position =>
  Array.isArray(value) && value.length === 3 && group(value[0]) && value.slice(1).every(count);

/** A group that a node has members of, and the version of what it wants to hear from which on it has. */
export type Wanted = readonly [group: string, since: number];
const wanted: Field<Wanted> = (value): value is Wanted =>
  Array.isArray(value) && value.length === 2 && group(value[0]) && count(value[1]);

/**
 * From where on a node hears all of a sequence: behind `start`. That was the last message when the node was first known to have
 * members, at the version `since`; `number` is the last one now.
 */
export type Heard = readonly [group: string, since: number, stream: number, start: number, number: number];
const heard: Field<Heard> = (value): value is Heard =>
  Array.isArray(value) && value.length === 5 && group(value[0]) && value.slice(1).every(count);

/** A client: its cid, its presence as msgpack (empty: it has none), and the groups that it is in; none: it is gone. */
export type Present = readonly [cid: number, presence: Uint8Array, groups: readonly string[]];
const groupsOfClient = listOf(group, MOST_NAMES);
const isPresent: Field<Present> = (value): value is Present => {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [cid, presence, groups] = value as readonly unknown[];
  return (
    count(cid) &&
    presence instanceof Uint8Array &&
    presence.length <= LONGEST_PRESENCE &&
    groupsOfClient(groups)
  );
};

// Each kind says first from which node it is.

// ---- to the nodes with members of a group ---------------------------------------------------------

/** A packet for the members of a group. `number` counts what the node has sent to it, in the sequence `stream`. */
export const GROUP_MESSAGE = new Form(1, "group message", {
  from: node,
  stream: count,
  number: count,
  name: packetName,
  flags: count,
  /** Clients to leave out, by the ids that all nodes know. */
  except: listOf(text, MOST_EXCEPTIONS),
  /** Groups whose members are left out. */
  exceptGroups: listOf(group, MOST_EXCEPTIONS),
});

// ---- to all nodes -----------------------------------------------------------------------------------

/**
 * A node lives. `version` counts the changes of what it wants to hear; it has so many clients. `mark` is drawn anew for each beat, and
 * tells the node that another one speaks under its id.
 */
export const BEAT = new Form(
  2,
  "beat",
  { from: node, version: count, advertised: textOrNull, clients: count },
  { mark: count },
);
/** What a node wants to hear has changed: what was `base` is now `version`. */
export const INTEREST = new Form(3, "interest", {
  from: node,
  base: count,
  version: count,
  added: listOf(group, MOST_NAMES),
  removed: listOf(group, MOST_NAMES),
});
/** What was the last message of sequences that were active a short time ago. `end`: there will be no more in them. */
export const LAST = new Form(4, "last", {
  from: node,
  end: flag,
  positions: listOf(position, MOST_NAMES),
});
/** A node leaves. */
export const BYE = new Form(5, "bye", { from: node });

// ---- to one node --------------------------------------------------------------------------------------

/** All that a node wants to hear, in `parts` messages. */
export const STATE = new Form(6, "state", {
  from: node,
  version: count,
  part: count,
  parts: count,
  groups: listOf(wanted, MOST_NAMES),
});
/** Asks for the state of the node that hears it. */
export const WANT = new Form(7, "want", { from: node });
/**
 * The answer to `INTEREST` and `STATE`: from where on in each sequence the node will hear all. It tells of what has changed since
 * `base`; -1: of all.
 */
export const POSITIONS = new Form(8, "positions", {
  from: node,
  base: versionOrNone,
  version: count,
  /** Which one of several messages it is. */
  part: count,
  more: flag,
  positions: listOf(heard, MOST_NAMES),
});
/** A packet for one client. */
export const SEND = new Form(9, "send", { from: node, cid: count, name: packetName, flags: count });
/**
 * A request to a client. Ids of a node's requests count up. `timeout` is in milliseconds; 0: none. `trace` is what an observer of the
 * caller's node wants that of the other one to know.
 */
export const REQUEST = new Form(
  10,
  "request",
  { from: node, id: count, cid: count, name: packetName, flags: count, timeout: count },
  { trace: isTrace },
);
/** Asks a node to close the connection of a client. Its ids are those of requests. */
export const KICK = new Form(11, "kick", { from: node, id: count, cid: count, reason: textOrNull });
/** Whoever asked waits no more. */
export const GIVE_UP = new Form(12, "give up", { from: node, id: count });
/** Asks what has become of a request. Nothing is answered while it is under way. */
export const PROBE = new Form(13, "probe", { from: node, id: count });
/** What became of a request. */
export const ANSWER = new Form(14, "answer", {
  from: node,
  id: count,
  /** `"answered"`: the bytes are the answer. For the others see `answers.ts`. */
  outcome: text,
  code: text,
  message: textOrNull,
  flags: count,
});

// ---- presence ---------------------------------------------------------------------------------------

/** To all nodes: this one wants to know who is in the groups of the others. */
export const WATCH = new Form(15, "watch", { from: node });
/** To one node: the same, and asks for all of it, since something is missing. */
export const WATCH_ALL = new Form(16, "watch all", { from: node });
/** To one node: all clients that are in groups which nodes share, in `parts` messages. */
export const PRESENT = new Form(17, "present", {
  from: node,
  version: count,
  part: count,
  parts: count,
  present: listOf(isPresent, MOST_PRESENT),
});
/** To all who watch: these clients are in other groups than before, or their presence is another one. */
export const PRESENCE = new Form(18, "presence", {
  from: node,
  base: count,
  version: count,
  present: listOf(isPresent, MOST_PRESENT),
});
/** To all who watch: where the changes are, so that the loss of the last one is noticed, too. */
export const PRESENCE_AT = new Form(19, "presence at", { from: node, version: count });

// ---- for observers ----------------------------------------------------------------------------------

const ABOUT: ReadonlyMap<number, BusMessageKind> = new Map(
  (
    [
      ["broadcast", [GROUP_MESSAGE]],
      ["send", [SEND]],
      ["request", [REQUEST, KICK, GIVE_UP, PROBE]],
      ["answer", [ANSWER]],
      ["presence", [WATCH, WATCH_ALL, PRESENT, PRESENCE, PRESENCE_AT]],
      ["membership", [BEAT, INTEREST, LAST, BYE, STATE, WANT, POSITIONS]],
    ] as const
  ).flatMap(([about, forms]) => forms.map(({ kind }): [number, BusMessageKind] => [kind, about])),
);

/** What a message is about, by the number of its kind. */
export function aboutOf(kind: number): BusMessageKind {
  return ABOUT.get(kind) ?? "other";
}
