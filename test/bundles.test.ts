// Programs on Node load joined files, and pages single modules: they have to be the same.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..");

interface Entry {
  readonly node?: string;
  readonly default?: string;
}

const entries = readdirSync(join(root, "packages")).flatMap((name) => {
  const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
  return Object.entries<Entry | string>(manifest.exports).flatMap(([path, entry]) =>
    typeof entry === "string" ? [] : [{ name, path, entry }],
  );
});

/** What a module exports, by name; of classes and functions also what they call themselves. */
function exported(file: string): Record<string, string> {
  const program = `
    const exported = await import(${JSON.stringify(`file://${file}`)});
    const tell = (value) => (typeof value === "function" ? "named " + value.name : typeof value);
    console.log(JSON.stringify(Object.entries(exported).map(([name, value]) => [name, tell(value)])));
  `;
  return Object.fromEntries(
    JSON.parse(
      execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" }),
    ),
  );
}

test.each(entries)("$name $path is the same joined and in single modules", ({ name, entry }) => {
  const { node = "", default: single = "" } = entry;
  const folder = join(root, "packages", name);
  expect(node).toMatch(/^\.\/dist\/node\//);
  const joined = exported(join(folder, node));
  expect(Object.keys(joined).length).toBeGreaterThan(0);
  expect(joined).toEqual(exported(join(folder, single)));
});

test.each(entries)("$name $path names the sources in its map", ({ name, entry }) => {
  const file = join(root, "packages", name, entry.node ?? "");
  const folder = join(file, "..");
  const files = readdirSync(folder).filter((other) => other.endsWith(".js.map"));
  const sources = files.flatMap(
    (map): string[] => JSON.parse(readFileSync(join(folder, map), "utf8")).sources,
  );
  for (const source of sources) expect(join(folder, source)).toContain(join("packages", name, "src"));
});

test.each(entries)("objects of $name $path know each other's classes", ({ name, entry }) => {
  // A class that is there twice has objects that are no instances of the other one.
  const folder = join(root, "packages", name, "dist/node");
  const files = readdirSync(folder).filter((other) => other.endsWith(".js"));
  const classes = files.flatMap((file) => [
    ...readFileSync(join(folder, file), "utf8").matchAll(/^(?:var|let|const) (\w+) = class\b/gm),
  ]);
  const names = classes.map(([, of]) => of);
  expect(entry.node).toBeDefined();
  expect(names.filter((of, index) => names.indexOf(of) !== index)).toEqual([]);
});
