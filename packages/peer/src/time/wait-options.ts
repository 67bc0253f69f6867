import { ConfigError, type OptionNames, optionComplaint } from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";

/** How long a call waits. */
export interface WaitOptions {
  /**
   * Seconds to wait at most, fractions included. With 0, what has not happened yet is a time-out now. `Infinity` or left
   * out: as long as it takes.
   */
  readonly timeout?: number | undefined;
  /** Gives up when it fires. */
  readonly signal?: AbortSignal | undefined;
}

const WAIT_OPTIONS: OptionNames<WaitOptions> = { timeout: true, signal: true };

/**
 * What is wrong with the options of a call that waits, if anything. TypeScript lets those of a variable pass, and JavaScript all:
 * a wait that heeds nothing of what it was given may never end.
 *
 * @param known - the names of the options, for a call that has more of them.
 */
export function waitError(options: WaitOptions, known: object = WAIT_OPTIONS): Error | undefined {
  if (typeof options !== "object" || options === null) {
    return new TypeError(
      `the options of a wait are an object, such as { timeout: 5 }, and not ${describeValue(options)}`,
    );
  }
  const { timeout, signal } = options;
  return timeoutError(timeout) ?? signalError(signal) ?? misspelt(options, known);
}

/**
 * Checks the options of a call that waits, before the call does anything.
 *
 * @throws {@link ConfigError} whose `key` is the option; TypeError for what is no object.
 */
export function checkWait(options: WaitOptions, known?: object): void {
  const error = waitError(options, known);
  if (error !== undefined) throw error;
}

/**
 * What is wrong with the `timeout` of a call, if anything: it is a number of seconds from 0, fractions and `Infinity`
 * included, or left out.
 */
function timeoutError(timeout: unknown): ConfigError | undefined {
  if (timeout === undefined || (typeof timeout === "number" && timeout >= 0)) return undefined;
  return new ConfigError(
    "timeout",
    `the option "timeout" cannot be ${describeValue(timeout)}; allowed: a number of seconds from 0, fractions and Infinity included`,
  );
}

/** Whether something is an `AbortSignal` is told by what is used of it: there is more than one class of them. */
function signalError(signal: Partial<AbortSignal> | undefined): ConfigError | undefined {
  if (signal === undefined) return undefined;
  const usable = typeof signal === "object" && typeof signal?.addEventListener === "function";
  if (usable && typeof signal.aborted === "boolean") return undefined;
  return new ConfigError(
    "signal",
    `the option "signal" cannot be ${describeValue(signal)}; allowed: an AbortSignal, such as that of an AbortController`,
  );
}

function misspelt(options: object, known: object): ConfigError | undefined {
  // Calls hand their options on to others, so that there may be more: what looks mistyped is refused alone.
  const found = optionComplaint("a wait", options, known, false);
  return found && new ConfigError(...found);
}
