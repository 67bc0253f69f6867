/** UTF-8 as every JavaScript platform has it; the compiler's libraries know it of browsers and of Node only. */
export interface TextWriter {
  encodeInto(text: string, target: Uint8Array): { readonly read: number; readonly written: number };
}

/** Reads text. A platform may have a faster one than {@link PlatformTextReader}. */
export interface TextReader {
  /**
   * The text of the bytes from `start` up to `end`, with a byte order mark that begins it.
   *
   * @throws any error if they are not valid UTF-8.
   */
  read(bytes: Uint8Array, start: number, end: number): string;
}

declare const TextEncoder: new () => TextWriter;
declare const TextDecoder: new (
  encoding: string,
  options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

/** Makes lone surrogates U+FFFD. */
export function createTextWriter(): TextWriter {
  return new TextEncoder();
}

/** Refuses what is not valid, and keeps a byte order mark. */
export class PlatformTextReader implements TextReader {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  read(bytes: Uint8Array, start: number, end: number): string {
    return this.#decoder.decode(bytes.subarray(start, end));
  }
}
