// Stryker's runner of tests for `npm run mutation`. Its own for Jest loads every file of tests anew for each change, which
// takes seconds. This one loads a file once, and keeps it: changes are switched on and off in the code that is loaded.
//
// What a change did to a file that is kept must not be taken for what the next one does: a test that fails with a change
// has to pass without one right after that. Where it does not, the file is loaded anew, and the change tried again.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { strykerPlugins as plugins, strykerValidationSchema } from "@stryker-mutator/jest-runner";

const WAITING = Symbol.for("peng3dnet.mutation.waiting");
/** In the copy of the repository in which the tests run: which file each test is in, and how long it took. */
const KNOWN_TESTS = ".mutation-tests.json";
/** How many files are kept: each of them is some 50 MB. */
const MOST_KEPT = 8;
/** Limit for a test: so many times what it took without a change, and at least this, in milliseconds. */
const LIMIT_FACTOR = 3;
const LEAST_LIMIT = 4000;
/** A test whose limit is over, and that takes a larger part of it without a change, is given so many times the limit. */
const PART = 1 / 4;
const PATIENCE = 4;
const HIT_LIMIT_REACHED = "Stryker: Hit count limit reached";

const requireHere = createRequire(import.meta.url);
const requireOfCli = createRequire(createRequire(requireHere.resolve("jest")).resolve("jest-cli"));
const requireOfCore = createRequire(requireOfCli.resolve("@jest/core"));
const { readConfigs } = requireOfCli("jest-config");
const { default: Runtime } = requireOfCore("jest-runtime");
const requireOfConfig = createRequire(requireOfCli.resolve("jest-config"));
const { default: JestRunner } = requireOfConfig("jest-runner");
const circus = requireOfConfig.resolve("jest-circus/runner");

globalThis[WAITING] ??= new Map();

/** Files of tests that are loaded, the one used last at the end. */
class KeptFiles {
  #jestConfig;
  #jest;
  #kept = new Map();

  constructor(jestConfig) {
    this.#jestConfig = jestConfig;
  }

