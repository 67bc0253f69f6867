import type { Known } from "./roster.js";

/** Clients of a node, by cid, with a limit on how many groups they are in together. */
export class KeptClients {
  readonly #limit: number;
  readonly #clients = new Map<number, Known>();
  /** Groups of all of them together. */
  memberships = 0;
  /** Whether there were more than may be. */
  more = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(cid: number): Known | undefined {
    return this.#clients.get(cid);
  }

  entries(): Iterable<[cid: number, known: Known]> {
    return this.#clients;
  }

  /** Keeps what is known of a client now, if there is place. One that is in no group is not kept. @returns what is kept. */
  set(cid: number, next: Known): Known | undefined {
    this.memberships -= this.#clients.get(cid)?.groups.size ?? 0;
    const { size } = next.groups;
    const fits = this.memberships + size <= this.#limit;
    if (!fits) this.more = true;
    if (!fits || size === 0) {
      this.#clients.delete(cid);
      return undefined;
    }
    this.memberships += size;
    this.#clients.set(cid, next);
    return next;
  }
}
