import { ConfigError } from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
/**
 * What is wrong with the `timeout` of a call, if anything: it is a number of seconds from 0, fractions and `Infinity`
 * included, or left out.
 */
export function timeoutError(timeout) {
  if (timeout === undefined || (typeof timeout === "number" && timeout >= 0)) return undefined;
  return new ConfigError(
    "timeout",
    `the option "timeout" cannot be ${describeValue(timeout)}; allowed: a number of seconds from 0, fractions and Infinity included`,
  );
}
/**
 * Checks the `timeout` of a call, before the call does anything.
 *
 * @param timeout - what the caller gave: seconds as a number from 0, fractions and `Infinity` included, or `undefined`.
 * @throws {@link ConfigError} whose `key` is `"timeout"`.
 */
export function checkTimeout(timeout) {
  const error = timeoutError(timeout);
  if (error !== undefined) throw error;
}
//# sourceMappingURL=timeout-option.js.map
