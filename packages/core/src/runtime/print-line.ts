import { formatWithOptions, type InspectOptions } from "node:util";
import { escapeText } from "@peng3dnet/protocol";

/** Characters of a line at most. */
const MAX_LINE = 10_000;

const ON_ONE_LINE: InspectOptions = {
  breakLength: Number.POSITIVE_INFINITY,
  compact: true,
  maxArrayLength: 100,
  maxStringLength: MAX_LINE,
};

/** Values as one line without anything that a terminal would obey, whatever a peer has put into them, and cut. */
export function printLine(values: readonly unknown[]): string {
  return escapeText(formatWithOptions(ON_ONE_LINE, ...values), MAX_LINE);
}

/** Writes a line to standard output. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
