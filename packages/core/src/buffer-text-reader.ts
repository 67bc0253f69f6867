import { TextDecoder } from "node:util";
import type { TextReader } from "@peng3dnet/protocol";

const EMPTY = Buffer.alloc(0);
/** Stands for bytes that are no text; or for itself. */
const REPLACEMENT_CHARACTER = "\ufffd";
/** Longest buffer that is held on to between two texts. */
const MAX_HELD = 64 * 1024;

/** Reads texts by Node's buffers, which takes a quarter to a third less time than a `TextDecoder` does. */
export class BufferTextReader implements TextReader {
  #bytes: Uint8Array = EMPTY;
  #view: Buffer = EMPTY;
  #strict: TextDecoder | undefined = undefined;

  read(bytes: Uint8Array, start: number, end: number): string {
    const text = this.#viewed(bytes).toString("utf8", start, end);
    if (!text.includes(REPLACEMENT_CHARACTER)) return text;
    this.#strict ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return this.#strict.decode(bytes.subarray(start, end));
  }

  #viewed(bytes: Uint8Array): Buffer {
    if (this.#bytes === bytes) return this.#view;
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes.length <= MAX_HELD) {
      this.#bytes = bytes;
      this.#view = view;
    }
    return view;
  }
}
