import { formatWithOptions, type InspectOptions } from "node:util";

/** Characters of one text that are shown; longer lines are cut anyway. */
const MAX_TEXT = 10_000;

const ON_ONE_LINE: InspectOptions = {
  breakLength: Number.POSITIVE_INFINITY,
  compact: true,
  maxArrayLength: 100,
  maxStringLength: MAX_TEXT,
};

/** Values as Node's console shows them, on one line. */
export function formatOnOneLine(values: readonly unknown[]): string {
  return formatWithOptions(ON_ONE_LINE, ...values);
}

/** Writes a line to standard output. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
