// Publishes the packages:
//
//   npm run release:version          versions and changelogs from the changesets; look at them and commit
//   npm run release -- --dry-run     all checks, and what would be published
//   npm run release                  the same, then publishes and tags
//
// Starts from a clean work tree without open changesets, builds from scratch, and runs every check first. What has
// been published already is left alone, so it can be run again after a failure. .github/workflows/release.yml runs it.

import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifestOf, PACKAGES, pack, root, run, windows } from "./packages.mjs";

const npm = windows ? "npm.cmd" : "npm";
const dryRun = process.argv.includes("--dry-run");

/** Runs a command in view. */
function show(command, args) {
  process.stdout.write(`\n> ${command} ${args.join(" ")}\n`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit", shell: windows });
  assert.equal(status, 0, `${command} ${args.join(" ")} ended with ${status}`);
}

function isPublished(name, version) {
  const args = ["view", `${name}@${version}`, "version"];
  return spawnSync(npm, args, { cwd: root, encoding: "utf8", shell: windows }).stdout.trim() === version;
}

assert.equal(run("git", ["status", "--porcelain"]), "", "the work tree has changes; commit them first");
const changesets = readdirSync(join(root, ".changeset")).filter((file) => file.endsWith(".md"));
assert.ok(
  dryRun || changesets.length === 0,
  `there are changesets: ${changesets}; run "npm run release:version" and commit`,
);
const { version } = manifestOf("protocol");
for (const name of PACKAGES)
  assert.equal(manifestOf(name).version, version, `${name} has another version than protocol`);

for (const name of PACKAGES) rmSync(join(root, "packages", name, "dist"), { recursive: true, force: true });
show("bash", [".ci/run"]);

const temporary = mkdtempSync(join(tmpdir(), "peng3dnet-release-"));
try {
  const tarballs = pack(PACKAGES, temporary);
  for (const name of PACKAGES) {
    const full = `@peng3dnet/${name}`;
    if (dryRun) process.stdout.write(`would publish ${full}@${version}\n`);
    else if (isPublished(full, version)) process.stdout.write(`${full}@${version} is published already\n`);
    else show(npm, ["publish", tarballs[name], "--access", "public"]);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
const tag = `v${version}`;
if (dryRun) process.stdout.write(`would tag ${tag}\n`);
else if (run("git", ["tag", "--list", tag]) === "") show("git", ["tag", tag]);
