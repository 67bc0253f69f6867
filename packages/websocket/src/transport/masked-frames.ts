import type { Socket } from "node:net";
import { BINARY, LONGEST_BRIEF, MASKED, PING, PONG } from "./frames.js";
import { type Framing, SHORT, type Written } from "./framing.js";
import { nextKey } from "./mask-keys.js";

/** Bytes before a payload in memory, its key last. Of a header that is shorter, the first two are left out. */
const HEADER = 8;

/** Where messages are put together and masked, a word at a time: each begins at one, and so do key and payload. */
class FrameMemory {
  readonly bytes: Buffer;
  readonly #words: Int32Array;

  /** @param size - bytes; it is rounded up to whole words. */
  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow((size + 3) & ~3);
    this.#words = new Int32Array(this.bytes.buffer);
  }

  /**
   * Puts a message together.
   *
   * @param at - where there is room for it, at a whole word. What is behind it may be overwritten, up to the next one.
   * @returns where it begins: there, or two bytes later if its header is short.
   */
  put(at: number, payload: Uint8Array): number {
    const { bytes } = this;
    const words = this.#words;
    const { length } = payload;
    const brief = length <= LONGEST_BRIEF;
    const begin = brief ? at + 2 : at;
    bytes[begin] = BINARY;
    bytes[begin + 1] = MASKED | (brief ? length : 126);
    if (!brief) {
      bytes[at + 2] = length >>> 8;
      bytes[at + 3] = length;
    }
    const key = nextKey();
    const first = (at + HEADER) >> 2;
    const end = first + ((length + 3) >> 2);
    bytes.set(payload, at + HEADER);
    words[first - 1] = key;
    for (let index = first; index < end; index++) words[index] = (words[index] as number) ^ key;
    return begin;
  }
}

/** Where the next short message is put together. Made anew when the kernel could not take one at once. */
let scratch: FrameMemory | undefined;

/** A frame of no payload. Each has a key of its own. */
function empty(first: number): Uint8Array {
  const frame = new Uint8Array(2 + Int32Array.BYTES_PER_ELEMENT);
  frame[0] = first;
  frame[1] = MASKED;
  frame.set(new Uint8Array(Int32Array.of(nextKey()).buffer), 2);
  return frame;
}

/** A client's frames, each masked with a key of its own. What the caller hands in stays as it is: others may send it, too. */
export const maskedFrames: Framing = {
  masks: true,
  copiesLong: true,
  short(bytes) {
    scratch ??= new FrameMemory(HEADER + SHORT);
    const begin = scratch.put(0, bytes);
    return scratch.bytes.subarray(begin, HEADER + bytes.length);
  },
  leave() {
    scratch = undefined;
  },
  writeLong(socket: Socket, bytes: Uint8Array, written: Written) {
    const { length } = bytes;
    const memory = new FrameMemory(length + HEADER * Math.ceil(length / SHORT));
    let at = 0;
    for (let from = 0; from < length; ) {
      // A rest that is so short that its header would be, too, leaves with what is before it: so all of them are in one piece.
      const whole = length - from <= SHORT + LONGEST_BRIEF;
      const to = whole ? length : from + SHORT;
      memory.put(at, bytes.subarray(from, to));
      at += HEADER + to - from;
      from = to;
    }
    socket.write(memory.bytes.subarray(0, at), written);
  },
  end: () => empty(BINARY),
  ping: () => empty(PING),
  pong: () => empty(PONG),
};
