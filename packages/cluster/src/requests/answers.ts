import {
  BadDataError,
  type EncodedBody,
  InvalidStateError,
  isInstance,
  NotRegisteredError,
  RequestClosedError,
  RequestError,
  TimedOutError,
  TooManyRequestsError,
} from "@peng3dnet/peer";

/**
 * What became of a request on the node that has the client:
 *
 * - `"answered"`: the bytes are the answer;
 * - `"refused"`: the client, or the library there, said no, with `code`, `message`, and data in the bytes;
 * - `"closed"`: the connection is closed, `code` is the outcome and `message` the reason;
 * - `"failed"`: it was not sent, `code` is that of the error;
 * - `"kicked"`: `code` is `"closed"` or `"absent"`.
 */
export type Outcome = "answered" | "refused" | "closed" | "failed" | "kicked";

/** An answer, as it travels. */
export interface AnswerParts {
  readonly outcome: Outcome;
  readonly code: string;
  readonly message: string | null;
  /** A value, encoded. */
  readonly body?: EncodedBody | undefined;
}

/** Longest code of an error that clients tell. */
const LONGEST_CODE = 64;
/** Characters of a message that travel. */
const LONGEST_MESSAGE = 1000;

/** Tells an error of a request to the node that has asked. @param encode - encodes the data of an error. */
export function answerOf(error: unknown, encode: (data: unknown) => EncodedBody): AnswerParts {
  if (isInstance(error, RequestError)) {
    const { code, data } = error;
    return { outcome: "refused", code, message: cut(error.message), body: encode(data) };
  }
  if (isInstance(error, RequestClosedError)) {
    const { outcome, reason } = error;
    return { outcome: "closed", code: outcome, message: reason === null ? null : cut(reason) };
  }
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
  return { outcome: "failed", code: typeof code === "string" ? code : "", message: cut(String(message)) };
}

/** As much of a text as travels: its beginning. */
export function cut(text: string): string {
  return text.slice(0, LONGEST_MESSAGE);
}

/** Whether a text can be the code of a {@link RequestError}: other nodes may say any. */
export function isErrorCode(code: string): boolean {
  return code.length > 0 && code.length <= LONGEST_CODE;
}

/** The error of a request that was not answered, for whoever asked. @param name - that of the request. */
export function closedError(
  name: string,
  outcome: "notsent" | "unknown",
  {
    why,
    reason = null,
    cause,
  }: { readonly why: string; readonly reason?: string | null; readonly cause?: unknown },
): RequestClosedError {
  const what =
    outcome === "notsent"
      ? `"${name}" was not sent`
      : `"${name}" was not answered; whether it was carried out is not known`;
  return new RequestClosedError(`${why}: ${what}`, reason, outcome, { cause });
}

/** The error that the other node told, as the caller of a request gets it. */
export function errorOf(name: string, { outcome, code, message }: AnswerParts): Error {
  const text = message ?? "";
  if (outcome === "closed") {
    return closedError(name, code === "notsent" ? "notsent" : "unknown", {
      why: "the connection of the client is closed",
      reason: message,
    });
  }
  if (outcome !== "failed") return new BadDataError(`the other node's answer to "${name}" is none`);
  switch (code) {
    case "P3D_ERR_TIMED_OUT":
      return new TimedOutError(text);
    case "P3D_ERR_TOO_MANY_REQUESTS":
      return new TooManyRequestsError(text);
    case "P3D_ERR_NOT_REGISTERED":
      return new NotRegisteredError(`the node that has the client: ${text}`);
    case "P3D_ERR_INVALID_STATE":
      return new InvalidStateError(text);
    default:
      return closedError(name, "notsent", { why: `the node that has the client refused it (${text})` });
  }
}
