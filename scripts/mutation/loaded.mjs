// Stryker's runner of tests for a package whose tests need nothing but modules, such as `protocol`: it loads all of them once,
// into one copy of the code, without Jest. What `runner.mjs` does file by file takes as long as the tests here, however many
// files reach a change. Inline snapshots are not compared.
//
// A test that fails with a change is run again without it. If it fails then, too, something was left behind, and all is
// loaded anew. What a change leaves behind in a cache of a module may keep the next one from being noticed.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { join, relative } from "node:path";

/** How long a test may take that waits for something, in milliseconds. */
const LONGEST_WAIT = 5000;
/** How long each test took, for the next run: beside the copy of the repository that this works in. */
const DURATIONS = "../../durations.json";
/** Tests that take less than so many milliseconds are tried first, as far as they noticed something lately. */
const SHORT = 50;

const require = createRequire(import.meta.url);

/** A module that comes with jest, by way of those that depend on it. */
function ofJest(...path) {
  const name = path.pop();
  return path.reduce((from, next) => createRequire(from.resolve(next)), require)(name);
}

const circus = ["jest", "@jest/core", "jest-config", "jest-circus"];
const { jestExpect } = ofJest(...circus, "@jest/expect");
const { bind } = ofJest(...circus, "jest-each");
const mocker = new (ofJest("jest-environment-node", "jest-mock").ModuleMocker)(globalThis);
const micromatch = ofJest("jest", "@jest/core", "micromatch");
const swc = require("@swc/core");

// What it compares with stands in the test's source, which only jest can read.
jestExpect.extend({ toMatchInlineSnapshot: () => ({ pass: true, message: () => "" }) });

/** Compiles TypeScript as jest's configuration says, and finds sources for the names of packages. */
function prepareLoading(root, config) {
  const mapped = Object.entries(config.moduleNameMapper).map(([from, to]) => [
    new RegExp(from),
    to.replace("<rootDir>", root),
  ]);
  const compiled = new Map();
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (name, from, ...others) {
    if (from?.filename?.endsWith(".ts")) {
      for (const [pattern, to] of mapped) {
        if (!pattern.test(name)) continue;
        const target = name.replace(pattern, to);
        for (const ending of ["", ".ts"]) {
          try {
            return resolve.call(this, target + ending, from, ...others);
          } catch {}
        }
      }
    }
    return resolve.call(this, name, from, ...others);
  };
  const [, options] = Object.values(config.transform)[0];
  Module._extensions[".ts"] = (module, filename) => {
    if (!compiled.has(filename)) {
      const source = readFileSync(filename, "utf8");
      compiled.set(
        filename,
        swc.transformSync(source, { ...options, filename, swcrc: false, configFile: false }).code,
      );
    }
    module._compile(compiled.get(filename), filename);
  };
  // Packages below node_modules stay loaded.
  return () => {
    for (const file of Object.keys(require.cache)) if (file.endsWith(".ts")) delete require.cache[file];
  };
}

/** What test files call, and the tests that they have described. */
class Collection {
  tests = new Map();
  #file = "";
  #block = { name: "", parent: undefined, before: [], after: [] };

  load(root, file) {
    this.#file = relative(root, file);
    const require = createRequire(file);
    require(file);
  }

  globals() {
    const describe = (name, body) => {
      const parent = this.#block;
      this.#block = { name: `${parent.name}${name} `, parent, before: [], after: [] };
      try {
        body();
      } finally {
        this.#block = parent;
      }
    };
    const test = (name, body) => this.#add(name, body);
    describe.each = bind(describe, false);
    test.each = bind(test, true);
    return {
      describe,
      test,
      it: test,
      expect: jestExpect,
      jest: {
        fn: mocker.fn.bind(mocker),
        spyOn: mocker.spyOn.bind(mocker),
        restoreAllMocks: mocker.restoreAllMocks.bind(mocker),
      },
      beforeEach: (body) => this.#block.before.push(body),
      afterEach: (body) => this.#block.after.unshift(body),
    };
  }

