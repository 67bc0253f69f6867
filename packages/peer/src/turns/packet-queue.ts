import type { Session } from "../session/session.js";

/** What a packet that waits takes in memory beside its bytes. */
const OVERHEAD = 256;

/** A packet that waits for `process`. */
export interface QueuedPacket {
  readonly session: Session;
  /** The packet without its length prefix. */
  readonly raw: Uint8Array;
}

/** Packets in order of arrival. How many a connection may have is up to its session. */
export class PacketQueue {
  /** Bytes of all packets. */
  bytes = 0;
  #packets: (QueuedPacket | undefined)[] = [];
  #head = 0;

  /** Number of packets. */
  get length(): number {
    return this.#packets.length - this.#head;
  }

  /** About what they take in memory, in bytes: of short packets, that is far more than their bytes. */
  get held(): number {
    return this.bytes + OVERHEAD * this.length;
  }

  /** Adds a packet at the end. */
  push(session: Session, raw: Uint8Array): void {
    this.#packets.push({ session, raw });
    this.bytes += raw.length;
  }

  /** All of them, in order. */
  items(): QueuedPacket[] {
    return this.#packets.slice(this.#head) as QueuedPacket[];
  }

  /** Takes the first packet, or `undefined`. */
  shift(): QueuedPacket | undefined {
    if (this.#head === this.#packets.length) return undefined;
    const packet = this.#packets[this.#head] as QueuedPacket;
    this.#packets[this.#head++] = undefined;
    this.bytes -= packet.raw.length;
    if (this.#head > 1024 && this.#head * 2 > this.#packets.length) {
      this.#packets = this.#packets.slice(this.#head);
      this.#head = 0;
    }
    return packet;
  }

  /** Puts packets that were taken back before all others. */
  putBack(packets: readonly QueuedPacket[]): void {
    this.#packets = [...packets, ...this.#packets.slice(this.#head)];
    this.#head = 0;
    for (const { raw } of packets) this.bytes += raw.length;
  }
}
