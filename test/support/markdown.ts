import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A row of a table: its cells by the heading of their column and in their order, and the headings above the table. */
export interface Row {
  readonly section: string;
  readonly subsection: string | undefined;
  readonly cells: Readonly<Record<string, string>>;
  readonly inOrder: readonly string[];
}

/** The root of the repository. */
export const root = join(__dirname, "..", "..");

/** All rows of all tables of a page. */
export function tableRows(page: string): Row[] {
  const rows: Row[] = [];
  let section = "";
  let subsection: string | undefined;
  let columns: string[] | undefined;
  for (const line of readFileSync(join(root, page), "utf8").split("\n")) {
    const heading = /^(#{2,3}) (.+)$/.exec(line);
    if (heading?.[1] === "##") [section, subsection] = [heading[2] as string, undefined];
    else if (heading) subsection = heading[2];
    if (!line.startsWith("|")) {
      columns = undefined;
      continue;
    }
    const cells = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll("\\|", "|"));
    if (columns === undefined) columns = cells;
    else if (!cells.every((cell) => /^-+:?$/.test(cell))) {
      if (cells.length !== columns.length) throw new Error(`${page}: the row has another length: ${line}`);
      const named = columns.map((column, index) => [column, cells[index] as string]);
      rows.push({ section, subsection, cells: Object.fromEntries(named), inOrder: cells });
    }
  }
  return rows;
}

/** The texts of a cell that stand in backquotes. */
export function codeSpans(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
}

/** Everything that the reference documents, by kind: what docs/reference/reference-mapping.md has to map. */
export type ReferenceSymbols = Readonly<
  Record<
    | "modules"
    | "classes"
    | "methods"
    | "attributes"
    | "arguments"
    | "functions"
    | "constants"
    | "exceptions"
    | "config"
    | "events"
    | "reasons",
    readonly string[]
  >
>;

/** Reads test/reference-symbols.json. */
export function referenceSymbols(): ReferenceSymbols {
  return JSON.parse(readFileSync(join(root, "test", "reference-symbols.json"), "utf8")) as ReferenceSymbols;
}
