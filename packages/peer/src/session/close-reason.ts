import { describeValue } from "../base/describe-value.js";

/** What is wrong with the reason of a close, if anything: the peer would find fault with it. */
export function reasonError(reason: unknown): TypeError | undefined {
  if (reason === null || typeof reason === "string") return undefined;
  return new TypeError(`a reason is a string or null, and not ${describeValue(reason)}`);
}

/** Checks the reason of a close, before the call does anything. @throws {TypeError} */
export function checkReason(reason: unknown): void {
  const error = reasonError(reason);
  if (error !== undefined) throw error;
}
