import { escapeText } from "@peng3dnet/protocol";
import type { Platform } from "./platform.js";

/** Characters of a line at most. */
const MAX_LINE = 10_000;

/** Values as one line without anything that a terminal would obey, whatever a peer has put into them, and cut. */
export function printLine(platform: Platform, values: readonly unknown[]): string {
  return escapeText(platform.format(values), MAX_LINE);
}
