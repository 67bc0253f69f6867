// Runs the test suite on each version of Node that is supported and prints a table.
//
//   node scripts/test-matrix.mjs [--node=20,24] [arguments for jest]
//
// The versions are those of scripts/node-versions.json, from which .github/workflows/ci.yml reads them, too.
// The binaries are those of the npm package `node`. Its install script does no more than install the package
// of the platform, so that one is installed directly; npm need not be allowed to run scripts.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const windows = process.platform === "win32";
const versions = [];
const jestArguments = [];
for (const argument of process.argv.slice(2)) {
  if (argument.startsWith("--node=")) versions.push(...argument.slice("--node=".length).split(","));
  else jestArguments.push(argument);
}
if (versions.length === 0) {
  versions.push(...JSON.parse(readFileSync(join(root, "scripts", "node-versions.json"), "utf8")));
}

function platformPackage() {
  const prefix = process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  return `${prefix}-${windows ? "win" : process.platform}-${process.arch}`;
}

/** Installs Node of that major version, unless it is there already, and returns its path. */
function nodeBinary(major) {
  const folder = join(root, "node_modules", ".cache", "peng3dnet", "node", major);
  const name = platformPackage();
  const binary = join(folder, "node_modules", name, "bin", windows ? "node.exe" : "node");
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    const args = [
      "install",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--no-package-lock",
      `${name}@${major}`,
    ];
    const result = spawnSync(windows ? "npm.cmd" : "npm", args, {
      cwd: folder,
      encoding: "utf8",
      shell: windows,
    });
    if (!existsSync(binary)) throw new Error(`${name}@${major} could not be installed\n${result.stderr}`);
  }
  return binary;
}

/** Runs jest on that binary; what it prints is shown as it comes and kept. */
function runSuite(binary) {
  const jest = join(root, "node_modules", "jest", "bin", "jest.js");
  return new Promise((resolve, reject) => {
    const child = spawn(binary, [jest, ...jestArguments], {
      cwd: root,
      env: { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        process.stderr.write(text);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

const total = { passed: 0, failed: 0, skipped: 0 };
const table = [];
for (const major of versions) {
  const row = { version: major, passed: 0, failed: 0, skipped: 0, seconds: 0 };
  table.push(row);
  try {
    const binary = nodeBinary(major);
    row.version = spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout.trim();
    process.stderr.write(`\n=== Node ${row.version}\n`);
    const begin = performance.now();
    const { code, output } = await runSuite(binary);
    row.seconds = (performance.now() - begin) / 1000;
    const counts = [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1);
    row.passed = Number(counts?.[1] ?? 0);
    row.failed = Number(counts?.[2] ?? 0);
    row.skipped = Number(counts?.[3] ?? 0);
    if (code !== 0 && row.failed === 0) row.failed = 1;
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    row.failed = 1;
  }
  for (const key of Object.keys(total)) total[key] += row[key];
}

const line = (...cells) =>
  `${cells.map((cell, at) => (at === 0 ? cell.padEnd(12) : cell.padStart(9))).join("")}\n`;
let text = `\n${line("Node", "passed", "failed", "skipped", "seconds")}`;
for (const { version, passed, failed, skipped, seconds } of table) {
  text += line(version, String(passed), String(failed), String(skipped), seconds.toFixed(1));
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
process.stdout.write(`${text}\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
