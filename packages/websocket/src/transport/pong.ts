import type { WebSocket } from "ws";

/** Most that a ping can carry, in bytes. */
const LONGEST = 125;

/**
 * Answers pings, at most one for each turn of the event loop, and only when the last answer is with the kernel: one answer
 * to the last ping will do (RFC 6455, 5.5.3). So a flood of pings neither queues anything nor costs a system call each.
 */
export class PongResponder {
  readonly #ws: WebSocket;
  /** What the last ping carries, copied: the ping itself would keep all that was read with it. */
  readonly #data = Buffer.allocUnsafeSlow(LONGEST);
  /** Its length; -1: there is no ping to answer. */
  #length = -1;
  #busy = false;

  constructor(ws: WebSocket) {
    this.#ws = ws;
  }

  /** A ping came. */
  pinged(data: Uint8Array): void {
    this.#data.set(data);
    this.#length = data.length;
    if (this.#busy) return;
    this.#busy = true;
    setImmediate(this.#answer);
  }

  readonly #answer = (): void => {
    const length = this.#length;
    this.#length = -1;
    if (length < 0 || this.#ws.readyState !== this.#ws.OPEN) {
      this.#busy = false;
      return;
    }
    // With an error, the WebSocket is closed, or about to be.
    this.#ws.pong(Buffer.from(this.#data.subarray(0, length)), undefined, this.#answer);
  };
}
