import type { Session } from "../session/session.js";
import { Fifo } from "./fifo.js";
import { PostponedPackets } from "./postponed-packets.js";

/** What a packet that waits takes in memory beside its bytes. */
const OVERHEAD = 256;

/** A packet that waits for `process`. */
export interface QueuedPacket {
  readonly session: Session;
  /** The packet without its length prefix. */
  readonly raw: Uint8Array;
}

/**
 * Packets in order of arrival, and before them those that were postponed, each connection's in order. How many a connection may
 * have is up to its session.
 */
export class PacketQueue {
  /** Bytes of all packets. */
  bytes = 0;
  /** Packets that no pass has come to yet. */
  readonly arrived = new Fifo<QueuedPacket>();
  /** Those that wait for a later pass. They came before any other one of their connection. */
  readonly postponed = new PostponedPackets();

  /** Number of packets. */
  get length(): number {
    return this.arrived.length + this.postponed.length;
  }

  /** About what they take in memory, in bytes: of short packets, that is far more than their bytes. */
  get held(): number {
    return this.bytes + OVERHEAD * this.length;
  }

  /** Adds a packet behind all others. */
  push(session: Session, raw: Uint8Array): void {
    this.bytes += raw.length;
    // Where all of a connection's packets are in its line, it is for the next pass only to look at it.
    const line = this.postponed.empty ? undefined : this.postponed.of(session);
    if (line !== undefined && session.queuedPackets === line.packets.length)
      this.postponed.push(session, raw);
    else this.arrived.push({ session, raw });
  }

  /** The packets of a connection, in order. */
  of(session: Session): Uint8Array[] {
    const postponed = this.postponed.of(session)?.packets.items() ?? [];
    const arrived = this.arrived.items().filter((packet) => packet.session === session);
    return [...postponed, ...arrived.map(({ raw }) => raw)];
  }
}
