/** UTF-8 as every JavaScript platform has it; the compiler's libraries know it of browsers and of Node only. */
export interface TextWriter {
  encodeInto(text: string, target: Uint8Array): { readonly read: number; readonly written: number };
}

export interface TextReader {
  /** @throws TypeError if the bytes are not valid UTF-8. */
  decode(bytes: Uint8Array): string;
}

declare const TextEncoder: new () => TextWriter;
declare const TextDecoder: new (
  encoding: string,
  options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
) => TextReader;

/** Makes lone surrogates U+FFFD. */
export function createTextWriter(): TextWriter {
  return new TextEncoder();
}

/** Refuses what is not valid, and keeps a byte order mark. */
export function createTextReader(): TextReader {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}
