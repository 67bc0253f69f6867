import type { Known } from "./roster.js";

/** Bytes that the presence of all may take, decoded, for each of the groups that they may be in together. */
const COST_EACH = 256;

/** Clients of a node, by cid, with a limit on how many groups they are in together, and on their presence. */
export class KeptClients {
  readonly #limit: number;
  /** Bytes that their presence takes, decoded. */
  #cost = 0;
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

  /** Whether not more than a part of what may be is kept. */
  isWithin(part: number): boolean {
    const most = part * this.#limit;
    return this.memberships <= most && this.#cost <= most * COST_EACH;
  }

  /** Keeps what is known of a client now, if there is place. One that is in no group is not kept. @returns what is kept. */
  set(cid: number, next: Known): Known | undefined {
    const known = this.#clients.get(cid);
    if (known !== undefined) this.#count(known, -1);
    this.#clients.delete(cid);
    if (next.groups.size === 0) return undefined;
    this.#count(next, 1);
    if (!this.isWithin(1)) {
      this.#count(next, -1);
      this.more = true;
      return undefined;
    }
    this.#clients.set(cid, next);
    return next;
  }

  #count({ groups, cost }: Known, sign: 1 | -1): void {
    this.memberships += sign * groups.size;
    this.#cost += sign * cost;
  }
}
