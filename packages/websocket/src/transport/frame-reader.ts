import { WEBSOCKET_CLOSE_CODES } from "@peng3dnet/core";
import { MASKED } from "./frames.js";
import { moveTo, unmask, unmaskTo } from "./unmask.js";

const FINAL = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** Longest payload of a control frame. */
const LONGEST_CONTROL = 125;
/** Bytes of a key. */
const KEY = 4;
/** Most bytes that are kept of a frame until they can be read: all of a control frame, or the header of another one. */
const LONGEST_KEPT = 2 + KEY + LONGEST_CONTROL;
/** Most frames that a message may have: more of them mean nothing but work. */
const MOST_FRAMES = 256;
/** From this length on, a payload is told by itself: to move it takes longer than what is saved. */
const LONG = 4 * 1024;
const NOTHING = new Uint8Array(0);
/** The code of a close for a policy that is not kept to (RFC 6455, 7.4.1). */
const TOO_MANY = 1008;

/** What frames lead to. Bytes stay as they are after the call. */
export interface FrameHandler {
  /** The next piece of what binary messages carry: a part of one, or several of them. */
  piece(bytes: Uint8Array): void;
  /** A binary message of no bytes was there. */
  empty(): void;
  pinged(data: Uint8Array): void;
  ponged(): void;
  /** A close frame came, with that payload. Nothing is read behind it. */
  closeFrame(payload: Uint8Array): void;
  /** The peer does not keep to a rule or a limit. Nothing more is read. */
  violated(code: number, text: string): void;
}

/** Says how long reading may go on. */
export interface ReadingTime {
  /** The time is used up. */
  readonly spent: boolean;
  /** Something of so many bytes was done. */
  after(length: number): void;
}

