import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./markdown.js";

/**
 * Type-checks a program against the built packages.
 *
 * @returns what the compiler complains about; empty if nothing.
 */
export function typeErrors(source: string): string {
  const folder = join(root, ".docs-code", `types-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  writeFileSync(join(folder, "program.ts"), source);
  const compilerOptions = { noEmit: true, types: ["node"], noUnusedLocals: false };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.base.json", compilerOptions, include: ["*.ts"] }),
  );
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const result = spawnSync(process.execPath, [tsc, "-p", folder, "--pretty", "false"], { encoding: "utf8" });
  rmSync(folder, { recursive: true, force: true });
  return result.status === 0 ? "" : `${result.stdout}${result.stderr}` || `tsc ended with ${result.status}`;
}
