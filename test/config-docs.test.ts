// docs/config.md lists every option with its default.

import { DEFAULT_CONFIG } from "@peng3dnet/core";
import { codeSpans, referenceSymbols, tableRows } from "./support/markdown.js";

const known = referenceSymbols().config;
const rows = tableRows("docs/config.md").map(({ cells }) => cells);
const keyOf = (row: Readonly<Record<string, string>>) => codeSpans(row.Option ?? "")[0] ?? "";

test("has one row for each option", () => {
  expect(rows.map(keyOf).sort()).toEqual(Object.keys(DEFAULT_CONFIG).sort());
});

test.each(rows.map((row) => [keyOf(row), row] as const))("tells all about %s", (key, row) => {
  const documented = JSON.parse(codeSpans(row.Default ?? "")[0] ?? "");
  expect(documented).toEqual(DEFAULT_CONFIG[key as keyof typeof DEFAULT_CONFIG]);
  for (const column of ["Type", "What it does", "Why this default"]) expect(row[column]).toMatch(/\w/);
  expect(row.Unit).toMatch(/^(–|bytes|seconds|levels|elements|connections|packets|names)$/);
  expect({ key, isNew: /^[*_]new[*_] /.test(row["What it does"] ?? "") }).toEqual({
    key,
    isNew: !known.includes(key),
  });
});
