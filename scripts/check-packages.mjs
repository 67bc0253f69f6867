// Packs the packages and checks what would be published:
//
//   node scripts/check-packages.mjs
//
// publint and are-the-types-wrong on each tarball, no file that does not belong, source and declaration maps whose
// sources are there, and README examples that install what they import.

import { strict as assert } from "node:assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { gunzipSync } from "node:zlib";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { manifestOf, PACKAGES, pack, runTool } from "./packages.mjs";

const ALLOWED = [
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  /^dist\/.+\.(js|d\.ts)(\.map)?$/,
  /^src\/.+(?<!\.test|\.d)\.ts$/,
];

/** The files of a tarball, by path below `package/`. */
function filesOf(tarball) {
  const tar = gunzipSync(readFileSync(tarball));
  const files = new Map();
  for (let at = 0; at + 512 <= tar.length; ) {
    const field = (from, length) =>
      tar
        .toString("utf8", at + from, at + from + length)
        .split("\0")[0]
        .trim();
    const name = [field(345, 155), field(0, 100)].filter(Boolean).join("/");
    if (name === "") break;
    const size = Number.parseInt(field(124, 12), 8);
    if (field(156, 1) === "0" || field(156, 1) === "") {
      files.set(name.replace(/^package\//, ""), tar.subarray(at + 512, at + 512 + size));
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

function checkFiles(name, files) {
  const stray = [...files.keys()].filter((file) => !ALLOWED.some((pattern) => pattern.test(file)));
  assert.deepEqual(stray, [], `files that do not belong into the tarball of ${name}`);
  for (const needed of ["README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"]) {
    assert.ok(files.has(needed), `${needed} is missing in the tarball of ${name}`);
  }
  for (const [file, bytes] of files) {
    if (!file.endsWith(".map")) continue;
    assert.ok(files.has(file.slice(0, -".map".length)), `${name}: ${file} belongs to no file`);
    for (const source of JSON.parse(bytes.toString()).sources) {
      const path = posix.join(dirname(file), source);
      assert.ok(files.has(path), `${name}: ${file} names ${path}, which is not there`);
    }
  }
  for (const file of files.keys()) {
    if (/\.(js|d\.ts)$/.test(file)) assert.ok(files.has(`${file}.map`), `${name}: ${file} has no map`);
  }
  const manifest = JSON.parse(files.get("package.json").toString());
  const ranges = Object.values(manifest.dependencies);
  assert.ok(!ranges.some((range) => range.startsWith("workspace:")), `${name} depends on a workspace`);
  assert.match(files.get("README.md").toString(), /^```ts$/m, `the README of ${name} has no example`);
}

const temporary = mkdtempSync(join(tmpdir(), "peng3dnet-check-"));
try {
  const tarballs = pack(PACKAGES, temporary);
  for (const name of PACKAGES) {
    const tarball = tarballs[name];
    const files = filesOf(tarball);
    checkFiles(name, files);

    const bytes = readFileSync(tarball);
    const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    const { messages } = await publint({ pack: { tarball: data }, strict: true, level: "suggestion" });
    const manifest = manifestOf(name);
    const texts = messages.map((message) => formatMessage(message, manifest, { color: false }));
    assert.deepEqual(texts, [], `publint finds fault with ${name}`);

    // ESM only: `require` gets the same files, from Node 20.19 on. scripts/test-packed.mjs tries it.
    runTool("attw", ["--profile", "esm-only", "--no-emoji", "--no-color", tarball]);
    process.stdout.write(`@peng3dnet/${name}: ${files.size} files; publint and types are fine\n`);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
