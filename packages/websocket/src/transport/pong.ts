import type { WebSocket } from "ws";

/**
 * Answers pings, at most one for each turn of the event loop, and only when the last answer is with the kernel: one answer
 * to the last ping will do (RFC 6455, 5.5.3). So a flood of pings neither queues anything nor costs a system call each.
 */
export class PongResponder {
  readonly #ws: WebSocket;
  #last: Uint8Array | undefined = undefined;
  #busy = false;

  constructor(ws: WebSocket) {
    this.#ws = ws;
  }

  /** A ping came. */
  pinged(data: Uint8Array): void {
    // A copy, for the ping is a part of all that was read with it.
    this.#last = Buffer.from(data);
    if (this.#busy) return;
    this.#busy = true;
    setImmediate(this.#answer);
  }

  readonly #answer = (): void => {
    const data = this.#last;
    this.#last = undefined;
    if (data === undefined || this.#ws.readyState !== this.#ws.OPEN) {
      this.#busy = false;
      return;
    }
    // With an error, the WebSocket is closed, or about to be.
    this.#ws.pong(data, false, this.#answer);
  };
}
