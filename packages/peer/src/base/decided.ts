import { describeError, whenRejected } from "@peng3dnet/protocol";

/**
 * What a function of the application has decided. If anything else counted as a no, nobody would find out why it was one.
 *
 * @param rule - says what the function has to return, for the error.
 * @throws TypeError for what is neither true nor false, such as NaN, nothing at all, or a promise.
 */
export function decided(answer: unknown, rule: string): boolean {
  if (typeof answer === "boolean") return answer;
  // Nobody waits for a promise, and if that rejects, no process may end by it.
  whenRejected(answer, () => {});
  throw new TypeError(`${rule}, and returned ${describeError(answer)}`);
}
