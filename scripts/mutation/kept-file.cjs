// Jest's `testRunner` of `runner.mjs`: loads a file of tests once, and then runs tests of it as often as it is asked to.

const { dirname, join } = require("node:path");

/** Where `runner.mjs` waits for a file that has been loaded. */
const WAITING = Symbol.for("peng3dnet.mutation.waiting");

const EVENTS = ["uncaughtException", "unhandledRejection", "rejectionHandled"];

function takeListeners() {
  return EVENTS.map((event) => [event, process.rawListeners(event)]);
}

function setListeners(all) {
  for (const [event, listeners] of all) {
    process.removeAllListeners(event);
    for (const listener of listeners) process.on(event, listener);
  }
}

function* testsOf(block) {
  for (const child of block.children) {
    if (child.type === "describeBlock") yield* testsOf(child);
    else yield child;
  }
}

/** What the tests of a file left in circus's state by the run before. */
function forget(state) {
  state.unhandledErrors = [];
  state.unhandledRejectionErrorByPromise.clear();
  for (const test of testsOf(state.rootDescribeBlock)) {
    test.errors = [];
    test.retryReasons = [];
    test.status = null;
    test.seenDone = false;
    test.unhandledRejectionErrorByPromise?.clear();
  }
}

module.exports = async function keepFile(globalConfig, config, environment, runtime, testPath) {
  const { circus, shared, done } = globalThis[WAITING].get(testPath);
  environment.global.__stryker__ = shared;
  const failed = { test: undefined };
  environment.handleTestEvent = (event) => {
    if (event.name === "test_done" && event.test.errors.length > 0) failed.test ??= event.test;
  };
  const { initialize, runAndTransformResultsToJestFormat } = runtime.requireInternalModule(
    join(dirname(circus), "jestAdapterInit.js"),
  );
  await initialize({
    config,
    environment,
    globalConfig,
    localRequire: runtime.requireModule.bind(runtime),
    parentProcess: process,
    runtime,
    setGlobalsForRuntime: runtime.setGlobalsForRuntime.bind(runtime),
    testPath,
  });
  const listeners = takeListeners();
  for (const path of config.setupFilesAfterEnv) runtime.requireModule(path);
  runtime.requireModule(testPath);

  const stateKey = Object.getOwnPropertySymbols(environment.global).find(
    (symbol) => environment.global[symbol]?.rootDescribeBlock !== undefined,
  );
  const state = environment.global[stateKey];

  // What goes for the whole file is set up once, and cleared away when the file is given up.
  const root = state.rootDescribeBlock;
  const endings = root.hooks.filter(({ type }) => type === "afterAll");
  root.hooks = root.hooks.filter(({ type }) => type !== "afterAll");

  /** Runs the tests of these full names until the first that fails; the limit of each is in milliseconds. */
  async function run(limits) {
    failed.test = undefined;
    forget(state);
    // For hooks, e.g. those that wait for what a test has left open.
    state.testTimeout = Math.max(...limits.values());
    setListeners(listeners);
    for (const test of testsOf(root)) {
      const names = [];
      for (let at = test; at?.parent !== undefined; at = at.parent) names.unshift(at.name);
      test.timeout = limits.get(names.join(" ")) ?? test.timeout;
    }
    state.testNamePattern = { test: (name) => failed.test === undefined && limits.has(name) };
    const { testResults, testExecError } = await runAndTransformResultsToJestFormat({
      config,
      globalConfig,
      setupAfterEnvPerfStats: {},
      testPath,
    });
    root.hooks = root.hooks.filter(({ type }) => type !== "beforeAll");
    setListeners(listeners);
    return {
      failure: testResults.find(({ status }) => status === "failed"),
      passed: testResults.filter(({ status }) => status === "passed").map(({ fullName }) => fullName),
      error: testExecError?.stack,
    };
  }

  await new Promise((end) => done({ run, end }));
  for (const { fn } of endings.reverse()) await fn();
  return {
    numPassingTests: 0,
    numFailingTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
    snapshot: {},
    perfStats: {},
  };
};
