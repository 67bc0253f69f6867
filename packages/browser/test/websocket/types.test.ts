// The WebSocket of a browser and that of `ws` fit, in each version of the compiler that is tested, without the types of the
// other platform, and with no more of the language's own types than most programs have.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "..", "..", "..", "..");

/** What the compiler says of one program, of which it knows the built packages. */
function compile(compiler: string, name: string, lib: readonly string[], types: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "peng3dnet-types-"));
  try {
    const compilerOptions = {
      ...{ noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: types.length > 0 },
      ...{ target: "es2022", module: "nodenext", lib: ["es2022", ...lib], types },
      typeRoots: [join(root, "node_modules", "@types")],
    };
    const files = [join(__dirname, "types", `${name}.mts`)];
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const tsc = join(root, "node_modules", compiler, "bin", "tsc");
    const { stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", folder, "--pretty", "false"], {
      encoding: "utf8",
    });
    return `${stdout}${stderr}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.each(["typescript", "typescript-5.9", "typescript-5.4"])("%s", (compiler) => {
  test("a page", () => {
    expect(compile(compiler, "page", ["dom"], [])).toBe("");
  }, 60_000);

  test("a program for Node", () => {
    expect(compile(compiler, "node", [], ["node"])).toBe("");
  }, 60_000);
});
