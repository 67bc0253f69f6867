// A program whose output cannot be written says so, and ends as one that failed. On the built packages: `npm test` builds
// first.

import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "peng3dnet-full-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Linux has a device that is always full. */
const onFullDisk = existsSync("/dev/full") ? test : test.skip;

onFullDisk.each([
  ["ping", "packages/ping/dist/node/cli.js", ["--help"], 3],
  ["ping", "packages/ping/dist/node/cli.js", ["127.0.0.1:1"], 3],
  ["echo client", "examples/echo/dist/client.js", ["--help"], 1],
  ["echo server", "examples/echo/dist/server.js", ["127.0.0.1:0"], 1],
  ["chat client", "examples/simplechat/dist/client.js", ["--help"], 1],
  ["chat server", "examples/simplechat/dist/server.js", ["127.0.0.1:0"], 1],
  ["make-certs", "scripts/make-certs.mjs", [folder], 1],
] as const)(
  "%s (%s %j)",
  (_, script, args, code) => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [join(root, script), ...args], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
      timeout: 30_000,
    });
    closeSync(full);
    expect(stderr).toMatch(/^(?:[\w-]+: )?the output cannot be written: .*ENOSPC.*\n$/);
    expect(status).toBe(code);
  },
  60_000,
);

onFullDisk.each([
  ["packages/ping/dist/node/cli.js", ["--nope"], 2],
  ["examples/echo/dist/client.js", ["--nope"], 2],
] as const)(
  "%s %j ends as ever where its errors cannot be written",
  (script, args, code) => {
    const full = openSync("/dev/full", "w");
    const { status } = spawnSync(process.execPath, [join(root, script), ...args], {
      stdio: ["ignore", "pipe", full],
      timeout: 30_000,
    });
    closeSync(full);
    expect(status).toBe(code);
  },
  60_000,
);
