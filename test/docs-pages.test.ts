// Guides are read from top to bottom: they are short, and leave details to pages of the reference.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, tableRows } from "./support/markdown.js";

/** Three screens of 1280 × 800 pixels on the site. */
const MOST_WORDS = 900;
/** Programs are read in another way than text, and stand whole. They are bounded, too. */
const MOST_LINES_OF_CODE = 190;

const guides = tableRows("docs/README.md")
  .filter(({ section }) => section === "Guides")
  .map(({ cells }) => /\((.+\.md)\)/.exec(cells.Page ?? "")?.[1] as string);

const CODE = /^```.*?\n(.*?)^```$/gms;
const read = (page: string): string => readFileSync(join(root, "docs", page), "utf8");

/** The words of a page that are no code. */
function words(page: string): number {
  return read(page)
    .replace(CODE, "")
    .split(/\s+/)
    .filter((word) => /\w/.test(word)).length;
}

function linesOfCode(page: string): number {
  const blocks = [...read(page).matchAll(CODE)].map(([, code = ""]) => code);
  return blocks.join("").split("\n").length - 1;
}

test.each(guides)("%s has three screens of text at most, and its programs are short", (page) => {
  expect(words(page)).toBeLessThanOrEqual(MOST_WORDS);
  expect(linesOfCode(page)).toBeLessThanOrEqual(MOST_LINES_OF_CODE);
});
