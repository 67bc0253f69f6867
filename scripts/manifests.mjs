// Says where published manifests and docs/guides/start.md name another repository than the root does, and mends it with --write:
//
//   node scripts/manifests.mjs [--write]
//
// `repository`, `homepage` and `bugs` follow from the one line "repository" of the root's package.json, which is what a
// fork changes. npm refuses a trusted publication from a repository that the manifest does not name.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { manifestOf, PACKAGES, root } from "./packages.mjs";

const { repository: address } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The fields of a package, in the order in which they follow "license". */
function sharedFields(name) {
  const directory = `packages/${name}`;
  return {
    repository: { type: "git", url: `git+${address}.git`, directory },
    homepage: `${address}/tree/main/${directory}#readme`,
    bugs: { url: `${address}/issues` },
  };
}

/** The manifest with those fields behind "license". */
function withFields(manifest, fields) {
  const kept = Object.entries(manifest).filter(([key]) => !(key in fields));
  const at = kept.findIndex(([key]) => key === "license") + 1;
  return Object.fromEntries([...kept.slice(0, at), ...Object.entries(fields), ...kept.slice(at)]);
}

let differing = 0;

/** The page that says how to clone. */
const PAGE = "docs/guides/start.md";
const page = readFileSync(join(root, PAGE), "utf8");
const cloned = page.replace(/(?<=^git clone )\S+$/m, address);
if (cloned !== page && process.argv.includes("--write")) writeFileSync(join(root, PAGE), cloned);
else if (cloned !== page) {
  differing++;
  process.stderr.write(`${PAGE}: "git clone" names another address\n`);
}

for (const name of PACKAGES) {
  const manifest = manifestOf(name);
  const fields = sharedFields(name);
  const wrong = Object.keys(fields).filter((key) => !isDeepStrictEqual(manifest[key], fields[key]));
  if (wrong.length === 0) continue;
  if (process.argv.includes("--write")) {
    const text = JSON.stringify(withFields(manifest, fields), null, 2);
    writeFileSync(join(root, "packages", name, "package.json"), `${text}\n`);
    continue;
  }
  differing++;
  for (const key of wrong) {
    const [is, should] = [manifest[key], fields[key]].map((value) => JSON.stringify(value) ?? "missing");
    process.stderr.write(`packages/${name}/package.json: "${key}" is ${is}, and should be ${should}\n`);
  }
}
if (differing > 0) {
  process.stderr.write(
    `The root's package.json names ${address}: run "node scripts/manifests.mjs --write"\n`,
  );
  process.exitCode = 1;
}
