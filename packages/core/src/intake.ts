/** How much may wait; packets and bytes. */
export interface IntakeLimits {
  /** `net.limits.unprocessed.packets` */
  readonly maxQueuedPackets: number;
  /** `net.limits.unprocessed.bytes` */
  readonly maxQueuedBytes: number;
}

/** What was received and is not consumed yet: says when no more is to be taken up. */
export class Intake {
  /** Packets that wait for `process`. */
  packets = 0;
  /** Bytes of these packets. */
  bytes = 0;
  readonly #limits: IntakeLimits;
  #full = false;
  /** How many consumers of packets asked for a pause. */
  #holds = 0;

  constructor(limits: IntakeLimits) {
    this.#limits = limits;
  }

  /** Whether no packet is taken up, because those before have not been consumed. */
  get blocked(): boolean {
    return this.#full || this.#holds > 0;
  }

  /** A packet waits. @returns whether that made it full. */
  enqueued(bytes: number): boolean {
    this.packets++;
    this.bytes += bytes;
    const { maxQueuedPackets, maxQueuedBytes } = this.#limits;
    if (this.#full || (this.packets < maxQueuedPackets && this.bytes < maxQueuedBytes)) return false;
    this.#full = true;
    return true;
  }

  /** A packet that waited was processed. @returns whether half of the room is free again, after it was full. */
  dequeued(bytes: number): boolean {
    this.packets--;
    this.bytes -= bytes;
    const { maxQueuedPackets, maxQueuedBytes } = this.#limits;
    const roomy = this.packets <= Math.floor(maxQueuedPackets / 2) && this.bytes <= maxQueuedBytes / 2;
    if (!this.#full || !roomy) return false;
    this.#full = false;
    return true;
  }

  /** A consumer asks for a pause. */
  hold(): void {
    this.#holds++;
  }

  /** And no longer. */
  unhold(): void {
    this.#holds--;
  }
}
