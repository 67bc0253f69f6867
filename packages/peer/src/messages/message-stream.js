import { AbortedError } from "@peng3dnet/protocol";
import { onAbort } from "../time/abort-signals.js";

/** Messages buffered for one iterator by default. */
const DEFAULT_LIMIT = 1024;
/** The messages of one packet type as an async iterator. Ends when its peer stops, on `return`, or by a signal. */
export class MessageStream {
  #packet;
  #limit;
  #signal;
  #buffer = [];
  #held = new Set();
  /** Calls of `next` that wait. */
  #waiting = [];
  #stopListening = undefined;
  #done = false;
  #error = undefined;
  #surroundings;
  constructor(packet, { signal, limit = DEFAULT_LIMIT }, surroundings) {
    this.#packet = packet;
    this.#limit = Math.max(1, limit);
    this.#signal = signal;
    this.#surroundings = surroundings;
    packet.addHandler(this.#take);
    packet.iterators++;
    if (signal?.aborted === true) this.#abort();
    else if (signal !== undefined) this.#stopListening = onAbort(signal, this.#abort);
  }
  [Symbol.asyncIterator]() {
    return this;
  }
  async next() {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const buffered = this.#buffer.shift();
      if (buffered !== undefined) {
        if (this.#buffer.length <= this.#limit / 2) this.#release();
        this.#surroundings.buffers.remove(buffered.bytes);
        return { done: false, value: buffered.message };
      }
      if (this.#done) return { done: true, value: undefined };
      await new Promise((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
  async return() {
    this.end();
    this.#clear();
    return { done: true, value: undefined };
  }
  /** Ends the iteration, for `await using`. */
  async [Symbol.asyncDispose]() {
    await this.return();
  }
  /** Takes no more messages; those buffered can still be read. */
  end() {
    if (this.#done) return;
    this.#done = true;
    this.#packet.removeHandler(this.#take);
    this.#packet.iterators--;
    this.#stopListening?.();
    this.#release();
    this.#wake();
    this.#surroundings.closed(this);
  }
  /** Whether it takes no more messages. */
  get ended() {
    return this.#done;
  }
  /** A connection is over, and needs not be told to go on. */
  forget(session) {
    this.#held.delete(session);
  }
  #take = (msg, { client }) => {
    const bytes = this.#surroundings.size();
    this.#buffer.push({ message: { msg, client }, bytes });
    this.#surroundings.buffers.add(bytes);
    const session = client.conn;
    if (this.#buffer.length >= this.#limit && session !== undefined && !this.#held.has(session)) {
      this.#held.add(session);
      session.pause();
    }
    this.#wake();
  };
  #abort = () => {
    this.#error = new AbortedError("waiting for messages was aborted", { cause: this.#signal?.reason });
    this.end();
    this.#clear();
  };
  /** Throws away what is buffered. After `end`: those that go on for it would fill the buffer again. */
  #clear() {
    const bytes = this.#buffer.reduce((sum, buffered) => sum + buffered.bytes, 0);
    this.#buffer.length = 0;
    this.#surroundings.buffers.remove(bytes);
  }
  #wake() {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
  #release() {
    for (const session of [...this.#held]) {
      // One that goes on may fill the buffer again.
      if (!this.#done && this.#buffer.length >= this.#limit) return;
      if (this.#held.delete(session)) session.resume();
    }
  }
}
//# sourceMappingURL=message-stream.js.map
