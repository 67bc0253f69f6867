// Publishes the packages by `changeset publish`, which leaves alone what is published already, and tags. Three things it
// does not do are done here first: it publishes with changesets still open and with changes that are not committed, and
// runs no checks.
//
//   npm run release -- --dry-run     the checks, and what pnpm would publish
//   npm run release

import { strict as assert } from "node:assert";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./packages.mjs";
import { withPnpm } from "./with-pnpm.mjs";

const dryRun = process.argv.includes("--dry-run");

/** Runs a command in view. */
function show(command, ...args) {
  process.stdout.write(`\n> ${command} ${args.join(" ")}\n`);
  assert.equal(withPnpm(command, args), 0, `${command} failed`);
}

assert.equal(run("git", ["status", "--porcelain"]), "", "the work tree has changes; commit them first");
const open = readdirSync(join(root, ".changeset")).filter((file) => file.endsWith(".md"));
assert.ok(dryRun || open.length === 0, `there are changesets; run "npm run release:version" and commit`);

show("bash", ".ci/run");
if (dryRun) show("pnpm", "--filter=./packages/*", "publish", "--dry-run", "--no-git-checks");
else show("changeset", "publish");
