import {
  CLOSE_REASONS,
  type CloseInfo,
  closeReasonOf,
  SIDE_CLIENT,
  SIDE_SERVER,
  type Side,
} from "@peng3dnet/protocol";

/** How a handshake ended that was not completed, in one of a fixed set of words. */
export function handshakeEnd(
  { error, reason }: CloseInfo,
  { connection }: { readonly connection: { readonly side: Side } },
): string {
  if (error !== undefined) return known(closeReasonOf(error) ?? "internalerror");
  // A server says why it lets nobody in. What a client says of itself tells nothing.
  if (connection.side === SIDE_CLIENT && reason !== null && CLOSE_REASONS.has(reason)) return ended(reason);
  // The connection was there to bring a client back to its session, which has its line now.
  if (connection.side === SIDE_SERVER && reason === "resumed") return "resumed";
  return "closed";
}

function known(reason: string): string {
  return CLOSE_REASONS.has(reason) ? ended(reason) : "other";
}

function ended(reason: string): string {
  return reason === "socketclose" ? "closed" : reason;
}
