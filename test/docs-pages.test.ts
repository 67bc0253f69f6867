// Guides are read from top to bottom: they are short, and leave details to pages of the reference.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Chromium, type ChromiumTab } from "@peng3dnet-internal/chromium";
import { describeWithChromium } from "../packages/browser/test/chromium/support/in-chromium.js";
import { root, tableRows } from "./support/markdown.js";

const SCREEN = { width: 1280, height: 800, dark: false, touch: false };
const MOST_SCREENS = 3;
/** Lines of code and of text that take about three screens; what a page takes is measured below. */
const MOST_LINES = 150;
const WORDS_OF_A_LINE = 8; // with the air between paragraphs, and in narrow columns of tables

const guides = tableRows("docs/README.md")
  .filter(({ section }) => section === "Guides")
  .map(({ cells }) => /\((.+\.md)\)/.exec(cells.Page ?? "")?.[1] as string);

const CODE = /^```.*?\n(.*?)^```$/gms;
const read = (page: string): string => readFileSync(join(root, "docs", page), "utf8");

/** The words of a page that are to be seen and are no code. */
function words(page: string): number {
  return read(page)
    .replace(CODE, "")
    .replace(/\]\([^)]*\)/g, "]")
    .split(/\s+/)
    .filter((word) => /\w/.test(word)).length;
}

function linesOfCode(page: string): number {
  const blocks = [...read(page).matchAll(CODE)].map(([, code = ""]) => code);
  return blocks.join("").split("\n").length - 1;
}

test.each(guides)("%s has so many words and lines of code as may fit on three screens", (page) => {
  expect(linesOfCode(page) + words(page) / WORDS_OF_A_LINE).toBeLessThanOrEqual(MOST_LINES);
});

describeWithChromium("the guides on the site", () => {
  let chromium: Chromium | undefined;
  let tab: ChromiumTab<Record<never, never>>;

  beforeAll(async () => {
    const built = spawnSync(process.execPath, [join(root, "site", "build.mjs")], { encoding: "utf8" });
    if (built.status !== 0) throw new Error(`site/build.mjs: ${built.stdout}${built.stderr}`);
    chromium = await Chromium.launch();
    tab = await chromium.openSite("about:blank");
    await tab.show(SCREEN);
  }, 300_000);

  afterAll(() => chromium?.close(), 30_000);

  test.each(guides)("%s has three screens at most, and no code that has to be scrolled", async (page) => {
    const title = /^# (.+)$/m.exec(read(page))?.[1] ?? "";
    const file = `${title.replace(/[^\p{L}\p{N}.,-]+/gu, "_")}.html`; // as TypeDoc calls it
    await tab.load(pathToFileURL(join(root, "site", "out", file)).href);
    // TypeDoc shows a page once its script has run.
    const seen = await tab.evaluate(`new Promise((resolve) => {
      const look = () => {
        const content = document.querySelector(".col-content");
        if (!(content?.clientHeight > 0)) return void requestAnimationFrame(look);
        const code = [...content.querySelectorAll("pre")];
        resolve({
          title: content.querySelector("h1").innerText,
          screens: content.getBoundingClientRect().height / innerHeight,
          scrolled: code.filter((block) => block.scrollWidth > block.clientWidth).map((block) => block.innerText),
        });
      };
      look();
    })`);
    const { screens } = seen as { readonly screens: number };
    expect(seen).toEqual({ title, screens: expect.any(Number), scrolled: [] });
    expect(screens).toBeLessThanOrEqual(MOST_SCREENS);
  });
});
