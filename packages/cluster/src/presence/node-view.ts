import type { Present } from "../wire/messages.js";
import { KeptClients } from "./kept-clients.js";
import { type Roster, readPresent } from "./roster.js";

/** The part of the limit below which there is place again. */
const PLACE = 7 / 8;

/** What this node knows of the clients of another one, or of its own. */
export class NodeView {
  readonly node: string;
  /** Number of the last change that is known; -1: something is missing. */
  version = -1;
  /** When it was last known that nothing is missing. */
  confirmedAt = Number.NEGATIVE_INFINITY;
  /** Whether the node was asked for all, since the last beat. */
  asked = false;
  readonly #roster: Roster;
  readonly #limit: number;
  #clients: KeptClients;
  /** How many memberships it had when all was known last. */
  #membershipsOfAll = 0;
  #coming: { readonly version: number; readonly clients: KeptClients; next: number } | undefined;

  /** @param limit - most memberships of its clients that are kept. */
  constructor(node: string, roster: Roster, limit: number) {
    this.node = node;
    this.#roster = roster;
    this.#limit = limit;
    this.#clients = new KeptClients(limit);
  }

  /** Whether there are clients that are not kept. */
  get more(): boolean {
    return this.#clients.more;
  }

  /** Whether some were not kept, and there is place for them now; not for every one that leaves. */
  get lacks(): boolean {
    const { more, memberships } = this.#clients;
    return more && memberships < this.#membershipsOfAll && this.#clients.isWithin(PLACE);
  }

  /** Something has changed. @throws BadDataError; nothing has changed then. */
  change(present: readonly Present[]): void {
    const changed = present.map((one) => [one[0], readPresent(this.node, one)] as const);
    const clients = this.#clients;
    for (const [cid, next] of changed) this.#roster.replace(clients.get(cid), clients.set(cid, next));
  }

  /** A part of all that is known came. @returns whether that was the last one. @throws BadDataError */
  part(version: number, part: number, parts: number, present: readonly Present[]): boolean {
    if (part === 0) this.#coming = { version, clients: new KeptClients(this.#limit), next: 0 };
    const coming = this.#coming;
    if (coming === undefined || coming.version !== version || coming.next !== part) return false;
    for (const one of present) coming.clients.set(one[0], readPresent(this.node, one));
    coming.next++;
    if (part + 1 < parts) return false;
    this.#coming = undefined;
    this.version = version;
    this.#membershipsOfAll = coming.clients.memberships;
    this.#replaceAll(coming.clients);
    return true;
  }

  /** The node is not there any more. */
  clear(): void {
    this.#coming = undefined;
    this.version = -1;
    this.#replaceAll(new KeptClients(this.#limit));
  }

  #replaceAll(now: KeptClients): void {
    const before = this.#clients;
    this.#clients = now;
    for (const [cid, known] of before.entries())
      if (now.get(cid) === undefined) this.#roster.replace(known, undefined);
    for (const [cid, next] of now.entries()) this.#roster.replace(before.get(cid), next);
  }
}
