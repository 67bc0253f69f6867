import { ConnectionClosedError } from "./closed-errors.js";
import { EnvironmentError, Peng3dnetError, type Peng3dnetErrorOptions } from "./families.js";

/** Longest code of a {@link RequestError}, in characters. */
export const MAX_REQUEST_CODE = 64;

/**
 * The other side's "no" to a request. A handler throws it, and the caller's promise rejects with one that says the same:
 * code, message and data travel, stack and cause do not.
 *
 * @typeParam Code - what went wrong, e.g. `"soldout"`.
 * @typeParam Data - what the caller is told beside the message.
 */
export class RequestError<Code extends string = string, Data = unknown> extends Peng3dnetError {
  override name = "RequestError";
  /** Lets another copy of this package see what it is: a program may have two, and `instanceof` says no then. */
  readonly "~peng3dnet" = "requesterror";
  /**
   * What went wrong: a word that the handler chose, or one of the library's: `"internalerror"`, `"badrequest"`,
   * `"nohandler"` and `"busy"`.
   */
  readonly code: Code;
  /** What the handler says beside the message; `null` if nothing. */
  readonly data: Data;

  /**
   * @param message - for people. What has come from another peer is escaped and cut.
   * @throws TypeError if `code` is no string of 1 to 64 characters.
   */
  constructor(code: Code, message = "", data: Data = null as Data, options?: Peng3dnetErrorOptions) {
    super(message, options);
    if (!isRequestCode(code))
      throw new TypeError(`the code of a RequestError is a string of 1 to ${MAX_REQUEST_CODE} characters`);
    this.code = code;
    this.data = data;
  }
}

/** Whether a value can be the code of a {@link RequestError}. */
export function isRequestCode(code: unknown): code is string {
  return typeof code === "string" && code.length > 0 && code.length <= MAX_REQUEST_CODE;
}

/** What is known of a request that got no answer: it cannot have reached a handler, or it may have. */
export type RequestOutcome = "notsent" | "unknown";

/** The connection was closed before a request was answered. */
export class RequestClosedError extends ConnectionClosedError {
  override name = "RequestClosedError";
  override readonly code = "P3D_ERR_REQUEST_CLOSED";
  /**
   * `"notsent"`: the request cannot have reached a handler, so that it may be made again. `"unknown"`: it may have been
   * carried out, wholly or in part, or not at all.
   */
  readonly outcome: RequestOutcome;

  constructor(
    message: string,
    reason: string | null,
    outcome: RequestOutcome = "unknown",
    options?: Peng3dnetErrorOptions,
  ) {
    super(message, reason, options);
    this.outcome = outcome;
  }
}

/** As many requests of this side wait for an answer on a connection as may (`net.limits.requests`). Nothing was sent. */
export class TooManyRequestsError extends EnvironmentError {
  override name = "TooManyRequestsError";
  readonly code = "P3D_ERR_TOO_MANY_REQUESTS";
}
