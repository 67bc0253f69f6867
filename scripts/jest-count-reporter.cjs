// Prints `N passed, N failed` (and `, N skipped` if any) as the last line of a run. A test file that could not
// even be run counts as one failure. jest writes its own summary after all other reporters, hence the "exit".
//
// Before it, a line for each thing that the machine lacks: tests that need it are in a `describe.skip` whose title ends
// in `[needs what, and how to get it]`.

const { writeSync } = require("node:fs");

/** Lines that say how many tests did not run for want of something. */
function wants(testResults) {
  const counts = new Map();
  for (const { status, ancestorTitles } of testResults.flatMap((file) => file.testResults)) {
    if (status !== "pending") continue;
    for (const title of ancestorTitles) {
      const [, want] = /\[needs (.*)\]$/.exec(title) ?? [];
      if (want !== undefined) counts.set(want, (counts.get(want) ?? 0) + 1);
    }
  }
  return [...counts].map(([want, count]) => `${count} tests did not run, since they need ${want}\n`);
}

module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
    const lines = wants(results.testResults);
    // A forced exit closes the streams, but not the file descriptor.
    process.once("exit", () => writeSync(1, `${lines.join("")}${line}\n`));
  }
};
