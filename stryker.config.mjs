// How `npm run mutation` changes the code and runs the tests; `scripts/mutation.mjs` says which files.

export default {
  ignorers: ["names-of-methods"],
  // A change runs only those tests that reach it.
  coverageAnalysis: "perTest",
  // The tests to run follow from the package, not from who imports what.
  jest: { projectType: "custom", configFile: "jest.config.cjs", enableFindRelatedTests: false },
  // What runs once, when a module is loaded, counts as reached by every test.
  ignoreStatic: true,
  incremental: true,
  tempDirName: ".mutation/tmp",
  cleanTempDir: "always",
  ignorePatterns: [".mutation", "coverage", ".turbo", ".docs-code"],
  // Tests that wait for what a broken link never brings end by the limit of Jest; this ends endless loops.
  timeoutMS: 6000,
  timeoutFactor: 2,
};
