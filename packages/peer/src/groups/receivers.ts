import { checkKnownOptions, type OptionNames } from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import { SESSION } from "../session/session.js";
import { Group, type GroupBroadcastOptions, type Member, type Receiver } from "./group.js";

/** What of a server it takes to find out whom a broadcast goes to. */
export interface ReceiverSource<C> {
  /** The server. */
  readonly server: object;
  /** The client with an id, if there is one. */
  find(cid: number): C | undefined;
  /** The members of a group of this server, as they are now; `undefined` for a group of another one. */
  membersOf(group: Group): readonly C[] | undefined;
  /** A number that no list of clients of this server has had. */
  nextList(): number;
}

/** Clients that can be walked several times. */
export interface Receivers<C> {
  values(): Iterable<C>;
}

/**
 * The clients that `to` of a broadcast lists, each once. Ids that no client has are passed by, since one may have left.
 *
 * @throws TypeError for what is no list, or lists something else than clients of the server.
 */
export function receiversOf<C extends Member>(to: unknown, source: ReceiverSource<C>): Receivers<C> {
  const members = to instanceof Group ? source.membersOf(to) : undefined;
  if (members !== undefined) return members;
  if (to === undefined) {
    throw new TypeError(
      "a broadcast was given to: undefined, which might have been meant for few; leave the option out to send to all",
    );
  }
  return clientsIn(to, "to", source);
}

/**
 * The clients that `except` of a broadcast leaves out; `undefined`: none.
 *
 * @throws TypeError as {@link receiversOf}.
 */
export function exceptionsOf<C extends Member>(
  except: Receiver | Iterable<Receiver> | undefined,
  source: ReceiverSource<C>,
): ReadonlySet<C> | undefined {
  if (except === undefined) return undefined;
  const list = typeof except === "number" || isMember(except) ? [except] : except;
  return new Set(clientsIn(list, "except", source));
}

function clientsIn<C extends Member>(list: unknown, option: string, source: ReceiverSource<C>): C[] {
  if (typeof list !== "object" || list === null || !(Symbol.iterator in list)) {
    throw new TypeError(
      `the option ${option} lists clients or their ids, e.g. [client], and is not ${describeValue(list)}`,
    );
  }
  // First of all, since the application's iterator may do anything, also send to others. An array may have one, too.
  const items: readonly unknown[] = [...(list as Iterable<unknown>)];
  // A number in each session that is listed finds out who is listed twice. A set takes a fifth of a broadcast's time.
  const number = source.nextList();
  const clients: C[] = [];
  for (const item of items) {
    let client: C | undefined;
    if (typeof item === "number") client = source.find(item);
    else client = checkClient(item, option, source.server) as C;
    if (client === undefined || client[SESSION].listed === number) continue;
    client[SESSION].listed = number;
    clients.push(client);
  }
  return clients;
}

const BROADCAST_OPTIONS: OptionNames<GroupBroadcastOptions & { readonly to: unknown }> = {
  to: true,
  except: true,
};

/**
 * Refuses other options of a broadcast than `to` and `except`: a mistyped one would send to whom it was to leave out.
 *
 * @throws {@link ConfigError} that names the option.
 */
export function checkBroadcastOptions(options: object): void {
  for (const key in options) {
    if (!(key in BROADCAST_OPTIONS)) checkKnownOptions("broadcast", options, BROADCAST_OPTIONS);
  }
}

/** Whether a value is a client, of whatever server. */
function isMember(value: unknown): value is Member {
  return typeof value === "object" && value !== null && SESSION in value;
}

/**
 * Checks that a value is a client of a server.
 *
 * @param where - what the value was given as.
 * @throws TypeError if not.
 */
export function checkClient(value: unknown, where: string, server: object): Member {
  if (!isMember(value)) {
    throw new TypeError(`${where} takes clients of the server or their ids, and not ${describeValue(value)}`);
  }
  if (value[SESSION].connection.peer !== server)
    throw new TypeError(`${where} was given a client of another server`);
  return value;
}
