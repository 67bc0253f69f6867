const wanted = process.env.PENG3DNET_COVERAGE === "1";

/** @type {import("jest").Config} */
module.exports = {
  rootDir: __dirname,
  roots: ["packages", "examples", "benchmarks", "fuzz", "tools/chromium", "tools/nats-server", "test"].map(
    (folder) => `<rootDir>/${folder}`,
  ),
  testEnvironment: "node",
  // For a machine that is slow, or busy with other things. No test waits for a time to pass.
  testTimeout: 30_000,
  testMatch: [
    "<rootDir>/packages/*/test/**/*.test.ts",
    "<rootDir>/examples/*/test/**/*.test.ts",
    "<rootDir>/benchmarks/test/**/*.test.ts",
    "<rootDir>/fuzz/test/**/*.test.ts",
    "<rootDir>/tools/*/test/**/*.test.ts",
    "<rootDir>/test/**/*.test.ts",
  ],
  modulePathIgnorePatterns: ["/dist/", "/\\.docs-code/"],
  extensionsToTreatAsEsm: [],
  moduleFileExtensions: ["ts", "js", "cjs", "mjs", "json", "node"],
  // Tests run the sources, never a build that may be old.
  moduleNameMapper: {
    "^@peng3dnet/(protocol|peer|core|browser|websocket|telemetry|cluster|ping|peng3d-events)$":
      "<rootDir>/packages/$1/src/index.ts",
    "^@peng3dnet/(peer|core|cluster)/testing$": "<rootDir>/packages/$1/src/testing.ts",
    "^@peng3dnet/ping/peer$": "<rootDir>/packages/ping/src/peer.ts",
    "^@peng3dnet/peer/transport$": "<rootDir>/packages/peer/src/transport.ts",
    "^@peng3dnet-internal/(chromium|nats-server)$": "<rootDir>/tools/$1/src/index.ts",
    "^@peng3dnet-examples/(cli)$": "<rootDir>/examples/$1/src/index.ts",
    "^@peng3dnet-examples/cli/page$": "<rootDir>/examples/cli/src/page.ts",
    "^(\\.{1,2}/.*)\\.js$": "$1",
  },
  transform: {
    "\\.[cm]?ts$": [
      "@swc/jest",
      {
        jsc: { target: "es2022", parser: { syntax: "typescript" }, keepClassNames: true },
        module: { type: "commonjs" },
        sourceMaps: "inline",
      },
    ],
    // arktype is ESM only; all other packages are left as they are.
    "/node_modules/.*\\.js$": ["@swc/jest", { module: { type: "commonjs" } }],
  },
  transformIgnorePatterns: ["/node_modules/(?!\\.pnpm/|arktype/|arkregex/|@ark/)"],
  // What a failed test leaves open must not keep a run from ending with its count; that nothing stays open after
  // a close is tested in processes of their own.
  forceExit: process.env.CI !== undefined,
  // Nobody else works on that machine. A worker that has grown is replaced: hundreds of files in one process spend
  // more and more of their time on collecting garbage.
  ...(process.env.CI !== undefined && { maxWorkers: "100%", workerIdleMemoryLimit: "1GB" }),
  reporters: ["default", "<rootDir>/scripts/jest-count-reporter.cjs"],
  collectCoverage: wanted,
  collectCoverageFrom: ["packages/*/src/**/*.ts", "!**/*.d.ts"],
  coverageProvider: "v8",
  coverageReporters: ["text", "lcovonly"],
  coverageThreshold: {
    "./packages/protocol/src/": { lines: 100 },
    "./packages/peer/src/": { lines: 95 },
    "./packages/core/src/": { lines: 95 },
  },
};
