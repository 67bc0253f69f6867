// Guides are read from top to bottom: they are short, and leave details to pages of the reference.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, tableRows } from "./support/markdown.js";

const MOST_WORDS = 900;

const guides = tableRows("docs/README.md")
  .filter(({ section }) => section === "Guides")
  .map(({ cells }) => /\((.+\.md)\)/.exec(cells.Page ?? "")?.[1] as string);

/** The words of a page that are no code. */
function words(page: string): number {
  const text = readFileSync(join(root, "docs", page), "utf8").replace(/^```.*?^```$/gms, "");
  return text.split(/\s+/).filter((word) => /\w/.test(word)).length;
}

test.each(guides)("%s has three screens at most", (page) => {
  expect(words(page)).toBeLessThanOrEqual(MOST_WORDS);
});
