// Each source file loads by itself, as the first one: none relies on another having been loaded before. This
// also lets coverage see the files that hold nothing but types.

import { readdirSync } from "node:fs";
import { join, relative } from "node:path";

const root = join(__dirname, "..");
const programs = new Set(["packages/ping/src/cli.ts"]);

const modules = readdirSync(join(root, "packages"))
  .flatMap((name) =>
    readdirSync(join(root, "packages", name, "src"), { recursive: true, withFileTypes: true }),
  )
  .filter((entry) => entry.isFile() && /(?<!\.test|\.d)\.ts$/.test(entry.name))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
  .filter((path) => !programs.has(path))
  .sort();

test.each(modules)("%s loads on its own", (path) => {
  expect(() => jest.isolateModules(() => void jest.requireActual(join(root, path)))).not.toThrow();
});
