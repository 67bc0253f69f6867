import { readFileSync } from "node:fs";
import { join } from "node:path";

const PAGE = join(__dirname, "..", "..", "..", "..", "docs", "reference", "events.md");

/** The rows of the table in docs/reference/events.md whose first heading is `heading`, behind the line `after`. */
export function tableOf(heading: string, after = ""): string[][] {
  const lines = readFileSync(PAGE, "utf8").split("\n");
  const from = after === "" ? 0 : lines.indexOf(after);
  if (from < 0) throw new Error(`docs/reference/events.md has no line "${after}"`);
  const top = lines.findIndex((line, at) => at >= from && line.split("|")[1]?.trim() === heading);
  if (top < 0) throw new Error(`docs/reference/events.md has no table that begins with "${heading}"`);
  const rows: string[][] = [];
  for (const line of lines.slice(top + 2)) {
    if (!line.startsWith("|")) break;
    const cells = line.split("|").slice(1, -1);
    rows.push(cells.map((cell) => cell.replaceAll("`", "").trim()));
  }
  return rows;
}
