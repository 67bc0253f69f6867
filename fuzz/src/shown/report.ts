let failed = false;

/** Prints a figure and whether it is as it should be; a program that has one that is not fails. */
export function show(what: string, figure: string, good: boolean): void {
  console.log(`${good ? "ok    " : "FAILED"} ${what}: ${figure}`);
  if (!good) {
    failed = true;
    process.exitCode = 1;
  }
}

/** Ends the program. */
export function finish(): never {
  process.exit(failed ? 1 : 0);
}
