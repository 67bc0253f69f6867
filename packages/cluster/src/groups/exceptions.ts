import type { Receiver } from "@peng3dnet/peer";
import { MOST_EXCEPTIONS } from "../wire/messages.js";
import { readPeerId } from "../wire/names.js";
import { ClusterGroup } from "./cluster-group.js";

/** Whom a broadcast leaves out. */
export interface Exceptions {
  /** Those of this node; what is no client is refused later, with all others. */
  readonly here: Receiver[];
  /** Those of other nodes, by id. */
  readonly elsewhere: string[];
  /** Groups of all nodes, by name. */
  readonly groups: string[];
}

/**
 * Whom the option `except` leaves out, here and elsewhere.
 *
 * @param own - id of this node.
 * @throws TypeError for a text that is no id, and for too many that have to be told to other nodes.
 */
export function readExceptions(except: unknown, own: string): Exceptions {
  const found: Exceptions = { here: [], elsewhere: [], groups: [] };
  if (except === undefined) return found;
  if (except instanceof ClusterGroup) {
    found.groups.push(except.name);
    // One by one: a call does not take as many arguments as a group may have members.
    for (const member of except) found.here.push(member);
    return found;
  }
  for (const item of isList(except) ? except : [except]) {
    if (typeof item !== "string") {
      found.here.push(item as Receiver);
      continue;
    }
    const peer = readPeerId(item);
    if (peer === undefined)
      throw new TypeError(
        "the option except has a text that is no id of a client; node.idOf(client) gives one",
      );
    if (peer.node === own) found.here.push(peer.cid);
    else found.elsewhere.push(item);
  }
  if (found.elsewhere.length > MOST_EXCEPTIONS) {
    throw new TypeError(
      `the option except leaves out ${MOST_EXCEPTIONS} clients of other nodes at most; put them into a group, and leave that out`,
    );
  }
  return found;
}

function isList(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

/** Those of this node among the clients that another node leaves out. Texts that are no ids are passed by. */
export function exceptionsHere(ids: readonly string[], own: string): number[] {
  const here: number[] = [];
  for (const id of ids) {
    const peer = readPeerId(id);
    if (peer?.node === own) here.push(peer.cid);
  }
  return here;
}
