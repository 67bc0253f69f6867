// Every ```ts block of the README files and of docs/ is compiled against the built packages and run.
//
// - ```ts no-run            compiled only.
// - ```ts continue          goes on where the block before it in the same page ended.
// - ```ts file=src/name.ts  compiled as that file, beside the other files of its page, and not run.
// - ```ts beside=page.md    compiled beside the files of that page, so that it may import them.
// - `// => text` is a line of the output. These lines are the whole output of a program, in the order in which they stand.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(__dirname, "..");
const folder = join(root, ".docs-code", String(process.pid));
const RUN_LIMIT_MS = 20_000;
const AT_ONCE = 2;

interface Program {
  /** Where the first block starts, as `README.md:12`. */
  where: string;
  file: string;
  source: string;
  run: boolean;
  /** Whether it is a file of its own, which no block continues. */
  named: boolean;
  outcome?: Outcome;
}

interface Outcome {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

function pages(): string[] {
  const markdownBelow = (path: string): string[] =>
    existsSync(path)
      ? readdirSync(path, { withFileTypes: true, recursive: true })
          .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
          .map((entry) => join(entry.parentPath, entry.name))
      : [];
  const readmes = readdirSync(join(root, "packages")).map((name) =>
    join(root, "packages", name, "README.md"),
  );
  return [join(root, "README.md"), ...readmes, ...markdownBelow(join(root, "docs"))]
    .filter(existsSync)
    .sort();
}

/** The folder for the files of a page. */
const slugOf = (name: string): string => name.replace(/\.md$/, "").replace(/[^\w-]+/g, "-");

function programsOf(page: string): Program[] {
  const programs: Program[] = [];
  const name = relative(root, page);
  const lines = readFileSync(page, "utf8").split("\n");
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(\s*)(`{3,})ts\b(.*)$/.exec(lines[at] ?? "");
    if (!fence) continue;
    const [, indent = "", ticks = "```", info = ""] = fence;
    const words = info.trim().split(/\s+/).filter(Boolean);
    const unknown = words.filter(
      (word) => !/^(no-run|continue|file=[\w/-]+\.ts|beside=[\w-]+\.md)$/.test(word),
    );
    if (unknown.length > 0) throw new Error(`${name}:${at + 1}: unknown word "${unknown[0]}" after \`\`\`ts`);
    const where = `${name}:${at + 1}`;
    const block: string[] = [];
    for (at++; at < lines.length && lines[at]?.trim() !== ticks; at++) {
      block.push((lines[at] ?? "").slice(indent.length));
    }
    const source = `${block.join("\n")}\n`;
    const slug = slugOf(name);
    const path = words.find((word) => word.startsWith("file="))?.slice("file=".length);
    const beside = words.find((word) => word.startsWith("beside="))?.slice("beside=".length);
    const previous = programs.filter(({ named }) => !named).at(-1);
    const home = beside === undefined ? slug : slugOf(join(dirname(name), beside));
    if (path !== undefined) {
      programs.push({ where, file: `${home}/${path.replace(/\.ts$/, "")}`, source, run: false, named: true });
    } else if (words.includes("continue")) {
      if (!previous) throw new Error(`${where}: there is no block to continue`);
      previous.source += source;
      previous.run &&= !words.includes("no-run");
    } else {
      const file = `${beside === undefined ? "" : `${home}/`}${slug}-${at - block.length}`;
      programs.push({ where, file, source, run: !words.includes("no-run"), named: false });
    }
  }
  return programs;
}

function compile(programs: Program[]): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  write("package.json", JSON.stringify({ private: true, type: "module" }));
  write(
    "tsconfig.json",
    JSON.stringify({
      extends: "../../tsconfig.base.json",
      compilerOptions: {
        rootDir: ".",
        outDir: "out",
        // Some files are for pages.
        lib: ["es2023", "esnext.disposable", "dom", "dom.iterable"],
        types: ["node"],
        declaration: false,
        declarationMap: false,
        // A page may show a declaration without using it.
        noUnusedLocals: false,
        noUnusedParameters: false,
      },
      include: ["**/*.ts"],
    }),
  );
  for (const program of programs) write(`${program.file}.ts`, program.source);
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const result = spawnSync(process.execPath, [tsc, "-p", folder, "--pretty", "false"], { encoding: "utf8" });
  return result.status === 0 ? "" : `${result.stdout}${result.stderr}` || `tsc ended with ${result.status}`;
}

function runProgram(program: Program): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const script = join(folder, "out", `${program.file}.js`);
    const child = spawn(process.execPath, ["--enable-source-maps", script], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: RUN_LIMIT_MS,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** The lines that a program says it prints. */
function documented(source: string): string[] {
  return [...source.matchAll(/\/\/ => ?(.*?)\s*$/gm)].map(([, text = ""]) => text);
}

/** The lines that a program has printed. */
function printed(stdout: string): string[] {
  return stdout === ""
    ? []
    : stdout
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => line.trimEnd());
}

const programs = pages().flatMap(programsOf);

describe("the code in the README files and the docs", () => {
  let errors = "";

  beforeAll(async () => {
    if (programs.length === 0) return;
    errors = compile(programs);
    if (errors !== "") return;
    const waiting = programs.filter((program) => program.run);
    const runner = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) next.outcome = await runProgram(next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, runner));
  }, 600_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("compiles", () => {
    const locate = (text: string) =>
      programs.reduce((all, { file, where }) => all.replaceAll(`${file}.ts`, `[${where}] ${file}.ts`), text);
    expect(locate(errors)).toBe("");
  });

  for (const program of programs.filter(({ run }) => run)) {
    test(`${program.where} runs`, () => {
      const { outcome } = program;
      if (!outcome) throw new Error(`not run, since the code does not compile`);
      const { code, signal, stdout, stderr } = outcome;
      const output = `stdout:\n${stdout}\nstderr:\n${stderr}`;
      if (signal) throw new Error(`ended by ${signal}; the limit is ${RUN_LIMIT_MS / 1000} s\n${output}`);
      if (code !== 0) throw new Error(`ended with exit code ${code}\n${output}`);
      expect(printed(stdout)).toEqual(documented(program.source));
    });
  }
});
