import { ConfigError } from "@peng3dnet/protocol";

/** Characters of a wrong value that an error shows. */
const SHOWN = 40;

/**
 * What is wrong with the `timeout` of a call, if anything: it is a number of seconds from 0, fractions and `Infinity`
 * included, or left out.
 */
export function timeoutError(timeout: unknown): ConfigError | undefined {
  if (timeout === undefined || (typeof timeout === "number" && timeout >= 0)) return undefined;
  return new ConfigError(
    "timeout",
    `the option "timeout" cannot be ${describe(timeout)}; allowed: a number of seconds from 0, fractions and Infinity included`,
  );
}

/**
 * Checks the `timeout` of a call, before the call does anything.
 *
 * @param timeout - what the caller gave: seconds as a number from 0, fractions and `Infinity` included, or `undefined`.
 * @throws {@link ConfigError} whose `key` is `"timeout"`.
 */
export function checkTimeout(timeout: unknown): void {
  const error = timeoutError(timeout);
  if (error !== undefined) throw error;
}

function describe(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value);
  }
  if (value === null || typeof value === "number") return String(value);
  return `a value of type ${typeof value}`;
}
