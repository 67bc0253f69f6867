import { ConfigError, checkKnownOptions, type OptionNames } from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import { LONGEST_DELAY } from "../time/timers.js";

/** How long a client waits from one attempt to connect to the next. */
export interface BackOffOptions {
  /** Seconds before the second attempt; it doubles with each further one. The first attempt is made at once. Default 0.25. */
  readonly delay?: number | undefined;
  /** Longest delay, in seconds. Default 5. */
  readonly maxDelay?: number | undefined;
}

const DELAY = 0.25;
/** Default of `maxDelay`, in seconds. */
export const MAX_DELAY = 5;

/** Checks what the options `resume` and `reconnect` have in common. @throws TypeError or {@link ConfigError} for what is none. */
export function checkReturn<T extends BackOffOptions>(
  name: "resume" | "reconnect",
  options: T,
  known: OptionNames<T>,
): void {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`${name} is true, false or an object of options, and not ${describeValue(options)}`);
  checkKnownOptions(`the option ${name}`, options, known);
  checkBackOff(options);
}

/** @throws {@link ConfigError} for delays that are none. */
export function checkBackOff({ delay = DELAY, maxDelay = MAX_DELAY }: BackOffOptions): void {
  checkSeconds("delay", delay, Number.MAX_VALUE);
  checkSeconds("maxDelay", maxDelay, Number.MAX_VALUE);
}

/** @throws {@link ConfigError} for what is no time, or none from above 0 up to `longest`. */
export function checkSeconds(key: string, value: unknown, longest: number): void {
  if (typeof value === "number" && value > 0 && value <= longest) return;
  throw new ConfigError(
    key,
    `the option "${key}" is a number of seconds above 0, and not ${describeValue(value)}`,
  );
}

/** How long to wait before an attempt at most, in milliseconds. @param attempt - how many were made before. */
export function longestPause(
  attempt: number,
  { delay = DELAY, maxDelay = MAX_DELAY }: BackOffOptions,
): number {
  if (attempt === 0) return 0;
  return 1000 * Math.min(maxDelay, delay * 2 ** (attempt - 1));
}

/**
 * How long to wait before an attempt, in milliseconds. Half of it is left to chance, so that many clients which lost their
 * server in one moment do not come back in one moment.
 *
 * @param attempt - how many were made before.
 */
export function backOff(attempt: number, options: BackOffOptions): number {
  return Math.min(longestPause(attempt, options) * (0.5 + Math.random() / 2), LONGEST_DELAY);
}
