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
   * @returns the one that has to go for it, `undefined`: there is room. Past the limit for an address it is the oldest of that one,
   * past the limit for all the oldest of the address that has most, so that few addresses do not push out the others' sessions.
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
      same.size > limits.perAddress ? same : this.size > limits.sessions ? this.#mostOfOne() : [];
    const [oldest] = crowded;
    // At once, as others may be suspended before it is over.
    if (oldest !== undefined) this.delete(oldest);
    return oldest;
  }

  /** The sessions of the address that has most. */
  #mostOfOne(): Iterable<Session> {
    let most: ReadonlySet<Session> = new Set();
    for (const same of this.#byAddress.values()) if (same.size > most.size) most = same;
    return most;
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
