import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./markdown.js";

/** Compilers that are installed: the one that the project is built with, and older ones that users may have. */
export type Compiler = "typescript" | "typescript-5.9" | "typescript-5.4";

/**
 * Type-checks modules against the built packages.
 *
 * @param modules - source of each, by its name without `.ts`.
 * @returns what the compiler complains about, by module; those without complaint have `""`.
 */
export function typeErrorsOf<Name extends string>(
  modules: Readonly<Record<Name, string>>,
  compiler: Compiler = "typescript",
): Record<Name, string> {
  mkdirSync(join(root, ".docs-code"), { recursive: true });
  const folder = mkdtempSync(join(root, ".docs-code", "types-"));
  try {
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    const names = Object.keys(modules) as Name[];
    for (const name of names) writeFileSync(join(folder, `${name}.ts`), modules[name]);
    const compilerOptions = {
      noEmit: true,
      types: ["node"],
      noUnusedLocals: false,
      noUnusedParameters: false,
      lib: ["es2023", "esnext.disposable"],
    };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../tsconfig.base.json", compilerOptions, include: ["*.ts"] }),
    );
    const tsc = join(root, "node_modules", compiler, "bin", "tsc");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [tsc, "-p", "tsconfig.json", "--pretty", "false"],
      { cwd: folder, encoding: "utf8" },
    );
    const found = Object.fromEntries(names.map((name) => [name, ""])) as Record<Name, string>;
    let current: Name | undefined;
    const others: string[] = [];
    for (const line of stdout.split("\n")) {
      const name = /^([^\s(]+)\.ts\(/.exec(line)?.[1];
      if (name !== undefined) current = names.find((known) => known === name);
      // The options of the whole workspace name a library that the oldest compiler does not know.
      else if (/error TS/.test(line)) current = undefined;
      if (current !== undefined) found[current] += `${line}\n`;
      else if (line !== "" && !/error TS6046/.test(line)) others.push(line);
    }
    if (others.length > 0 || (status !== 0 && stdout === "")) {
      throw new Error(`${compiler} ended with ${status}: ${others.join("\n")}${stderr}`);
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Type-checks a program against the built packages.
 *
 * @returns what the compiler complains about; empty if nothing.
 */
export function typeErrors(source: string): string {
  return typeErrorsOf({ program: source }).program;
}
