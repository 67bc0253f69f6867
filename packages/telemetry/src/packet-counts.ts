import { OTHER } from "./names.js";

/** Packets of one type, and their bytes. */
export class PacketCount {
  received = 0;
  receivedBytes = 0;
  sent = 0;
  sentBytes = 0;
}

/** Packets by type, for so many types at most; the rest are counted together. */
export class PacketCounts {
  /** Those with a count of their own, by name. */
  readonly types = new Map<string, PacketCount>();
  /** Those beyond the bound. */
  readonly rest = new PacketCount();
  #most = 0;
  #toldReceived = 0;
  #toldSent = 0;

  /** Has at least so many types counted by themselves. */
  allow(most: number): void {
    this.#most = Math.max(this.#most, most);
  }

  received(packet: string, bytes: number): void {
    const count = this.#of(packet);
    count.received++;
    count.receivedBytes += bytes;
  }

  sent(packet: string, bytes: number): void {
    const count = this.#of(packet);
    count.sent++;
    count.sentBytes += bytes;
  }

  #of(packet: string): PacketCount {
    const known = this.types.get(packet);
    if (known !== undefined) return known;
    if (this.types.size >= this.#most || packet === OTHER) return this.rest;
    const count = new PacketCount();
    this.types.set(packet, count);
    return count;
  }

  /**
   * How many packets have no count of their own: those of the protocol itself, those that were dropped, and those beyond the bound.
   *
   * @param received - all that were received.
   * @param sent - all that were sent.
   */
  others(received: number, sent: number): { readonly received: number; readonly sent: number } {
    let [typedIn, typedOut] = [0, 0];
    for (const count of this.types.values()) {
      typedIn += count.received;
      typedOut += count.sent;
    }
    // A packet whose handler began to look on was counted before that. What is told must never become less.
    this.#toldReceived = Math.max(this.#toldReceived, received - typedIn);
    this.#toldSent = Math.max(this.#toldSent, sent - typedOut);
    return { received: this.#toldReceived, sent: this.#toldSent };
  }
}
