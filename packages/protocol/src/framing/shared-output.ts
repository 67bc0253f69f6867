const EMPTY = new Uint8Array(0);

/**
 * The output that many connections have in common. A packet that is added behind the same waiting bytes on several
 * connections is joined to them once, in one buffer for all. So a broadcast to a thousand connections fills one buffer
 * instead of a thousand.
 */
export class SharedOutput {
  #waiting: Uint8Array = EMPTY;
  #packet: Uint8Array = EMPTY;
  #both: Uint8Array = EMPTY;
  /** How many connections have `#both` waiting. */
  #users = 0;

  /**
   * Joins a packet to the bytes that a connection has waiting.
   *
   * @returns a buffer with both; `undefined` if the first connection that was given this packet had other bytes waiting,
   * or if no other connection has these.
   */
  join(waiting: Uint8Array, packet: Uint8Array): Uint8Array | undefined {
    if (this.#packet !== packet) {
      // Joining for a single connection would copy all that it has waiting, again for each packet.
      if (waiting === this.#both && this.#users === 1) return undefined;
      this.#users = 0;
      this.#waiting = waiting;
      this.#packet = packet;
      this.#both = new Uint8Array(waiting.length + packet.length);
      this.#both.set(waiting);
      this.#both.set(packet, waiting.length);
    }
    if (this.#waiting !== waiting) return undefined;
    this.#users++;
    return this.#both;
  }
}
