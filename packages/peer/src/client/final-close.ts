import { ClosedError, type CloseInfo, isInstance, UsageError } from "@peng3dnet/protocol";

/** Reasons behind which there may be a server that lets the client in, a moment later. */
const PASSING: ReadonlySet<string | null> = new Set([
  "servershutdown",
  "serverdraining",
  "serverfull",
  "socketclose",
  "handshaketimeout",
  "timeout",
  "heartbeattimeout",
  "slowconsumer",
  "inputoverflow",
  "internalerror",
  "resumeexpired",
  "resumeunknown",
  "resumerefused",
  "resumegap",
  "resumeregistry",
  "resumeevicted",
  "resumeoverflow",
  "resumeelsewhere",
  "resumeunreadable",
]);

/** What an operating system says of a line that was cut. */
const CUT: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE"]);

/**
 * Whether a client that was closed so need not connect again: what either application said with a reason of its own, such as a
 * kick, or with none; what would go wrong again, such as other packets, another version, a certificate, or a mistake of the
 * program. All else may be otherwise a moment later: a server that restarts or is full, a line that broke, a session that could
 * not be resumed.
 *
 * It is what the option `reconnect` of a client goes by. A function `when` of your own may ask it, too.
 */
export function isFinalClose({ reason, error }: CloseInfo): boolean {
  if (isInstance(error, UsageError) && !isInstance(error, ClosedError)) return true;
  // A server that is about to go may cut the line within the TLS handshake.
  if (reason === "tlsfailed") return !CUT.has((error?.cause as { code?: unknown } | undefined)?.code);
  return !PASSING.has(reason);
}
