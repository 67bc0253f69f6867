/** Sends packets by hand, as fast as is known. */
import { Encoder } from "@msgpack/msgpack";
import { HEADER_SIZE, type WireTuning, writeHeader } from "./format.js";

/** The size of a pooled output buffer; a larger packet gets a buffer of its own. */
const OUTPUT_SIZE = 64 * 1024;

/** The slice of a socket that is needed. */
export interface Sink {
  readonly writableLength: number;
  write(data: Uint8Array, callback?: () => void): boolean;
}

interface EncoderInternals {
  bytes: Uint8Array;
  view: DataView;
  pos: number;
  doEncode(value: unknown, depth: number): void;
}

const encoder = new Encoder();
const innerEncoder = new Encoder() as unknown as EncoderInternals;

const pool: Buffer[] = [];
const dirty: FrameWriter[] = [];
let flushScheduled = false;

/** Encodes what goes to many connections; valid until the next message is encoded. */
export function encodeOnce(value: unknown): Uint8Array {
  return encoder.encodeSharedRef(value);
}

/** Writes what all connections have gathered: at the end of a batch, or on the next tick. */
export function flushAll(): void {
  flushScheduled = false;
  for (let index = 0; index < dirty.length; index++) {
    (dirty[index] as FrameWriter).finish();
  }
  dirty.length = 0;
}

/** Gathers packets in one buffer and hands it to the socket piece by piece. Holds no buffer while idle. */
export class FrameWriter {
  private output: Buffer | undefined;
  /** What lies before `start` was handed over already. */
  private start = 0;
  private end = 0;
  private queued = false;
  /** Packets since the last flush, and after how many the next one is due. */
  private packets = 0;
  private flushAfter: number;

  constructor(
    private readonly sink: Sink,
    private readonly tuning: WireTuning,
  ) {
    this.flushAfter = tuning.flushPackets;
  }

  send(id: number, value: unknown): void {
    if (this.tuning.encode === "inPlace") {
      this.sendInPlace(id, value);
    } else {
      this.sendBody(id, encoder.encodeSharedRef(value));
    }
  }

  /** Appends a packet whose body is encoded already. */
  sendBody(id: number, body: Uint8Array): void {
    const size = HEADER_SIZE + body.length;
    let { output } = this;
    if (output === undefined || this.end + size > output.length) {
      output = this.replaceOutput(size);
    }
    const { end } = this;
    writeHeader(output, end, body.length, id);
    output.set(body, end + HEADER_SIZE);
    this.appended(end + size);
  }

  private replaceOutput(size: number): Buffer {
    this.flush();
    this.start = 0;
    this.end = 0;
    this.output =
      size > OUTPUT_SIZE ? Buffer.allocUnsafeSlow(size) : (pool.pop() ?? Buffer.allocUnsafeSlow(OUTPUT_SIZE));
    return this.output;
  }

  /** The encoder's buffer is the output buffer: the header's bytes are skipped, then filled in. */
  private sendInPlace(id: number, value: unknown): void {
    const output = this.output ?? this.replaceOutput(0);
    const start = this.end;
    if (innerEncoder.bytes !== output) {
      innerEncoder.bytes = output;
      innerEncoder.view = new DataView(output.buffer);
    }
    innerEncoder.pos = start + HEADER_SIZE;
    innerEncoder.doEncode(value, 1);
    if (innerEncoder.bytes !== output) {
      this.output = Buffer.from(innerEncoder.bytes.buffer);
      innerEncoder.bytes = this.output;
    }
    writeHeader(innerEncoder.bytes, start, innerEncoder.pos - start - HEADER_SIZE, id);
    this.appended(innerEncoder.pos);
  }

  private appended(end: number): void {
    this.end = end;
    this.packets++;
    if (end - this.start >= this.tuning.flushBytes || this.packets >= this.flushAfter) {
      this.flush();
      this.flushAfter *= 2;
    }
    if (!this.queued) {
      this.queued = true;
      dirty.push(this);
      if (!flushScheduled) {
        flushScheduled = true;
        process.nextTick(flushAll);
      }
    }
  }

  /** The end of a batch: writes the rest and gives the buffer back if nothing of it is pending. */
  finish(): void {
    this.queued = false;
    this.flush();
    this.flushAfter = this.tuning.flushPackets;
    if (this.start === 0 && this.output !== undefined) {
      if (this.output.length === OUTPUT_SIZE) {
        pool.push(this.output);
      }
      this.output = undefined;
    }
  }

  private flush(): void {
    const { output, start, end, sink } = this;
    if (output === undefined || end === start) {
      return;
    }
    this.packets = 0;
    sink.write(output.subarray(start, end));
    // Nothing pending: the kernel has it all, and the buffer is free again.
    this.start = this.end = sink.writableLength === 0 ? 0 : end;
  }
}