  async #ready() {
    const config = {
      ...this.#jestConfig,
      testRunner: fileURLToPath(new URL("kept-file.cjs", import.meta.url)),
      watchman: false,
    };
    const { globalConfig, configs } = await readConfigs(
      { $0: "", _: [], config: JSON.stringify(config), silent: true },
      [process.cwd()],
    );
    const context = await Runtime.createContext(configs[0], { maxWorkers: 1, watchman: false });
    return { globalConfig, context };
  }

  async #load(path, activeMutant) {
    this.#jest ??= this.#ready();
    const { globalConfig, context } = await this.#jest;
    const shared = { activeMutant };
    const runner = new JestRunner(globalConfig, {});
    let ended = Promise.resolve();
    let unlisten = () => {};
    const { run, end } = await new Promise((resolve, reject) => {
      globalThis[WAITING].set(path, { circus, shared, done: resolve });
      unlisten = runner.on("test-file-failure", ([, error]) =>
        reject(new Error(error.stack ?? error.message)),
      );
      ended = runner.runTests([{ context, path }], { isInterrupted: () => false }, { serial: true });
      ended.catch(reject);
    });
    const forget = async () => {
      end();
      await ended;
      unlisten();
    };
    return { run, shared, forget };
  }

  /** @param activeMutant - the change that is there while a file is loaded that is not kept; default none. */
  async get(path, activeMutant = "") {
    const kept = this.#kept.get(path) ?? (await this.#load(path, activeMutant));
    this.#kept.delete(path);
    this.#kept.set(path, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT) await this.forget(oldest);
    return kept;
  }

  isKept(path) {
    return this.#kept.has(path);
  }

  async forget(path) {
    const kept = this.#kept.get(path);
    this.#kept.delete(path);
    await kept?.forget();
  }

  async forgetAll() {
    for (const path of [...this.#kept.keys()]) await this.forget(path);
  }
}

class KeepingRunner {
  #inner;
  #files;
  #known;

  constructor(inner) {
    this.#inner = inner;
  }

  async init() {
    await this.#inner.init();
    this.#files = new KeptFiles(this.#inner.jestConfig);
  }

  capabilities() {
    return this.#inner.capabilities();
  }

  async dryRun(options) {
    const result = await this.#inner.dryRun(options);
    if (result.tests !== undefined) {
      const known = result.tests.map(({ id, fileName, timeSpentMs }) => ({ id, fileName, timeSpentMs }));
      writeFileSync(KNOWN_TESTS, JSON.stringify(known));
    }
    return result;
  }

  /** By file, the quickest first: the limit of each test that is to run, in milliseconds. */
  #plan(testFilter) {
    this.#known ??= JSON.parse(readFileSync(KNOWN_TESTS, "utf8"));
    const wanted = new Set(testFilter);
    const plan = new Map();
    for (const { id, fileName, timeSpentMs } of this.#known) {
      if (!wanted.has(id)) continue;
      const { limits, time } = plan.get(fileName) ?? { limits: new Map(), time: 0 };
      limits.set(id, Math.max(LEAST_LIMIT, LIMIT_FACTOR * timeSpentMs));
      plan.set(fileName, { limits, time: time + timeSpentMs });
    }
    return [...plan].sort(([, a], [, b]) => a.time - b.time);
  }

  async #tryIn(path, limits, { activeMutant, hitLimit = Number.POSITIVE_INFINITY }, onLoad = false) {
    const kept = await this.#files.get(path, onLoad ? activeMutant.id : undefined);
    Object.assign(kept.shared, { activeMutant: activeMutant?.id ?? "", hitLimit, hitCount: 0 });
    const result = await kept.run(limits);
    const { hitCount } = kept.shared;
    kept.shared.activeMutant = "";
    return { ...result, reached: hitCount > 0, endless: hitCount > hitLimit };
  }

  /** What comes of a change that is there when a file of tests is loaded, of which nothing is kept then. */
  async #runOnLoad(path, limits, options) {
    await this.#files.forget(path);
    try {
      return await this.#tryIn(path, limits, options, true);
    } catch (error) {
      // The file cannot even be loaded.
      return { passed: [], error: String(error.stack) };
    } finally {
      await this.#files.forget(path);
    }
  }

  /** What comes of a change in one file of tests. */
  async #runFile(path, limits, options, patient = false) {
    const wasKept = this.#files.isKept(path);
    const result = await this.#tryIn(path, limits, options);
    const { failure, error, endless } = result;
    if (failure === undefined && error === undefined && !endless) return result;
    if (failure !== undefined && error === undefined && !endless) {
      const { fullName } = failure;
      const limit = limits.get(fullName);
      const begin = performance.now();
      const control = await this.#tryIn(path, new Map([[fullName, limit]]), {});
      const passed =
        control.failure === undefined && control.error === undefined && control.passed.length === 1;
      const late = failure.failureMessages.some((text) => text.includes("Exceeded timeout"));
      if (passed && late && !patient && performance.now() - begin > limit * PART) {
        const longer = new Map([...limits].map(([name, each]) => [name, each * PATIENCE]));
        return await this.#runFile(path, longer, options, true);
      }
      if (passed) return result;
    }
    // Something of the change is left in what is loaded, or something of one before was.
    await this.#files.forget(path);
    return wasKept && !endless ? await this.#runFile(path, limits, options, patient) : result;
  }

  async mutantRun(options) {
    if (options.testFilter === undefined || options.mutantActivation === "static") {
      await this.#files.forgetAll();
      return await this.#inner.mutantRun(options);
    }
    const plan = this.#plan(options.testFilter);
    const { status, reached, ...rest } = await this.#runAll(plan, (...args) =>
      this.#runFile(...args, options),
    );
    if (status !== "survived" || reached) return { status, ...rest };
    // It was reached when the tests ran for the first time, and not now: it is in a module that a test loads.
    return await this.#runAll(plan, (...args) => this.#runOnLoad(...args, options));
  }

  async #runAll(plan, runFile) {
    let nrOfTests = 0;
    let anyReached = false;
    for (const [path, { limits }] of plan) {
      const { failure, passed, error, reached, endless } = await runFile(path, limits);
      nrOfTests += passed.length;
      anyReached ||= reached;
      if (endless) return { status: "timeout", reason: HIT_LIMIT_REACHED };
      if (failure === undefined && error === undefined) continue;
      // An error outside of any test: the program does not run at all.
      if (failure === undefined) return { status: "error", errorMessage: error };
      return {
        status: "killed",
        killedBy: [failure.fullName],
        failureMessage: failure.failureMessages.join("\n"),
        nrOfTests: nrOfTests + 1,
      };
    }
    return { status: "survived", nrOfTests, reached: anyReached };
  }

  async dispose() {
    await this.#files?.forgetAll();
  }
}

const createInner = plugins.find(({ name }) => name === "jest").factory;

function createRunner(injector) {
  return new KeepingRunner(injector.injectFunction(createInner));
}
createRunner.inject = ["$injector"];

export { strykerValidationSchema };
export const strykerPlugins = [{ kind: "TestRunner", name: "kept", factory: createRunner }];
