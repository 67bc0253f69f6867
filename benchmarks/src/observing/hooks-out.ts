// The packages twice: as they are built, and with all taken out that a packet, a request or a heartbeat does for observers.

import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const packages = fileURLToPath(new URL("../../../packages", import.meta.url));
const COPIED = ["protocol", "peer", "core"] as const;
/** What they import of others, by the package that has it. */
const LINKED = { protocol: "@msgpack" } as const;

/** What looks on, as it is built, and what takes its place. Each has to be there, so often at least. */
const HOOKS: readonly (readonly [hook: RegExp, without: string, times: number])[] = [
  [/\bthis\.watched(?= &&|\))/g, "false", 2],
  [/[\w.#]*\bobservation\.(requests) === void 0/g, "true", 2],
  [/[\w.#]*\bobservation\?\.(packets|trips) !== void 0/g, "false", 3],
];

/** Copies the packages. @returns the path of `core`'s entry. */
export function copyPackages(folder: string, hooks: "with" | "without"): string {
  const scope = join(folder, hooks, "node_modules", "@peng3dnet");
  for (const name of COPIED) {
    const to = join(scope, name);
    mkdirSync(to, { recursive: true });
    cpSync(join(packages, name, "dist"), join(to, "dist"), { recursive: true });
    cpSync(join(packages, name, "package.json"), join(to, "package.json"));
  }
  for (const [name, scopeOf] of Object.entries(LINKED)) {
    const link = join(dirname(scope), scopeOf);
    symlinkSync(join(packages, name, "node_modules", scopeOf), link, "junction");
  }
  if (hooks === "without") takeHooksOut(join(scope, "peer", "dist", "node"));
  return join(scope, "core", "dist", "node", "index.js");
}

function takeHooksOut(folder: string): void {
  const found = HOOKS.map(() => 0);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith(".js")) continue;
    const path = join(entry.parentPath, entry.name);
    const before = readFileSync(path, "utf8");
    let after = before;
    for (const [at, [hook, without]] of HOOKS.entries()) {
      found[at] = (found[at] ?? 0) + (after.match(hook)?.length ?? 0);
      after = after.replace(hook, without);
    }
    if (after !== before) writeFileSync(path, after);
  }
  for (const [at, [hook, , times]] of HOOKS.entries()) {
    if ((found[at] ?? 0) < times)
      throw new Error(
        `${hook} is not in packages/peer/dist/node as often as it was; adapt HOOKS of hooks-out.ts`,
      );
  }
}
