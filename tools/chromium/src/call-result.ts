/** What a call came to. */
export interface CallResult {
  readonly value?: unknown;
  /** What was thrown: the message, and the stack where there is one. */
  readonly error?: string;
}
