import type { PacketEntry, PacketRef } from "@peng3dnet/protocol";
import type { Receivers } from "../groups/receivers.js";
import type { PacketForMany } from "../messages/encoded-packet.js";
import { SESSION } from "../session/session.js";
import type { ClientOnServer } from "./client-on-server.js";

/** A packet for many clients. */
export interface Broadcast<C> {
  readonly entry: PacketEntry;
  readonly packets: PacketForMany;
  /** The packet type as the sender gave it. */
  readonly ptype: PacketRef;
  readonly data: unknown;
  /** Clients that do not get it; `undefined`: all get it. */
  readonly left: ReadonlySet<C> | undefined;
}

function takes<C extends ClientOnServer>(client: C, left: ReadonlySet<C> | undefined): boolean {
  const { connection } = client[SESSION];
  return connection.active && !connection.closing && left?.has(client) !== true;
}

/**
 * Encodes a packet for all receivers before any of them gets it, where their connections may have different options.
 *
 * @throws what encoding throws.
 */
export function encodeForAll<C extends ClientOnServer>(
  receivers: Receivers<C>,
  { packets, left }: Broadcast<C>,
): void {
  for (const client of receivers.values())
    if (takes(client, left)) packets.for(client[SESSION].connection.context);
}

/**
 * Sends a packet to all whose handshake is complete and for whom its conditions hold.
 *
 * @returns the number of clients that it was accepted for.
 * @throws what encoding throws, before it was sent to anybody.
 */
export function sendToAll<C extends ClientOnServer>(
  receivers: Receivers<C>,
  { entry, packets, ptype, data, left }: Broadcast<C>,
): number {
  let count = 0;
  for (const client of receivers.values()) {
    if (!takes(client, left)) continue;
    const session = client[SESSION];
    const { connection } = session;
    const packet = packets.for(connection.context);
    if (!ArrayBuffer.isView(packet)) {
      session.ignored(
        `a broadcast was not sent to a client for whom it is too long: ${packet.message}`,
        "packettoolong",
        entry.name,
      );
      continue;
    }
    // A getter of the payload may have closed it while the packet was encoded.
    if (connection.closing) continue;
    const before = connection.packetsOut;
    if (!connection.sendEncoded(entry, packet, ptype, data) && connection.behind) session.noteHighWater();
    if (connection.packetsOut !== before) count++;
  }
  return count;
}
