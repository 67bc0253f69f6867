const EMPTY = new Uint8Array(0);

/**
 * A packet behind what waits on connections, joined once for all of them that have the same waiting. What a broadcast
 * sends to a thousand connections is then one buffer and not a thousand copies.
 */
export class LastJoin {
  #waiting: Uint8Array = EMPTY;
  #packet: Uint8Array = EMPTY;
  #both: Uint8Array = EMPTY;

  /** Both in one buffer; `undefined` if the first connection that got this packet had something else waiting. */
  join(waiting: Uint8Array, packet: Uint8Array): Uint8Array | undefined {
    if (this.#packet !== packet) {
      this.#waiting = waiting;
      this.#packet = packet;
      this.#both = new Uint8Array(waiting.length + packet.length);
      this.#both.set(waiting);
      this.#both.set(packet, waiting.length);
    }
    return this.#waiting === waiting ? this.#both : undefined;
  }
}
