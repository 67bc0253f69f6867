// Packs the packages and checks what would be published:
//
//   node scripts/check-packages.mjs
//
// publint and are-the-types-wrong on each tarball; in pnpm's own listing of it, no file that does not belong, and source
// and declaration maps whose sources are there; a README with an example.

import { strict as assert } from "node:assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { manifestOf, PACKAGES, pack, root, run, runTool } from "./packages.mjs";

const ALLOWED = [
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  /^dist\/.+\.(js|d\.ts)(\.map)?$/,
  /^src\/.+(?<!\.test|\.d)\.ts$/,
  "src/shared-globals.d.ts",
];

function checkFiles(name, tarball, files) {
  const folder = join(root, "packages", name);
  const text = (file) => readFileSync(join(folder, file), "utf8");
  const listed = new Set(files);
  const stray = files.filter(
    (file) =>
      !ALLOWED.some((allowed) => allowed === file || (allowed instanceof RegExp && allowed.test(file))),
  );
  assert.deepEqual(stray, [], `files that do not belong into the tarball of ${name}`);
  for (const needed of ["README.md", "LICENSE", "dist/index.js", "dist/node/index.js", "dist/index.d.ts"]) {
    assert.ok(listed.has(needed), `${needed} is missing in the tarball of ${name}`);
  }
  for (const file of files) {
    if (!file.endsWith(".map")) continue;
    assert.ok(listed.has(file.slice(0, -".map".length)), `${name}: ${file} belongs to no file`);
    for (const source of JSON.parse(text(file)).sources) {
      const path = posix.join(dirname(file), source);
      assert.ok(listed.has(path), `${name}: ${file} names ${path}, which is not there`);
    }
  }
  for (const file of files) {
    if (/^dist\/.+\.(js|d\.ts)$/.test(file))
      assert.ok(listed.has(`${file}.map`), `${name}: ${file} has no map`);
  }
  const manifest = JSON.parse(run("tar", ["-xOf", tarball, "package/package.json"]));
  const ranges = Object.values(manifest.dependencies);
  assert.ok(!ranges.some((range) => range.startsWith("workspace:")), `${name} depends on a workspace`);
  assert.match(text("README.md"), /^```ts( no-run)?$/m, `the README of ${name} has no example`);
}

const temporary = mkdtempSync(join(tmpdir(), "peng3dnet-check-"));
try {
  const packed = pack(PACKAGES, temporary);
  for (const name of PACKAGES) {
    const { tarball, files } = packed[name];
    checkFiles(name, tarball, files);

    const bytes = readFileSync(tarball);
    const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    const { messages } = await publint({ pack: { tarball: data }, strict: true, level: "suggestion" });
    const manifest = manifestOf(name);
    const texts = messages.map((message) => formatMessage(message, manifest, { color: false }));
    assert.deepEqual(texts, [], `publint finds fault with ${name}`);

    // ESM only: `require` gets the same files, from Node 20.19 on. scripts/test-packed.mjs tries it.
    runTool("attw", ["--profile", "esm-only", "--no-emoji", "--no-color", tarball]);
    process.stdout.write(`@peng3dnet/${name}: ${files.length} files; publint and types are fine\n`);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
