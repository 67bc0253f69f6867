import { EnvironmentError, type Peng3dnetErrorOptions } from "./families.js";

/**
 * Why a session was not resumed:
 *
 * - `"resumeexpired"`: its client did not come back in time (`net.resume.window`).
 * - `"resumeunknown"`: the server has no such session, or the ticket is another one.
 * - `"resumerefused"`: the server's application did not let it in, its certificate is another one, or its connection is less secure
 *   than before.
 * - `"resumegap"`: what one side has received does not fit what the other one has kept.
 * - `"resumeregistry"`: the server's registry is not that which the session began with.
 * - `"resumeevicted"`: too many sessions waited (`net.resume.sessions`, `net.resume.sessions.address`).
 * - `"resumeoverflow"`: more piled up meanwhile than may (`net.resume.bytes`).
 * - `"resumeelsewhere"`: another server has the session, and the client does not go there: see the option `redirect` of `resume`.
 * - `"resumeunreadable"`: what was saved of it is damaged, of another version, or for another connection type.
 */
export type ResumeFailure =
  | "resumeexpired"
  | "resumeunknown"
  | "resumerefused"
  | "resumegap"
  | "resumeregistry"
  | "resumeevicted"
  | "resumeoverflow"
  | "resumeelsewhere"
  | "resumeunreadable";

/** Options of a {@link ResumeError}. */
export interface ResumeErrorOptions extends Peng3dnetErrorOptions {
  /** Where the session is. */
  readonly address?: string | undefined;
}

/**
 * A session whose transport broke was not resumed, so that the connection is over.
 *
 * Its close reason is a {@link ResumeFailure}, or what the server gave as its reason when the client came back.
 */
export class ResumeError extends EnvironmentError {
  override name = "ResumeError";
  readonly code = "P3D_ERR_RESUME";
  override readonly closeReason: string;
  /** Why: a {@link ResumeFailure}, or what the server gave as its reason, `null` if it gave none. */
  readonly reason: string | null;
  /** Where the session is, as a server named it for a client that asked for that; it may be any text. Else `undefined`. */
  readonly address: string | undefined;

  /** @param reason - why; `null`, if the server said nothing, counts as `"resumerefused"`. */
  constructor(
    message: string,
    reason: ResumeFailure | (string & {}) | null,
    options: ResumeErrorOptions = {},
  ) {
    super(message, options);
    this.address = options.address;
    this.reason = reason;
    this.closeReason = reason ?? "resumerefused";
  }
}

/** Reasons of a server that may be others a moment later. */
const PASSING: ReadonlySet<string | null> = new Set([
  "serverfull",
  "handshaketimeout",
  "timeout",
  "heartbeattimeout",
  "slowconsumer",
  "socketclose",
  "internalerror",
]);

/**
 * Whether a client that was refused with a reason when it came back need not try again: nearly always, e.g. with a
 * {@link ResumeFailure}, with `"servershutdown"`, and with reasons of an application, such as a kick. It may try again where a
 * server was full or slow, or the connection broke.
 *
 * @param reason - that the server gave; `null`: none.
 */
export function endsResumption(reason: string | null): boolean {
  return !PASSING.has(reason);
}
