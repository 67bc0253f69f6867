// The published packages, packed as they go to the registry.

import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { environment } from "./setup.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));
/** Folders of the published packages, the lowest first. */
export const PACKAGES = [
  "protocol",
  "peer",
  "core",
  "browser",
  "websocket",
  "telemetry",
  "cluster",
  "ping",
  "peng3d-events",
];
export const windows = process.platform === "win32";

/** Runs a program to its end. @returns what it printed. */
export function run(command, args, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    shell: windows,
    maxBuffer: 64 * 1024 * 1024,
    env: { ...environment(), NO_COLOR: "1" },
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
    // Each build begins that folder anew.
    if (file.startsWith("node")) continue;
    const source = file.replace(/(\.d\.ts|\.js)(\.map)?$/, ".ts");
    if (source !== file && !existsSync(join(folder, "src", source))) rmSync(join(folder, "dist", file));
  }
}

/**
 * Packs packages of the workspace; pnpm writes the real versions in place of "workspace:".
 *
 * @returns of each, by name of its folder: its tarball, and the paths of the files in it as pnpm lists them.
 */
export function pack(names, to) {
  const packed = {};
  for (const name of names) {
    const folder = join(root, "packages", name);
    removeStale(folder);
    const args = ["pack", "--json", "--pack-destination", to];
    const { filename, files } = JSON.parse(run(windows ? "pnpm.cmd" : "pnpm", args, folder));
    packed[name] = { tarball: resolve(to, filename), files: files.map(({ path }) => path) };
  }
  return packed;
}
