import { formatWithOptions, type InspectOptions } from "node:util";
import { MAX_LINE } from "../platform/print-line.js";

const ON_ONE_LINE: InspectOptions = {
  breakLength: Number.POSITIVE_INFINITY,
  compact: true,
  maxArrayLength: 100,
  maxStringLength: MAX_LINE,
};

/** Values as Node's console shows them, on one line. */
export function formatOnOneLine(values: readonly unknown[]): string {
  return formatWithOptions(ON_ONE_LINE, ...values);
}

/** Writes a line to standard output. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
