import { CLOSE_REASONS, type CloseInfo, closeReasonOf } from "@peng3dnet/protocol";

/** What the close reasons of resumption begin with. */
const RESUME = "resume";

/** How the session of a connection ended that waited for another line, in one of a fixed set of words. */
export function resumptionEnd({ error, reason }: CloseInfo): string {
  if (error === undefined) return reason === "saved" ? "saved" : "closed";
  const known = closeReasonOf(error) ?? "internalerror";
  if (!CLOSE_REASONS.has(known)) return "other";
  return known.startsWith(RESUME) ? known.slice(RESUME.length) : known;
}
