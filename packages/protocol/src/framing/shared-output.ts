const EMPTY = new Uint8Array(0);

/**
 * A packet behind what waits on connections, joined once for all of them that have the same waiting. What a broadcast
 * sends to a thousand connections is then one buffer and not a thousand copies.
 */
export class SharedOutput {
  #waiting: Uint8Array = EMPTY;
  #packet: Uint8Array = EMPTY;
  #both: Uint8Array = EMPTY;
  /** How many connections have both waiting. */
  #users = 0;

  /**
   * Both in one buffer; `undefined` if the first connection that got this packet had something else waiting, or if
   * nobody shares what it has.
   */
  join(waiting: Uint8Array, packet: Uint8Array): Uint8Array | undefined {
    if (this.#packet !== packet) {
      // To join again and again for one connection would copy all that waits each time.
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
