import type { Connection } from "@peng3dnet/protocol";

/**
 * What became of a packet: `"sent"`: accepted; `"behind"`: accepted, and more waits than the high-water mark; `"dropped"`:
 * not accepted, since it is droppable and the peer does not take what was sent, or since its conditions do not hold and it
 * says `ignore`.
 */
export type SendOutcome = "sent" | "behind" | "dropped";

/** Calls what sends one packet on a connection. @returns what its true or false means. */
export function sendOutcome(connection: Connection | undefined, send: () => boolean): SendOutcome {
  const before = connection?.packetsOut;
  if (send()) return "sent";
  return connection?.packetsOut === before ? "dropped" : "behind";
}
