import type { Present } from "../wire/messages.js";
import { type Known, type Roster, readPresent } from "./roster.js";

/** What this node knows of the clients of another one, or of its own. */
export class NodeView {
  readonly node: string;
  /** Number of the last change that is known; -1: something is missing. */
  version = -1;
  /** When it was last known that nothing is missing. */
  confirmedAt = Number.NEGATIVE_INFINITY;
  /** Whether the node was asked for all, since the last beat. */
  asked = false;
  /** Whether it has more clients than are kept. */
  more = false;
  readonly #roster: Roster;
  readonly #limit: number;
  #clients = new Map<number, Known>();
  #coming:
    | { readonly version: number; readonly clients: Map<number, Known>; next: number; more: boolean }
    | undefined;

  constructor(node: string, roster: Roster, limit: number) {
    this.node = node;
    this.#roster = roster;
    this.#limit = limit;
  }

  /** Whether some were not kept, and there is place for them now. */
  get lacks(): boolean {
    return this.more && this.#clients.size < this.#limit;
  }

  /** Something has changed. @throws BadDataError; nothing has changed then. */
  change(present: readonly Present[]): void {
    const changed = present.map((one) => [one[0], readPresent(this.node, one)] as const);
    for (const [cid, next] of changed) {
      const known = this.#clients.get(cid);
      if (next.groups.size === 0) {
        this.#clients.delete(cid);
        this.#roster.replace(known, undefined);
      } else if (known === undefined && this.#clients.size >= this.#limit) {
        this.more = true;
      } else {
        this.#clients.set(cid, next);
        this.#roster.replace(known, next);
      }
    }
  }

  /** A part of all that is known came. @returns whether that was the last one. @throws BadDataError */
  part(version: number, part: number, parts: number, present: readonly Present[]): boolean {
    if (part === 0) this.#coming = { version, clients: new Map(), next: 0, more: false };
    const coming = this.#coming;
    if (coming === undefined || coming.version !== version || coming.next !== part) return false;
    for (const one of present) {
      if (coming.clients.size < this.#limit) coming.clients.set(one[0], readPresent(this.node, one));
      else coming.more = true;
    }
    coming.next++;
    if (part + 1 < parts) return false;
    this.#coming = undefined;
    this.version = version;
    this.more = coming.more;
    const before = this.#clients;
    this.#clients = coming.clients;
    for (const [cid, known] of before) if (!coming.clients.has(cid)) this.#roster.replace(known, undefined);
    for (const [cid, next] of coming.clients) this.#roster.replace(before.get(cid), next);
    return true;
  }

  /** The node is not there any more. */
  clear(): void {
    const clients = this.#clients;
    this.#clients = new Map();
    this.#coming = undefined;
    this.version = -1;
    for (const known of clients.values()) this.#roster.replace(known, undefined);
  }
}
