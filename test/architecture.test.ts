// ARCHITECTURE.md is short enough to be read at once, and leads to every page of docs/design; what these name is there.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { codeSpans, root } from "./support/markdown.js";

/** Words that a newcomer reads before anything else. What needs more has a page in docs/design. */
const MOST_WORDS = 1100;
/** Words of a page about one subject. */
const MOST_WORDS_OF_PAGE = 600;

const read = (page: string): string => readFileSync(join(root, page), "utf8");
const words = (page: string): number => read(page).split(/\s+/).filter(Boolean).length;

const folder = join(root, "docs", "design");
const design = existsSync(folder) ? readdirSync(folder).map((name) => `docs/design/${name}`) : [];

const sources = new Set(
  ["packages", "scripts", "tools"].flatMap((top) =>
    readdirSync(join(root, top)).flatMap((name) => {
      const src = join(root, top, name, "src");
      return existsSync(src)
        ? readdirSync(src, { recursive: true }).map((file) => basename(String(file)))
        : [name];
    }),
  ),
);

test("ARCHITECTURE.md has at most 1,100 words", () => {
  expect(words("ARCHITECTURE.md")).toBeLessThanOrEqual(MOST_WORDS);
});

test("it leads to every page of docs/design", () => {
  const linked = [...read("ARCHITECTURE.md").matchAll(/\]\((docs\/design\/[\w-]+\.md)/g)].map(
    ([, page]) => page,
  );
  expect(design.length).toBeGreaterThan(0);
  expect([...new Set(linked)].sort()).toEqual([...design].sort());
});

test.each(design)("%s has one subject, and as few words", (page) => {
  expect(words(page)).toBeLessThanOrEqual(MOST_WORDS_OF_PAGE);
  expect(read(page).match(/^# /gm)).toHaveLength(1);
});

test.each(["ARCHITECTURE.md", ...design])("files that %s names by name are there", (page) => {
  const named = codeSpans(read(page)).filter((span) => /^[\w-]+\.ts$/.test(span));
  expect(named.filter((name) => !sources.has(name))).toEqual([]);
});

test("README leads to the state table, the frame decoder and the session loop", () => {
  const steps = ["connection/state.ts", "framing/frame-decoder.ts", "session/session-input.ts"];
  for (const step of steps) expect(read("README.md")).toContain(`${step})`);
});

test("docs/design/module-state.md names each module that keeps something", () => {
  // A variable, or an object under a name that is not written as a constant. Encoders of text keep nothing.
  const keeps =
    /^(?:export )?(?:let |const [a-z]\w*(?:: [^=]+)? = (?:new (?!TextEncoder)|create\w+\(|\[\]))/m;
  const modules = readdirSync(join(root, "packages")).flatMap((name) => {
    const src = join("packages", name, "src");
    return readdirSync(join(root, src), { recursive: true }).map((file) => join(src, String(file)));
  });
  const keeping = modules
    .filter((file) => file.endsWith(".ts") && !file.endsWith("cli.ts"))
    .filter((file) => keeps.test(read(file)))
    .map((file) => file.replaceAll("\\", "/"));
  const page = read("docs/design/module-state.md");
  expect(keeping.length).toBeGreaterThan(10);
  expect(keeping.filter((file) => !page.includes(`(../../${file})`))).toEqual([]);
});
