/** How many sessions may be suspended at once. */
export interface SuspendedLimits {
  /** In all (`net.resume.sessions`). */
  readonly sessions: number;
  /** Of one address (`net.resume.sessions.address`). */
  readonly perAddress: number;
}

/** The sessions of a server that wait for their clients, in the order in which they began to. */
export class SuspendedSessions<Session> {
  readonly #addresses = new Map<Session, string>();
  readonly #byAddress = new Map<string, Set<Session>>();

  /** How many there are. */
  get size(): number {
    return this.#addresses.size;
  }

  /** What counts as the address of one of them; `undefined`: it is none. */
  addressOf(session: Session): string | undefined {
    return this.#addresses.get(session);
  }

  /**
   * One more is suspended.
   *
   * @param address - what counts as one address.
   * @returns the one that has to go for it, the oldest; `undefined`: there is room.
   */
  add(session: Session, address: string, limits: SuspendedLimits): Session | undefined {
    this.#addresses.set(session, address);
    let same = this.#byAddress.get(address);
    if (same === undefined) {
      same = new Set();
      this.#byAddress.set(address, same);
    }
    same.add(session);
    const crowded =
      same.size > limits.perAddress ? same : this.size > limits.sessions ? this.#addresses.keys() : [];
    const [oldest] = crowded;
    // At once, as others may be suspended before it is over.
    if (oldest !== undefined) this.delete(oldest);
    return oldest;
  }

  /** It goes on, or is over. */
  delete(session: Session): void {
    const address = this.#addresses.get(session);
    if (address === undefined) return;
    this.#addresses.delete(session);
    const same = this.#byAddress.get(address);
    same?.delete(session);
    if (same?.size === 0) this.#byAddress.delete(address);
  }
}
