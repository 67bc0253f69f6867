import type { Clock } from "../time/clock.js";
import { Deadline } from "../time/deadline.js";
import type { InflateLimit } from "./inflate-limit.js";

/** How often it is looked whether a peer that is not listened to is still there. */
const SECONDS_BETWEEN_LOOKS = 1;

/** Who has no more packets waiting than this is stopped last when all connections together have too much. */
const FEW = 16;
/** The part of the room for all together that those with more packets may fill. */
const FOR_MANY = 3 / 4;

/** How much may wait; packets and bytes. */
export interface ReceiveWindowLimits {
  /** `net.limits.unprocessed.packets` */
  readonly maxQueuedPackets: number;
  /** `net.limits.unprocessed.bytes` */
  readonly maxQueuedBytes: number;
  /** `net.limits.unprocessed.total` */
  readonly maxQueuedTotal: number;
}

/** What was received and is not consumed yet: says when no more is to be taken up. */
export class ReceiveWindow {
  /** Packets that wait for `process`. */
  packets = 0;
  /** Bytes of these packets. */
  bytes = 0;
  /** A packet that was taken from the stream, but has to wait until there is room in a buffer of messages. */
  kept: Uint8Array | undefined = undefined;
  /** What was told last of input that is held, in bytes. */
  held = 0;
  /** Bytes that the transport holds. */
  inTransport = 0;
  /** Slows a peer down whose bodies are inflated; `undefined`: none was. */
  inflating: InflateLimit | undefined = undefined;
  readonly #limits: ReceiveWindowLimits;
  #full = false;
  #watch: Deadline | undefined = undefined;
  /** Whether reading stopped since the last look. */
  #stopped = false;
  /** How many consumers of packets asked for a pause. */
  #holds = 0;

  constructor(limits: ReceiveWindowLimits) {
    this.#limits = limits;
  }

  /** Bytes of input that are held beside those of the connection, and those that wait for `process`. */
  get beside(): number {
    return this.inTransport + (this.kept?.length ?? 0);
  }

  /** Whether no packet is taken up, because those before have not been consumed. */
  get blocked(): boolean {
    return this.#full || this.#holds > 0;
  }

  /** Whether a consumer of packets asked for a pause. */
  get paused(): boolean {
    return this.#holds > 0;
  }

  /** A packet waits. @param total - bytes that wait of all connections. @returns whether that made it full. */
  enqueued(bytes: number, total: number): boolean {
    this.packets++;
    this.bytes += bytes;
    const { maxQueuedPackets, maxQueuedBytes, maxQueuedTotal } = this.#limits;
    // Who sends little would otherwise have one packet in each pass, for as long as others fill the room.
    const inAll = this.packets > FEW ? maxQueuedTotal * FOR_MANY : maxQueuedTotal;
    const room = this.packets < maxQueuedPackets && this.bytes < maxQueuedBytes && total < inAll;
    if (this.#full || room) return false;
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

  /**
   * Reading stops: calls `look` every second until that returns false and reading has not stopped again meanwhile. Whoever
   * reads on for a moment, and stops, would otherwise never look, and read what a peer has left in the kernel that is gone.
   */
  watch(clock: Clock, look: () => boolean): void {
    this.#stopped = true;
    if (this.#watch === undefined) this.#lookLater(clock, look);
  }

  #lookLater(clock: Clock, look: () => boolean): void {
    const lookNow = (): void => {
      this.#watch = undefined;
      const stopped = this.#stopped;
      this.#stopped = false;
      if (look() || stopped) this.#lookLater(clock, look);
    };
    this.#watch = Deadline.start(clock, SECONDS_BETWEEN_LOOKS, lookNow, { lateAllowance: 0 });
  }

  /** Looks no more. */
  unwatch(): void {
    this.#watch?.cancel();
    this.#watch = undefined;
  }

  /** The connection is over. */
  clear(): void {
    this.unwatch();
    this.kept = undefined;
  }

  /** A consumer asks for a pause. */
  pause(): void {
    this.#holds++;
  }

  /** And no longer. */
  resume(): void {
    this.#holds = Math.max(0, this.#holds - 1);
  }
}
