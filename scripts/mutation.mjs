// Changes the code in thousands of small ways and looks which of them no test notices.
//
//   npm run mutation -- PACKAGE [--files GLOB] [--tests GLOB] [--static] [--anew] [--longest MS] [--concurrency N]
//
// A second run looks only at what has changed since: what came of each change is kept in `.mutation`.

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What is changed of each package, below its `src`. */
const MUTATED = {
  protocol: ["**/*.ts"],
  peer: ["**/*.ts"],
  core: ["**/*.ts"],
  ping: ["**/*.ts"],
  "peng3d-events": ["**/*.ts"],
};

/** What is left out: no test of a package runs these in its own process. */
const LEFT_OUT = ["**/index.ts", "**/cli.ts"];

/** Packages whose tests need nothing but modules: all of them are loaded at once. */
const LOADED = ["protocol"];

const NOTICED = ["Killed", "Timeout"];
const LONGEST_SHOWN = 60;

function usage(message) {
  console.error(message);
  console.error(
    `usage: npm run mutation -- PACKAGE [--files GLOB] [--tests GLOB] [--static] [--anew] [--longest MS] [--concurrency N]\nPACKAGE is one of ${Object.keys(MUTATED).join(", ")}.`,
  );
  process.exit(2);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        files: { type: "string", multiple: true },
        tests: { type: "string", multiple: true },
        static: { type: "boolean" },
        anew: { type: "boolean" },
        longest: { type: "string" },
        concurrency: { type: "string", default: "1" },
      },
    });
    const [name, ...others] = positionals;
    if (name === undefined || !Object.hasOwn(MUTATED, name)) usage("Which package?");
    if (others.length > 0) usage("One package at a time.");
    return { ...values, name };
  } catch (error) {
    return usage(error.message);
  }
}

/** Text on one line, cut where it gets long. */
function short(text) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN - 1)}…` : line;
}

/** The text of a file between two places, as Stryker gives them: both count from 1. */
function between(text, { start, end }) {
  const lines = text.split("\n").slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join("\n");
}

/** `file:line  what stood there → what stands there now`. */
function describe({ fileName, location, replacement, status }) {
  const file = relative(root, fileName);
  const before = between(readFileSync(`${root}/${file}`, "utf8"), location);
  const unreached = status === "NoCoverage" ? "  (no test gets there)" : "";
  return `${file}:${location.start.line}  ${short(before)} → ${short(replacement ?? "")}${unreached}`;
}

/** How many have each status. */
function count(mutants) {
  const counts = { noticed: 0, survived: 0, unreached: 0, invalid: 0, static: 0 };
  for (const { status } of mutants) {
    if (NOTICED.includes(status)) counts.noticed++;
    else if (status === "Survived") counts.survived++;
    else if (status === "NoCoverage") counts.unreached++;
    else if (status === "Ignored") counts.static++;
    else counts.invalid++;
  }
  return counts;
}

function line(what, mutants) {
  const { noticed, survived, unreached, invalid, static: ignored } = count(mutants);
  const judged = noticed + survived + unreached;
  const score = judged === 0 ? "–" : `${((100 * noticed) / judged).toFixed(1)} %`;
  const others = [
    ...(ignored > 0 ? [`${ignored} run only on loading, left out`] : []),
    ...(invalid > 0 ? [`${invalid} do not run`] : []),
  ];
  return `${what}: ${judged} changes, ${noticed} noticed, ${survived} survived, ${unreached} not reached: ${score}${others.length > 0 ? ` (${others.join(", ")})` : ""}`;
}

const { name, files, tests, static: withStatic, anew, longest, concurrency } = readArguments();
const source = `packages/${name}/src`;
const incrementalFile = `.mutation/${name}.json`;
process.chdir(root);
mkdirSync(".mutation", { recursive: true });
if (anew && existsSync(incrementalFile)) rmSync(incrementalFile);

const begun = Date.now();
const mutants = await new Stryker({
  configFile: "stryker.config.mjs",
  testRunner: LOADED.includes(name) ? "loaded" : "kept",
  plugins: ["runner", "loaded"].map((file) => `${root}scripts/mutation/${file}.mjs`),
  mutate: [
    ...(files ?? MUTATED[name]).map((glob) => `${source}/${glob}`),
    ...LEFT_OUT.map((glob) => `!${source}/${glob}`),
  ],
  incrementalFile,
  concurrency: Number(concurrency),
  ...(withStatic && { ignoreStatic: false }),
  ...(longest !== undefined && { loaded: { longest: Number(longest) } }),
  reporters: [process.stdout.isTTY ? "progress" : "progress-append-only"],
  logLevel: "error",
  jest: {
    projectType: "custom",
    configFile: "jest.config.cjs",
    enableFindRelatedTests: false,
    config: {
      roots: [`<rootDir>/packages/${name}`],
      testMatch: (tests ?? ["**/*.test.ts"]).map((glob) => `<rootDir>/packages/${name}/**/${glob}`),
      reporters: [],
      collectCoverage: false,
    },
  },
}).runMutationTest();

const places = new Map();
for (const mutant of mutants) {
  const file = relative(root, mutant.fileName);
  if (!file.startsWith(source)) continue;
  places.set(file, [...(places.get(file) ?? []), mutant]);
}
console.log();
for (const [file, own] of [...places].sort()) console.log(line(file, own));
const all = [...places.values()].flat();
const missed = all.filter(({ status }) => status === "Survived" || status === "NoCoverage").map(describe);
if (missed.length > 0) console.log(`\nNot noticed:\n${missed.join("\n")}`);
if (files !== undefined) {
  // Of the other files, what came of them when they were looked at last.
  const { files: known } = JSON.parse(readFileSync(incrementalFile, "utf8"));
  const before = Object.entries(known).filter(([file]) => file.startsWith(source) && !places.has(file));
  if (before.length > 0) {
    for (const [file, { mutants: own }] of before.sort()) console.log(line(`before, ${file}`, own));
    console.log(line(`${name}, as far as known`, [...all, ...before.flatMap(([, { mutants: own }]) => own)]));
  }
}
console.log(
  `\n${line(name, all)}, in ${Math.round((Date.now() - begun) / 1000)} s, on ${new Date().toISOString().slice(0, 10)}`,
);
