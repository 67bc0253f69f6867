import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const DOCUMENT = fileURLToPath(new URL("../../docs/reference/reliability.md", import.meta.url));

/**
 * Puts text into docs/reference/reliability.md, between the marks of a name.
 *
 * @throws if they are not there.
 */
export function writeBetween(name: string, content: string): void {
  const text = readFileSync(DOCUMENT, "utf8");
  const beginMark = `<!-- ${name}: begin -->`;
  const begin = text.indexOf(beginMark);
  const end = text.indexOf(`<!-- ${name}: end -->`);
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} lacks the marks of ${name}`);
  writeFileSync(DOCUMENT, `${text.slice(0, begin + beginMark.length)}\n\n${content}\n\n${text.slice(end)}`);
}

/** A table as the formatter would have it. The first row is the head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((row) => row.map((text) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;")));
  const head = escaped[0] ?? [];
  const widths = head.map((_, at) => Math.max(...escaped.map((row) => row[at]?.length ?? 0)));
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, at) => text.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [
    line(head),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...escaped.slice(1).map(line),
  ].join("\n");
}
