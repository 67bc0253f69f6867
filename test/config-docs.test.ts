// docs/reference/config.md lists every option with its default.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_CONFIG } from "@peng3dnet/core";
import { codeSpans, referenceSymbols, root, tableRows } from "./support/markdown.js";

const known = referenceSymbols().config;
const rows = tableRows("docs/reference/config.md").map(({ cells }) => cells);
const keyOf = (row: Readonly<Record<string, string>>) => codeSpans(row.Option ?? "")[0] ?? "";

/** How the comment on an option says when it is read. */
const READ: Readonly<Record<string, string>> = {
  start: "Read on start.",
  "start, reload": "Read on start and by `reloadCertificates`.",
  connection: "Read for each connection.",
  "start, connection": "Read on start and for each connection.",
  never: "Never read.",
};
const folder = join(root, "packages", "protocol", "src", "config");
const source = readdirSync(folder)
  .map((file) => readFileSync(join(folder, file), "utf8"))
  .find((text) => text.includes("interface ConfigValues")) as string;

/** The comment above an option in `ConfigValues`. */
function commentOn(key: string): string {
  const before = source.slice(0, source.indexOf(`\n  "${key}": `));
  return before.slice(before.lastIndexOf("/**")).replace(/\s+\*?\/?\s*/g, " ");
}

test("has one row for each option", () => {
  expect(rows.map(keyOf).sort()).toEqual(Object.keys(DEFAULT_CONFIG).sort());
});

/** The pages that users read. */
const pages = [
  "README.md",
  ...["guides", "reference"].flatMap((folder) =>
    readdirSync(join(root, "docs", folder))
      .filter((name) => name.endsWith(".md") && name !== "config.md")
      .map((name) => `docs/${folder}/${name}`),
  ),
  ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`),
];

test.each(pages)("%s does not repeat a default, which would have to be changed in both places", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  expect(text.match(/`net\.[\w.]+`\s+\((?:default:? )?`?\d[^)]*\)/g) ?? []).toEqual([]);
});

test.each(rows.map((row) => [keyOf(row), row] as const))("tells all about %s", (key, row) => {
  const documented = JSON.parse(codeSpans(row.Default ?? "")[0] ?? "");
  expect(documented).toEqual(DEFAULT_CONFIG[key as keyof typeof DEFAULT_CONFIG]);
  for (const column of ["Type", "What it does", "Why this default"]) expect(row[column]).toMatch(/\w/);
  expect(row.Unit).toMatch(/^(–|bytes|seconds|levels|elements|connections|packets|requests|sessions|names)$/);
  expect(commentOn(key)).toContain(READ[row.Read ?? ""] ?? "no such time");
  expect({ key, isNew: /^[*_]new[*_] /.test(row["What it does"] ?? "") }).toEqual({
    key,
    isNew: !known.includes(key),
  });
});
