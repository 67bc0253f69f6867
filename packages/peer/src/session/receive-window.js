import { Deadline } from "../time/deadline.js";

/** How often it is looked whether a peer that is not listened to is still there. */
const SECONDS_BETWEEN_LOOKS = 1;
/** What was received and is not consumed yet: says when no more is to be taken up. */
export class ReceiveWindow {
  /** Packets that wait for `process`. */
  packets = 0;
  /** Bytes of these packets. */
  bytes = 0;
  /** A packet that was taken from the stream, but has to wait until there is room in a buffer of messages. */
  kept = undefined;
  #limits;
  #full = false;
  #watch = undefined;
  /** How many consumers of packets asked for a pause. */
  #holds = 0;
  constructor(limits) {
    this.#limits = limits;
  }
  /** Whether no packet is taken up, because those before have not been consumed. */
  get blocked() {
    return this.#full || this.#holds > 0;
  }
  /** Whether a consumer of packets asked for a pause. */
  get paused() {
    return this.#holds > 0;
  }
  /** A packet waits. @param total - bytes that wait of all connections. @returns whether that made it full. */
  enqueued(bytes, total) {
    this.packets++;
    this.bytes += bytes;
    const { maxQueuedPackets, maxQueuedBytes, maxQueuedTotal } = this.#limits;
    const room = this.packets < maxQueuedPackets && this.bytes < maxQueuedBytes && total < maxQueuedTotal;
    if (this.#full || room) return false;
    this.#full = true;
    return true;
  }
  /** A packet that waited was processed. @returns whether half of the room is free again, after it was full. */
  dequeued(bytes) {
    this.packets--;
    this.bytes -= bytes;
    const { maxQueuedPackets, maxQueuedBytes } = this.#limits;
    const roomy = this.packets <= Math.floor(maxQueuedPackets / 2) && this.bytes <= maxQueuedBytes / 2;
    if (!this.#full || !roomy) return false;
    this.#full = false;
    return true;
  }
  /** Calls `look` every second until it returns false. */
  watch(clock, look) {
    const lookAgain = () => {
      this.#watch = undefined;
      if (look()) this.watch(clock, look);
    };
    this.#watch ??= Deadline.start(clock, SECONDS_BETWEEN_LOOKS, lookAgain, { lateAllowance: 0 });
  }
  /** Packets are taken up again. */
  unwatch() {
    this.#watch?.cancel();
    this.#watch = undefined;
  }
  /** The connection is over. */
  clear() {
    this.unwatch();
    this.kept = undefined;
  }
  /** A consumer asks for a pause. */
  pause() {
    this.#holds++;
  }
  /** And no longer. */
  resume() {
    this.#holds = Math.max(0, this.#holds - 1);
  }
}
//# sourceMappingURL=receive-window.js.map
