/** Receives packets by hand, as fast as is known. */
import { Decoder } from "@msgpack/msgpack";
import type { Message } from "../../peer.js";
import { COUNTED_HEADER, LENGTH_SIZE, readLength, readUint32, type WireTuning } from "./format.js";

/** What is left of a packet must be this large to be read into its own buffer directly. */
const DIRECT_SIZE = 64 * 1024;
/** Below this, moving bytes in a loop beats a call. */
const LOOP_LIMIT = 48;

interface DecoderInternals {
  bytes: Uint8Array;
  view: DataView;
  pos: number;
  reinitializeState(): void;
  doDecodeSync(): unknown;
}

const decoder = new Decoder();
const innerDecoder = new Decoder() as unknown as DecoderInternals;

/** Receives each decoded packet. */
export type OnPacket = (id: number, value: Message) => void;

/** Takes packets out of a stream of bytes: in place, but for one that two reads share. */
export class FrameReader {
  /** A packet that has begun, and how much of it is here. */
  private partial: Buffer | undefined;
  private filled = 0;
  /** The run of bodies that are decoded together, and the ids of their packets. */
  private readonly ids: number[] = [];
  private runStart = 0;
  private runEnd = 0;
  private readonly length = Buffer.allocUnsafeSlow(LENGTH_SIZE);
  private lengthFilled = 0;

  constructor(
    private readonly onPacket: OnPacket,
    private readonly tuning: WireTuning,
    /** Whether the bytes given to {@link read} are overwritten later, so that views of them must not be kept. */
    private readonly reused: boolean,
  ) {}

  read(chunk: Buffer): void {
    let pos = this.partial !== undefined || this.lengthFilled > 0 ? this.resume(chunk) : 0;
    const end = chunk.length;
    const batch = this.tuning.decode === "batch";
    while (end - pos >= LENGTH_SIZE) {
      const length = readLength(chunk, pos);
      const next = pos + LENGTH_SIZE + length;
      if (next > end) {
        this.begin(length);
        pos += LENGTH_SIZE;
        break;
      }
      if (batch) {
        this.gather(chunk, pos + LENGTH_SIZE, next);
      } else {
        this.packet(chunk, pos + LENGTH_SIZE, next, this.reused);
      }
      pos = next;
    }
    this.dispatchRun(chunk);
    if (pos < end) {
      this.keep(chunk, pos);
    }
  }

  /** Moves a body to the end of the run of bodies that are decoded together. `start` is that of the packet id. */
  private gather(chunk: Buffer, start: number, end: number): void {
    const body = start + COUNTED_HEADER;
    if (this.ids.push(readUint32(chunk, start)) === 1) {
      this.runStart = body;
      this.runEnd = end;
    } else {
      this.runEnd = move(chunk, this.runEnd, body, end);
    }
  }

  private dispatchRun(chunk: Buffer): void {
    const { ids, runStart, runEnd, reused } = this;
    if (ids.length === 0) {
      return;
    }
    const run = new Uint8Array(chunk.buffer, chunk.byteOffset + runStart, runEnd - runStart);
    let index = 0;
    for (const value of ids.length === 1 ? [decoder.decode(run)] : decoder.decodeMulti(run)) {
      if (reused) {
        keepBinary(value as Message | null);
      }
      this.onPacket(ids[index++] as number, value as Message);
    }
    if (index !== ids.length) {
      throw new Error("a body that is not one value");
    }
    ids.length = 0;
  }

  /** Where the rest of a large packet may be read into directly. */
  readTarget(): Buffer | undefined {
    return this.partial !== undefined && this.partial.length - this.filled > DIRECT_SIZE
      ? this.partial.subarray(this.filled)
      : undefined;
  }

  /** Tells that `count` bytes were read into {@link readTarget}. */
  filledTarget(count: number): void {
    this.filled += count;
    this.finish();
  }

  private begin(length: number): void {
    this.partial = Buffer.allocUnsafe(length);
    this.filled = 0;
  }

  private keep(chunk: Buffer, pos: number): void {
    if (this.partial !== undefined) {
      this.filled = chunk.copy(this.partial, 0, pos);
    } else {
      this.lengthFilled = chunk.copy(this.length, 0, pos);
    }
  }

  private resume(chunk: Buffer): number {
    let pos = 0;
    if (this.partial === undefined) {
      pos = chunk.copy(this.length, this.lengthFilled, 0);
      this.lengthFilled += pos;
      if (this.lengthFilled < LENGTH_SIZE) {
        return pos;
      }
      this.lengthFilled = 0;
      this.begin(readLength(this.length, 0));
    }
    const copied = chunk.copy(this.partial as unknown as Buffer, this.filled, pos);
    this.filled += copied;
    this.finish();
    return pos + copied;
  }

  private finish(): void {
    const { partial } = this;
    if (partial !== undefined && this.filled === partial.length) {
      this.partial = undefined;
      this.packet(partial, 0, partial.length, false);
    }
  }

  /** `start` is that of the packet id. */
  private packet(source: Buffer, start: number, end: number, reused: boolean): void {
    const id = readUint32(source, start);
    const body = start + COUNTED_HEADER;
    const value =
      this.tuning.decode === "inPlace"
        ? decodeInPlace(source, body)
        : decoder.decode(new Uint8Array(source.buffer, source.byteOffset + body, end - body));
    if (reused) {
      keepBinary(value as Message | null);
    }
    this.onPacket(id, value as Message);
  }
}

/** Moves `[from, end)` down to `to`. Returns the end of what was moved. */
function move(bytes: Buffer, to: number, from: number, end: number): number {
  if (end - from > LOOP_LIMIT) {
    bytes.copyWithin(to, from, end);
    return to + end - from;
  }
  let target = to;
  for (let pos = from; pos < end; pos++) {
    bytes[target++] = bytes[pos] as number;
  }
  return target;
}

/** The messages have their bytes at the top, so that need not be searched for. */
function keepBinary(message: Message | null): void {
  if (message?.data instanceof Uint8Array) {
    message.data = message.data.slice();
  }
}

let decodedFrom: Buffer | undefined;

function decodeInPlace(source: Buffer, pos: number): unknown {
  if (decodedFrom !== source) {
    decodedFrom = source;
    innerDecoder.bytes = source;
    innerDecoder.view = new DataView(source.buffer, source.byteOffset, source.length);
  }
  innerDecoder.reinitializeState();
  innerDecoder.pos = pos;
  return innerDecoder.doDecodeSync();
}
