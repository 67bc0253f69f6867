import { TimedOutError } from "@peng3dnet/protocol";
import type { Clock } from "./clock.js";
import { PacketQueue } from "./packet-queue.js";
import type { Session } from "./session.js";
import { Outcome, type WaitOptions } from "./waiting.js";

/** Options of `process`. */
export interface ProcessOptions extends WaitOptions {
  /** Wait for a packet if none is there. Default false. */
  readonly wait?: boolean | undefined;
}

/** Processes packets: as they come, or when the application asks for it. */
export class PacketProcessor {
  readonly #queue = new PacketQueue();
  readonly #clock: Clock;
  #arrival: Outcome<void>;
  #dispatching = false;
  #draining = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#arrival = new Outcome(clock);
  }

  /** Whether packets are processed as they come. */
  get dispatching(): boolean {
    return this.#dispatching;
  }

  /** Processes packets as they come from now on. */
  dispatch(): void {
    this.#dispatching = true;
    this.#drain();
  }

  /** Processes what is queued. @returns the number of packets. */
  run(): number {
    let count = 0;
    // Packets that arrive meanwhile are for the next call, so that one call comes to an end.
    for (let left = this.#queue.length; left > 0; left--) {
      const packet = this.#queue.shift();
      if (packet === undefined) break;
      const { session, raw } = packet;
      if (session.open) {
        session.dispatchRaw(raw);
        count++;
      }
      session.dequeued(raw.length);
    }
    return count;
  }

  /** Waits for a packet or a call of `wake` first. @throws {@link AbortedError} */
  async waitAndRun(options: WaitOptions): Promise<number> {
    if (this.#queue.length === 0) {
      try {
        await this.#arrival.wait(options, "a packet");
      } catch (error) {
        if (!(error instanceof TimedOutError)) throw error;
      }
    }
    return this.run();
  }

  /** Lets those go on who wait for a packet. */
  wake(): void {
    const arrival = this.#arrival;
    this.#arrival = new Outcome(this.#clock);
    arrival.settle();
  }

  /** Takes a packet; before the handshake is complete, or if packets are processed as they come, at once. */
  enqueue(session: Session, raw: Uint8Array): void {
    if (!session.connection.active) {
      session.dispatchRaw(raw);
      return;
    }
    this.#queue.push(session, raw);
    if (this.#dispatching) this.#drain();
    else if (this.#queue.length === 1) this.wake();
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    while (this.#queue.length > 0) this.run();
    this.#draining = false;
  }
}
