// The published packages, packed as they go to the registry.

import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
/** Folders of the published packages, the lowest first. */
export const PACKAGES = ["protocol", "peer", "core", "ping", "peng3d-events"];
export const windows = process.platform === "win32";

/** Runs a program to its end. @returns what it printed. */
export function run(command, args, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    shell: windows,
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, npm_config_update_notifier: "false", NO_COLOR: "1" },
  });
  if (error) throw error;
  assert.equal(status, 0, `${command} ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** Runs a program that the workspace has installed. */
export function runTool(name, args, cwd = root) {
  return run(join(root, "node_modules", ".bin", windows ? `${name}.cmd` : name), args, cwd);
}

export function manifestOf(name) {
  return JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
}

/** Removes what was built from a source that is no longer there: tsc leaves it, and it would be packed. */
function removeStale(folder) {
  for (const file of readdirSync(join(folder, "dist"), { recursive: true })) {
    const source = file.replace(/(\.d\.ts|\.js)(\.map)?$/, ".ts");
    if (source !== file && !existsSync(join(folder, "src", source))) rmSync(join(folder, "dist", file));
  }
}

/**
 * Packs packages of the workspace; pnpm writes the real versions in place of "workspace:".
 *
 * @returns the tarball of each, by name of its folder.
 */
export function pack(names, to) {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const tarballs = {};
  for (const name of names) {
    const folder = join(to, name);
    mkdirSync(folder);
    removeStale(join(root, "packages", name));
    const pnpm = ["--yes", `--package=${packageManager}`, "--", "pnpm"];
    const args = [...pnpm, "pack", "--pack-destination", folder];
    run(windows ? "npx.cmd" : "npx", args, join(root, "packages", name));
    const [tarball] = readdirSync(folder);
    tarballs[name] = join(folder, tarball);
  }
  return tarballs;
}
