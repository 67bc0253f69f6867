// Joins what a package's modules were compiled to into few files, for Node: `dist/node`. Run by a package's build.
//
// A program loads a few long files in half the time that hundreds of short ones take, and the engine's heap is smaller
// afterwards (docs/performance tells what that is worth). Bundlers of pages go on taking the single modules, of which
// they leave out what a page does not use.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build, transform } from "esbuild";

const { exports, bin = {} } = JSON.parse(readFileSync("package.json", "utf8"));
const entries = [...Object.values(exports).map((entry) => entry.node), ...Object.values(bin)]
  .filter((file) => file?.startsWith("./dist/node/"))
  .map((file) => file.replace("/node/", "/"));

/** A class that refers to itself is named `_Client` by esbuild, which errors and inspected objects would show. */
function named(code) {
  const renamed = [...code.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => name);
  return renamed.reduce((text, name) => text.replaceAll(new RegExp(`\\b_${name}\\b`, "g"), name), code);
}

/**
 * Makes constants again of what esbuild has turned from a module's constants into variables. The engine compiles a constant's value
 * into the code that uses it ("Keep constants constant" in docs/performance). A name that is assigned to anywhere else stays a
 * variable.
 */
function constant(code) {
  return code.replaceAll(/^var (\w+|[{[][^\n]+?[}\]]) = /gm, (declaration, names) => {
    const assigned = [...names.matchAll(/\w+(?= *[,}\]=]|$)/g)].some(([name]) => assignments(code, name) > 1);
    return assigned ? declaration : `const ${names} = `;
  });
}

/** How often something is assigned to a name, its declaration included. */
function assignments(code, name) {
  const operators = String.raw`(?:=(?![=>])|\+\+|--|[-+*/%&|^?<>]+=(?!=))`;
  return (
    code.match(new RegExp(String.raw`(?<![\w$.#])${name}\s*${operators}|(?:\+\+|--)${name}\b`, "g"))
      ?.length ?? 0
  );
}

/** What is written. @throws {Error} if a constant would be assigned to, which the program would find out only then. */
async function program(text) {
  const code = constant(named(text));
  const { warnings } = await transform(code, { logLevel: "silent" });
  const assigned = warnings.find(({ id }) => id === "assign-to-constant");
  if (assigned !== undefined) throw new Error(assigned.text);
  return code;
}

const { outputFiles } = await build({
  entryPoints: entries,
  outdir: "dist/node",
  bundle: true,
  // What entries share is there once: two copies of a class would not know each other's objects.
  splitting: true,
  chunkNames: "shared-[hash]",
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node20.19",
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
  write: false,
});
rmSync("dist/node", { recursive: true, force: true });
mkdirSync("dist/node", { recursive: true });
for (const { path, text } of outputFiles)
  writeFileSync(path, path.endsWith(".js") ? await program(text) : text);
