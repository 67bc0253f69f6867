import { Peng3dnetError } from "@peng3dnet/core";
import { ArgumentError, type Arguments, type Flags, type ProgramSpec, parseArguments } from "./arguments.js";
import { printable } from "./text.js";

/** Ends the program with exit code 1; its message is all that the user has to be told. */
export class ProgramError extends Error {}

/**
 * Runs a program from its command line to its exit code: 0, 1 if it failed, 2 if it was called wrongly.
 *
 * @param main - the program. The signal fires when the user presses Ctrl+C, when the process is told to end,
 * or when nobody reads its output any more; the program then has to come to its end. A second Ctrl+C kills it.
 */
export async function runProgram<F extends Flags>(
  spec: ProgramSpec<F>,
  main: (args: Arguments<F>, interrupted: AbortSignal) => Promise<void>,
): Promise<void> {
  const interrupted = interruption();
  try {
    const args = parseArguments(spec, process.argv.slice(2));
    if (typeof args === "string") console.log(args);
    else await main(args, interrupted);
  } catch (error) {
    // What fails because the user stopped it did not fail.
    if (interrupted.aborted && error instanceof Peng3dnetError) return;
    process.exitCode = explain(spec.name, error);
  }
}

/** Prints what went wrong in one line. @returns the exit code. Anything unexpected is thrown on. */
function explain(name: string, error: unknown): number {
  if (error instanceof ArgumentError) {
    console.error(`${name}: ${error.message} (--help shows the usage)`);
    return 2;
  }
  if (error instanceof Peng3dnetError || error instanceof ProgramError) {
    console.error(`${name}: ${printable(error.message)}`);
    return 1;
  }
  throw error;
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") {
      interrupt();
      return;
    }
    console.error(`the output cannot be written: ${error.message}`);
    process.exit(1);
  });
  return controller.signal;
}
