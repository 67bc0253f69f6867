// Prints `N passed, N failed` (and `, N skipped` if any) as the last line of a run. A test file that could not
// even be run counts as one failure. jest writes its own summary after all other reporters, hence the "exit".

const { writeSync } = require("node:fs");

module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
    // A forced exit closes the streams, but not the file descriptor.
    process.once("exit", () => writeSync(1, `${line}\n`));
  }
};
