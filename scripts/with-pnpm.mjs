// Sets the workspace up and runs a command with pnpm and the workspace's tools in its PATH; pnpm need not be on the
// machine:
//
//   node scripts/with-pnpm.mjs turbo run test lint types
//   node scripts/with-pnpm.mjs pnpm why esbuild

import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { environment, setupOrExit } from "./setup.mjs";

/** Runs a command in view. @returns its exit code. */
export function withPnpm(command, args) {
  const { status, error } = spawnSync(command, args, {
    env: environment(),
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (error) process.stderr.write(`${command}: ${error.message}\n`);
  return status ?? 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [command, ...args] = process.argv.slice(2);
  if (command === undefined) {
    process.stderr.write("usage: node scripts/with-pnpm.mjs COMMAND [ARGUMENT]…\n");
    process.exit(2);
  }
  setupOrExit(["--install-only"]);
  process.exit(withPnpm(command, args));
}
