#!/usr/bin/env node
import { createRequire } from "node:module";
import { EXIT_OUTPUT, run } from "./command/run.js";

/** Milliseconds that the process waits at its end for what is left, e.g. the look-up of a name that nobody needs any more. */
const LEFTOVERS = 100;

const { stdout, stderr, env } = process;
const interrupt = new AbortController();
const manifest: unknown = createRequire(import.meta.url)("@peng3dnet/ping/package.json");

// The first signal ends the command with a summary. The next one has no listener and ends the process at once.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupt.abort());
stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  // Whoever read the output is gone, as with `| head`.
  if (code === "EPIPE") process.exit();
  stderr.write(`peng3dnet-ping: the output cannot be written: ${message}\n`);
  process.exit(EXIT_OUTPUT);
});
// Where not even that can be said, the exit code still tells it: an error that nobody hears would end the process with 1.
stderr.on("error", () => {});

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => void stdout.write(text),
  err: (text) => void stderr.write(text),
  terminal: stdout.isTTY === true && env.TERM !== "dumb",
  colours: (env.NO_COLOR ?? "") === "",
  columns: () => stdout.columns ?? 80,
  version: (manifest as { version: string }).version,
  signal: interrupt.signal,
});
stdout.write("", () => setTimeout(() => process.exit(), LEFTOVERS).unref());
