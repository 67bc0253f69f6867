// Installs the workspace and builds it, and says nothing unless something fails.
//
//   node scripts/setup.mjs                     install if needed, build what changed
//   node scripts/setup.mjs --install-only      no build
//   node scripts/setup.mjs --update-lockfile   after a change of dependencies in some package.json
//
// Only Node and npm have to be on the machine. pnpm comes through npx, which costs a second, so it is asked
// only when a manifest or the lockfile has changed. Where npx has put pnpm is remembered: turbo needs it in
// its PATH to run a package's build script.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const windows = process.platform === "win32";
const pnpmName = windows ? "pnpm.cmd" : "pnpm";
const stateFile = join(root, "node_modules", ".cache", "peng3dnet", "setup.json");
const rootManifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const pnpmSpec = rootManifest.packageManager;

const env = {
  ...process.env,
  npm_config_update_notifier: "false",
  npm_config_fund: "false",
  npm_config_audit: "false",
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
  DO_NOT_TRACK: "1",
  NO_UPDATE_NOTIFIER: "1",
};

class SetupError extends Error {}

/** Runs a command to its end; shows what it printed only when it fails. */
function run(what, command, args, extraEnv = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...env, ...extraEnv },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    shell: windows,
  });
  if (result.error) throw new SetupError(`${what}: ${result.error.message}`);
  if (result.status !== 0) {
    process.stderr.write(result.stdout + result.stderr);
    throw new SetupError(`${what} failed (${result.signal ?? `exit code ${result.status}`})`);
  }
}

/** The folders that pnpm-workspace.yaml names. */
function workspaceFolders() {
  const children = (parent) =>
    existsSync(join(root, parent)) ? readdirSync(join(root, parent)).map((name) => `${parent}/${name}`) : [];
  return [
    ...children("packages"),
    ...children("examples"),
    "benchmarks",
    "fuzz",
    "site",
    "tools/chromium",
    "tools/nats-server",
  ]
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .sort();
}

/** A hash of all that decides what an install puts into node_modules; scripts and descriptions do not. */
function installFingerprint(folders) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const folder of [".", ...folders]) {
    const { name, version, bin, dependencies, devDependencies, peerDependencies, optionalDependencies } =
      JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const relevant = [
      name,
      version,
      bin,
      dependencies,
      devDependencies,
      peerDependencies,
      optionalDependencies,
    ];
    hash.update(`${folder}\n${JSON.stringify(relevant)}\n`);
  }
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml"]) {
    hash.update(existsSync(join(root, file)) ? readFileSync(join(root, file)) : "-");
  }
  return hash.update(pnpmSpec).digest("hex");
}

function readState() {
  try {
    return JSON.parse(readFileSync(stateFile, "utf8"));
  } catch {
    return {};
  }
}

function writeState(state) {
  mkdirSync(join(stateFile, ".."), { recursive: true });
  writeFileSync(stateFile, `${JSON.stringify(state)}\n`);
}

/** True when a folder that a package resolves its dependencies from has gone. */
function modulesMissing(folders) {
  return ["."].concat(folders).some((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    return names.some((name) => !existsSync(join(root, folder, "node_modules", name)));
  });
}

/** Starts this file again under npx, with pnpm in its PATH. */
function underNpx(what, args) {
  run(what, windows ? "npx.cmd" : "npx", [
    "--yes",
    `--package=${pnpmSpec}`,
    "--",
    "node",
    "scripts/setup.mjs",
    ...args,
  ]);
}

function pnpmFolder() {
  return (process.env.PATH ?? "").split(delimiter).find((folder) => existsSync(join(folder, pnpmName)));
}

/** The inner run, with pnpm in the PATH. */
function install(update) {
  rmSync(stateFile, { force: true });
  run("pnpm install", pnpmName, ["install", update ? "--no-frozen-lockfile" : "--frozen-lockfile"], {
    CI: "true",
  });
  writeState({ fingerprint: installFingerprint(workspaceFolders()), pnpm: pnpmFolder() });
}

/** The environment for tools of the workspace: after a setup, pnpm and the tools themselves are in its PATH. */
export function environment() {
  const tools = join(root, "node_modules", ".bin");
  return { ...env, PATH: [readState().pnpm, tools, process.env.PATH].join(delimiter) };
}

function build() {
  const args = ["run", "build", "--output-logs=errors-only", "--log-order=grouped", "--log-prefix=none"];
  run("build", windows ? "turbo.cmd" : "turbo", args, environment());
}

export function setup(options = []) {
  const update = options.includes("--update-lockfile");
  const folders = workspaceFolders();
  const state = readState();
  if (
    update ||
    state.fingerprint !== installFingerprint(folders) ||
    !existsSync(join(state.pnpm ?? "", pnpmName)) ||
    modulesMissing(folders)
  ) {
    underNpx("install", ["--inner-install", ...(update ? ["--update-lockfile"] : [])]);
  }
  if (!options.includes("--install-only")) build();
}

/** Runs `setup`, and ends the process with a one-line reason when it fails. */
export function setupOrExit(options) {
  try {
    if (options?.includes("--inner-install")) install(options.includes("--update-lockfile"));
    else setup(options);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`setup: ${error.message}\n`);
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) setupOrExit(process.argv.slice(2));