  #add(name, body) {
    const full = `${this.#file}: ${this.#block.name}${name}`;
    let id = full;
    for (let copy = 2; this.tests.has(id); copy++) id = `${full} (${copy})`;
    const before = [];
    const after = [];
    for (let block = this.#block; block !== undefined; block = block.parent) {
      before.unshift(block.before);
      after.push(block.after);
    }
    this.tests.set(id, { id, name: full, fileName: this.#file, body, before, after });
  }
}

/** What a function returns or settles to, unless it takes too long. */
async function settled(body) {
  const result =
    body.length > 0 ? new Promise((resolve, reject) => body((e) => (e ? reject(e) : resolve()))) : body();
  if (typeof result?.then !== "function") return;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came within ${LONGEST_WAIT} ms.`)), LONGEST_WAIT);
  });
  try {
    await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a test failed with. */
async function failure({ body, before, after }) {
  let failed;
  const guarded = async (step) => {
    try {
      await settled(step);
    } catch (error) {
      failed ??= String(error?.stack ?? error) || "failed";
    }
  };
  jestExpect.setState({ assertionCalls: 0, expectedAssertionsNumber: null, isExpectingAssertions: false });
  for (const step of before.flat()) await guarded(step);
  if (failed === undefined) await guarded(body);
  for (const step of after.flat()) await guarded(step);
  return failed;
}

/** What the changed code looks at, and writes to. */
function strykerState() {
  globalThis.__stryker__ ??= {};
  return globalThis.__stryker__;
}

class LoadedTestRunner {
  static inject = ["options"];
  #root = process.cwd();
  #stryker = strykerState();
  #patterns;
  #tests = new Map();
  #unload;
  #took = new Map();
  #noticers = [];
  #longest;

  constructor(options) {
    this.#patterns = options.jest.config.testMatch;
    this.#longest = options.loaded?.longest ?? Number.POSITIVE_INFINITY;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  init() {
    process.on("unhandledRejection", () => {});
    const config = require(join(this.#root, "jest.config.cjs"));
    this.#unload = prepareLoading(this.#root, config);
    if (existsSync(DURATIONS)) this.#took = new Map(JSON.parse(readFileSync(DURATIONS, "utf8")));
  }

  #load() {
    this.#unload();
    const collection = new Collection();
    Object.assign(globalThis, collection.globals());
    for (const file of this.#files()) collection.load(this.#root, join(this.#root, file));
    this.#tests = collection.tests;
  }

  #files() {
    const patterns = this.#patterns.map((pattern) => pattern.replace("<rootDir>/", ""));
    const all = readdirSync(join(this.#root, "packages"), { recursive: true }).map(
      (file) => `packages/${file}`,
    );
    return micromatch(all, patterns).sort();
  }

  async dryRun({ coverageAnalysis }) {
    this.#stryker.activeMutant = undefined;
    this.#load();
    const tests = [];
    for (const test of this.#quick([...this.#tests.values()])) {
      const { id, name, fileName } = test;
      if (coverageAnalysis === "perTest") this.#stryker.currentTestId = id;
      const begun = process.cpuUsage();
      const failed = await failure(test);
      const { user, system } = process.cpuUsage(begun);
      const timeSpentMs = (user + system) / 1000;
      this.#took.set(id, timeSpentMs);
      const result = { id, name, fileName: join(this.#root, fileName), timeSpentMs };
      tests.push(
        failed === undefined ? { ...result, status: 0 } : { ...result, status: 1, failureMessage: failed },
      );
    }
    this.#stryker.currentTestId = undefined;
    writeFileSync(DURATIONS, JSON.stringify([...this.#took]));
    return { status: "complete", tests, mutantCoverage: this.#stryker.mutantCoverage };
  }

  async mutantRun({ activeMutant, mutantActivation, reloadEnvironment, testFilter, hitLimit }) {
    const isStatic = mutantActivation === "static";
    for (let fresh = false; ; fresh = true) {
      this.#stryker.activeMutant = isStatic ? activeMutant.id : undefined;
      this.#stryker.hitCount = hitLimit === undefined ? undefined : 0;
      this.#stryker.hitLimit = hitLimit;
      try {
        if (fresh || reloadEnvironment || this.#tests.size === 0) this.#load();
      } catch (error) {
        this.#tests = new Map();
        return { status: "killed", killedBy: [], failureMessage: String(error), nrOfTests: 0 };
      }
      const tests = this.#ordered(testFilter);
      const found = await this.#firstFailure(tests, activeMutant.id);
      this.#stryker.activeMutant = undefined;
      if (isStatic) this.#tests = new Map();
      if (found === undefined) return { status: "survived", nrOfTests: tests.length };
      const { test, failed } = found;
      const result = {
        status: "killed",
        killedBy: [test.id],
        failureMessage: failed,
        nrOfTests: tests.length,
      };
      if (isStatic) return result;
      this.#stryker.hitCount = undefined;
      const leftBehind = await failure(test);
      if (leftBehind === undefined) {
        this.#noticers = [test.id, ...this.#noticers.filter((id) => id !== test.id)].slice(0, 30);
        return result;
      }
      if (fresh) {
        this.#tests = new Map();
        return result;
      }
    }
  }

  async #firstFailure(tests, id) {
    this.#stryker.activeMutant = id;
    for (const test of tests) {
      const failed = await failure(test);
      if (failed !== undefined) return { test, failed };
      const { hitCount, hitLimit } = this.#stryker;
      if (hitCount > hitLimit) return { test, failed: "It did not end." };
    }
    return undefined;
  }

  /** Short tests that noticed the last changes, then all by how long they take. */
  #ordered(ids) {
    const took = (test) => this.#took.get(test.id) ?? 0;
    const all =
      ids === undefined ? [...this.#tests.values()] : ids.map((id) => this.#tests.get(id)).filter(Boolean);
    const rank = new Map(this.#noticers.map((id, place) => [id, place]));
    const key = (test) =>
      took(test) < SHORT && rank.has(test.id) ? rank.get(test.id) - this.#noticers.length : took(test);
    return this.#quick(all).sort((a, b) => key(a) - key(b));
  }

  #quick(tests) {
    return tests.filter((test) => (this.#took.get(test.id) ?? 0) <= this.#longest);
  }
}

/** Stryker stops at a method or getter whose name is a string, as it cannot put a choice there. */
const namesOfMethods = {
  shouldIgnore: (path) =>
    path.isStringLiteral() && path.key === "key" && path.parentPath.isClassMethod()
      ? "the name of a method"
      : undefined,
};

export const strykerPlugins = [
  { kind: "TestRunner", name: "loaded", injectableClass: LoadedTestRunner },
  { kind: "Ignore", name: "names-of-methods", value: namesOfMethods },
];
