import { POOLED_LENGTH } from "./buffer-pool.js";

const EMPTY = new Uint8Array(0);

/**
 * The output that many connections have in common. A packet that is added behind the same waiting bytes on several
 * connections is joined to them once, in one buffer for all. So broadcasts to a thousand connections fill one buffer
 * instead of a thousand.
 */
export class SharedOutput {
  #waiting: Uint8Array = EMPTY;
  #packet: Uint8Array = EMPTY;
  /** What was joined last: the used part of the buffer. */
  #both: Uint8Array = EMPTY;
  /** It may have room behind that. What is written there changes nothing for connections that have less of it waiting. */
  #buffer: Uint8Array = EMPTY;
  /** How many connections have `#both` waiting. */
  #users = 0;

  /**
   * Joins a packet to the bytes that a connection has waiting.
   *
   * @returns both; `undefined` if the first connection that was given this packet had other bytes waiting, or if no other
   * connection has these.
   */
  join(waiting: Uint8Array, packet: Uint8Array): Uint8Array | undefined {
    if (this.#packet !== packet) {
      // Joining for a single connection would copy all that it has waiting, again for each packet.
      if (waiting === this.#both && this.#users === 1) return undefined;
      this.#users = 0;
      this.#join(waiting, packet);
    }
    if (this.#waiting !== waiting) return undefined;
    this.#users++;
    return this.#both;
  }

  #join(waiting: Uint8Array, packet: Uint8Array): void {
    const length = waiting.length + packet.length;
    if (waiting !== this.#both || length > this.#buffer.length) {
      // With room for as much again: each byte is copied twice or so, however many packets there are.
      this.#buffer = new Uint8Array(Math.max(length, Math.min(2 * length, POOLED_LENGTH)));
      this.#buffer.set(waiting);
    }
    this.#buffer.set(packet, waiting.length);
    this.#waiting = waiting;
    this.#packet = packet;
    this.#both = this.#buffer.subarray(0, length);
  }
}
