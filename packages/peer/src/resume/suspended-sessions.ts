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
  /** Those of each address by how many these are, so that nobody has to look at all addresses for those of the one that has most. */
  readonly #byCount: Set<Iterable<Session>>[] = [];

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
    this.#counted(same, same.size - 1);
    const crowded =
      same.size > limits.perAddress ? same : this.size > limits.sessions ? this.#mostOfOne() : [];
    const [oldest] = crowded;
    // At once, as others may be suspended before it is over.
    if (oldest !== undefined) this.delete(oldest);
    return oldest;
  }

  /** The sessions of the address that has most. */
  #mostOfOne(): Iterable<Session> {
    const [most = []] = this.#byCount.at(-1) ?? [];
    return most;
  }

  /** An address has one more or one less than before. */
  #counted(same: ReadonlySet<Session>, before: number): void {
    const byCount = this.#byCount;
    byCount[before]?.delete(same);
    if (same.size > 0) {
      byCount[same.size] ??= new Set();
      byCount[same.size]?.add(same);
    }
    while (byCount.at(-1)?.size === 0) byCount.pop();
  }

  /** It goes on, or is over. */
  delete(session: Session): void {
    const address = this.#addresses.get(session);
    if (address === undefined) return;
    this.#addresses.delete(session);
    const same = this.#byAddress.get(address);
    if (same === undefined) return;
    same.delete(session);
    this.#counted(same, same.size + 1);
    if (same.size === 0) this.#byAddress.delete(address);
  }
}
