import type { Readable } from "node:stream";
import { Transform, type TransformCallback } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** A terminal's input. */
export type KeyboardInput = Readable & { setRawMode?(raw: boolean): unknown };

/**
 * Passes a terminal's input on key by key. Readline loses count of the rows that its line takes when it gets
 * several keys at once, as it does when something is pasted.
 */
export class Keyboard extends Transform {
  readonly isTTY = true;
  readonly #input: KeyboardInput;
  readonly #decoder = new StringDecoder("utf8");

  constructor(input: KeyboardInput) {
    super({ readableObjectMode: true });
    this.#input = input;
    input.pipe(this);
  }

  /** Readline turns line editing by the terminal off and on by this. */
  setRawMode(raw: boolean): void {
    this.#input.setRawMode?.(raw);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (const key of this.#decoder.write(chunk)) this.push(key);
    done();
  }
}
