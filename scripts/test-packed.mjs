// Packs @peng3dnet/ping and what it depends on, installs that alone in an empty folder, and uses it there:
//
//   node scripts/test-packed.mjs
//
// The folder asks for @peng3dnet/ping only; npm fetches @msgpack/msgpack as it would for anybody.

import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const windows = process.platform === "win32";
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const EXPECTED = ["@msgpack/msgpack", "@peng3dnet/core", "@peng3dnet/ping", "@peng3dnet/protocol"];

/** Uses what is installed, as a user's program. */
const PROGRAM = `
import { spawn } from "node:child_process";
import { Server } from "@peng3dnet/core";
import { enablePing, pingServer } from "@peng3dnet/ping";

const server = new Server({ addr: "127.0.0.1:0" });
enablePing(server, { motd: "packed" });
await server.start();
const { motd } = await pingServer({ addr: server.addr });
const [command, ...args] = process.argv.slice(2);
const child = spawn(command, [...args, "--json", server.addr.join(":")], { stdio: ["ignore", "pipe", "inherit"] });
let printed = "";
for await (const chunk of child.stdout) printed += chunk;
await server.shutdown();
console.log(JSON.stringify({ motd, command: JSON.parse(printed) }));
`;

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    shell: windows,
    env: { ...process.env, npm_config_update_notifier: "false" },
  });
  if (error) throw error;
  assert.equal(status, 0, `${command} ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** Packs a package of the workspace; pnpm writes the real versions in place of "workspace:". */
function pack(name, to) {
  const folder = join(to, name);
  mkdirSync(folder);
  const pnpm = ["--yes", `--package=${packageManager}`, "--", "pnpm"];
  run(
    windows ? "npx.cmd" : "npx",
    [...pnpm, "pack", "--pack-destination", folder],
    join(root, "packages", name),
  );
  const [tarball] = readdirSync(folder);
  return `file:${join(folder, tarball)}`;
}

/** The packages that are installed below a folder, however deep. */
function installed(folder) {
  const modules = join(folder, "node_modules");
  const names = readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@") ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
    );
  const nested = names.flatMap((name) => {
    const below = readdirSync(join(modules, name));
    return below.includes("node_modules") ? installed(join(modules, name)) : [];
  });
  return [...names, ...nested].sort();
}

const temporary = mkdtempSync(join(tmpdir(), "peng3dnet-packed-"));
try {
  const ping = pack("ping", temporary);
  const overrides = {
    "@peng3dnet/core": pack("core", temporary),
    "@peng3dnet/protocol": pack("protocol", temporary),
  };
  const home = join(temporary, "home");
  mkdirSync(home);
  const dependencies = { "@peng3dnet/ping": ping };
  writeFileSync(join(home, "package.json"), JSON.stringify({ private: true, dependencies, overrides }));
  writeFileSync(join(home, "program.mjs"), PROGRAM);
  run(windows ? "npm.cmd" : "npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], home);

  assert.deepEqual(installed(home), EXPECTED);
  const modules = join(home, "node_modules");
  const files = readdirSync(join(modules, "@peng3dnet", "ping"), { recursive: true });
  assert.deepEqual(
    files.filter((file) => file.includes("test")),
    [],
  );
  const command = join(modules, ".bin", windows ? "peng3dnet-ping.cmd" : "peng3dnet-ping");
  const { version } = JSON.parse(readFileSync(join(modules, "@peng3dnet", "ping", "package.json"), "utf8"));
  assert.equal(run(command, ["--version"], home), `${version}\n`);
  const { motd, command: result } = JSON.parse(run(process.execPath, ["program.mjs", command], home));
  assert.equal(motd, "packed");
  assert.equal(result.ok, true);
  assert.equal(result.data.motd, "packed");
  process.stdout.write(`@peng3dnet/ping ${version} installs ${EXPECTED.join(", ")}, and its command runs\n`);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