/**
 * Reads frames of the other end. Messages are not put together, since where they begin has no meaning (clause 7.2): what a frame
 * carries is told as it comes, and nothing is kept but the beginning of a header, or of a control frame.
 *
 * What short frames carry that were read together is moved together in their place, and told at once. A read has thousands of
 * them, and a view of each takes longer than all else that is done with it.
 */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #time: ReadingTime;
  readonly #longest: number;
  /** {@link MASKED}, or 0: what frames have of it that come. */
  readonly #mask: number;
  /** Bytes of a key: 0 where frames come without. */
  readonly #keySize: number;
  /** The beginning of a frame that cannot be read yet. */
  #kept: Uint8Array | undefined = undefined;
  /** What is to come of the payload of the frame that is read. */
  #left = 0;
  #key = 0;
  #phase = 0;
  #final = true;
  /** Frames of the message that is read; 0: between messages. */
  #frames = 0;
  /** Length of that message so far. */
  #length = 0;
  #over = false;
  /** What is read now. */
  #chunk: Uint8Array = NOTHING;
  /** Where in the chunk begins what frames have carried and was not told. */
  #from = 0;
  /** Where in the chunk that ends; `#from` if there is nothing to tell. */
  #to = 0;

  /**
   * @param longest - bytes that a message may have.
   * @param masked - whether frames are masked, as those of a client are.
   */
  constructor(handler: FrameHandler, time: ReadingTime, longest: number, masked: boolean) {
    this.#handler = handler;
    this.#time = time;
    this.#longest = longest;
    this.#mask = masked ? MASKED : 0;
    this.#keySize = masked ? KEY : 0;
  }

  /** Reads no more. */
  stop(): void {
    this.#over = true;
    this.#kept = undefined;
  }

  /**
   * Reads what came, which is changed by that.
   *
   * @param untimed - goes on although the time is used up, and uses up none.
   * @returns how much of it: less than all if the time is used up.
   */
  read(chunk: Uint8Array, untimed = false): number {
    const { length } = chunk;
    const time = this.#time;
    let at = 0;
    this.#chunk = chunk;
    while (at < length && !this.#over && (untimed || !time.spent)) {
      const before = at;
      if (this.#left > 0) at = this.#payload(chunk, at);
      else if (this.#kept !== undefined) at = this.#goOn(this.#kept, chunk, at);
      else {
        const used = this.#frame(chunk, at);
        // A Buffer's own slice is a view, which would keep all of the chunk.
        if (used === 0) this.#kept = Uint8Array.prototype.slice.call(chunk, at);
        at = used === 0 ? length : at + used;
      }
      if (!untimed) time.after(at - before);
    }
    this.#tell();
    this.#chunk = NOTHING;
    return this.#over ? length : at;
  }

  /** Tells what frames have carried so far. */
  #tell(): void {
    const [from, to] = [this.#from, this.#to];
    if (from === to) return;
    this.#from = to;
    this.#handler.piece(this.#chunk.subarray(from, to));
  }

  #payload(chunk: Uint8Array, at: number): number {
    const length = Math.min(this.#left, chunk.length - at);
    if (length >= LONG) this.#tell();
    if (this.#from === this.#to) this.#from = this.#to = at;
    if (this.#mask === 0) moveTo(chunk, at, length, this.#to);
    else unmaskTo(chunk, at, length, this.#to, this.#key, this.#phase);
    this.#to += length;
    this.#phase = (this.#phase + length) & 3;
    this.#left -= length;
    if (this.#left === 0) this.#frameOver();
    return at + length;
  }

  /** A frame of which the beginning was kept. */
  #goOn(kept: Uint8Array, chunk: Uint8Array, at: number): number {
    const more = chunk.subarray(at, at + LONGEST_KEPT - kept.length);
    const joined = new Uint8Array(kept.length + more.length);
    joined.set(kept);
    joined.set(more, kept.length);
    const used = this.#frame(joined, 0);
    this.#kept = used === 0 ? joined : undefined;
    return used === 0 ? at + more.length : at + used - kept.length;
  }

  /** Reads a header, and a control frame to its end. @returns how much that is; 0: it is not all there. */
  #frame(bytes: Uint8Array, at: number): number {
    const there = bytes.length - at;
    if (there < 2) return 0;
    const first = bytes[at] as number;
    const second = bytes[at + 1] as number;
    const opcode = first & OPCODE;
    if ((first & RESERVED) !== 0) return this.#wrong("a reserved bit is set");
    if ((second & MASKED) !== this.#mask)
      return this.#wrong(this.#mask === 0 ? "a frame is masked" : "a frame is not masked");
    const short = second & ~MASKED;
    if (opcode >= CLOSE) return this.#control(bytes, at, first, short);
    if (opcode === TEXT) {
      return this.#violated(WEBSOCKET_CLOSE_CODES.text, "a text message came; peng3dnet sends binary ones");
    }
    if (opcode > BINARY) return this.#wrong(`there are no frames of kind ${opcode}`);
    if ((opcode === CONTINUATION) !== this.#frames > 0)
      return this.#wrong("a frame does not follow the one before");
    const size = 2 + this.#keySize + (short === 127 ? 8 : short === 126 ? 2 : 0);
    if (there < size) return 0;
    const length = short < 126 ? short : lengthAt(bytes, at + 2, short === 127 ? 8 : 2);
    this.#length += length;
    if (this.#length > this.#longest) {
      return this.#violated(WEBSOCKET_CLOSE_CODES.tooLong, `a message has more than ${this.#longest} bytes`);
    }
    if (++this.#frames > MOST_FRAMES) {
      return this.#violated(TOO_MANY, `a message has more than ${MOST_FRAMES} frames`);
    }
    this.#final = (first & FINAL) !== 0;
    if (this.#mask !== 0) this.#key = keyAt(bytes, at + size - KEY);
    this.#phase = 0;
    this.#left = length;
    if (length === 0) {
      const empty = this.#final && this.#length === 0;
      this.#frameOver();
      if (empty) {
        this.#tell();
        this.#handler.empty();
      }
    }
    return size;
  }

  #frameOver(): void {
    if (!this.#final) return;
    this.#frames = 0;
    this.#length = 0;
  }

  #control(bytes: Uint8Array, at: number, first: number, length: number): number {
    const opcode = first & OPCODE;
    if (opcode > PONG) return this.#wrong(`there are no frames of kind ${opcode}`);
    if ((first & FINAL) === 0) return this.#wrong("a control frame is in pieces");
    if (length > LONGEST_CONTROL) return this.#wrong("a control frame is too long");
    const size = 2 + this.#keySize + length;
    if (bytes.length - at < size) return 0;
    if (opcode === PONG) {
      this.#handler.ponged();
      return size;
    }
    const payload = bytes.subarray(at + size - length, at + size);
    if (this.#mask !== 0) unmask(payload, keyAt(bytes, at + 2), 0);
    if (opcode === PING) this.#handler.pinged(payload);
    else {
      this.stop();
      this.#tell();
      this.#handler.closeFrame(payload);
    }
    return size;
  }

  #wrong(text: string): number {
    return this.#violated(WEBSOCKET_CLOSE_CODES.violation, text);
  }

  #violated(code: number, text: string): number {
    this.stop();
    this.#tell();
    this.#handler.violated(code, text);
    return 1;
  }
}

/** A length in network byte order. */
function lengthAt(bytes: Uint8Array, at: number, size: number): number {
  let length = 0;
  for (let index = at; index < at + size; index++) length = length * 256 + (bytes[index] as number);
  return length;
}

/** A key of a frame, the first byte lowest. */
function keyAt(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}
