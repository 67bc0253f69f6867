import type { Logger } from "@peng3dnet/core";

/** Characters of peers that must not reach a terminal: C0, DEL, C1, line separators, bidi and other format ones. */
const RAW = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** Kept of a line that is shown. */
const SHOWN = 60;

/** Safe to look at. */
const quoted = (text: string): string =>
  text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** What a program has logged and printed: how much, and whether it is safe to look at. */
export class Transcript {
  logged = 0;
  raw: string | null = null;

  readonly logger: Logger = {
    debug: (message) => this.#log(message),
    info: (message) => this.#log(message),
    warn: (message) => this.#log(message),
    error: (message) => this.#log(message),
  };

  #log(message: string): void {
    this.logged += message.length;
    this.print(message);
  }

  print(line: string): void {
    if (this.raw !== null) return;
    // Stacks and inspected values have lines of their own.
    const at = line.replaceAll("\n", " ").search(RAW);
    if (at >= 0) this.raw = quoted(line.slice(Math.max(0, at - SHOWN), at + SHOWN));
  }
}
