import { type OptionNames, TimedOutError } from "@peng3dnet/protocol";
import type { Session } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import { Deferred } from "../time/deferred.js";
import type { WaitOptions } from "../time/wait-options.js";
import type { Pass, WaitingPackets } from "./waiting-packets.js";

/** Options of `process`. */
export interface ProcessOptions extends WaitOptions {
  /** Wait for a packet if none is there. Default false. */
  readonly wait?: boolean | undefined;
}

/** Names of the options of `process`. */
export const PROCESS_OPTIONS: OptionNames<ProcessOptions> = { wait: true, timeout: true, signal: true };

/** Processes packets: as they come, or when the application asks for it. */
export class PacketProcessor {
  readonly #packets: WaitingPackets;
  readonly #clock: Clock;
  readonly #yield: (call: () => void) => void;
  #arrival: Deferred<void>;
  #dispatching = false;
  #draining = false;
  /** Whether packets that waited may go on since the queue was looked through. */
  #again = false;
  /** Whether the rest waits for the next turn of the event loop. */
  #scheduled = false;
  /** Calls of `waitAndRun` that wait. */
  #waiting = 0;

  /**
   * @param yieldTurn - calls something in the next turn of the event loop.
   * @param packets - says which of them are processed in one go.
   */
  constructor(clock: Clock, yieldTurn: (call: () => void) => void, packets: WaitingPackets) {
    this.#clock = clock;
    this.#packets = packets;
    this.#yield = yieldTurn;
    this.#arrival = new Deferred(clock);
  }

  /** The packets of a connection that wait, in order. */
  queuedOf(session: Session): readonly Uint8Array[] {
    return this.#packets.of(session);
  }

  /** Processes packets as they come from now on. */
  dispatch(): void {
    this.#dispatching = true;
    this.#drain();
  }

  /** Processes what is queued, as far as there is time for each connection. @returns the number of packets. */
  run(): number {
    return this.#packets.run().count;
  }

  /** Waits for a packet or a call of `wake` first. @throws {@link AbortedError} */
  async waitAndRun(options: WaitOptions): Promise<number> {
    const count = this.run();
    if (count > 0) return count;
    this.#waiting++;
    try {
      await this.#arrival.wait({ timeout: options.timeout, signal: options.signal }, "a packet");
    } catch (error) {
      if (!(error instanceof TimedOutError)) throw error;
    } finally {
      this.#waiting--;
    }
    return this.run();
  }

  /** Lets those go on who wait for a packet. */
  wake(): void {
    const arrival = this.#arrival;
    this.#arrival = new Deferred(this.#clock);
    arrival.settle();
  }

  /** Takes a packet; before the handshake is complete, or if packets are processed as they come, at once. */
  enqueue(session: Session, raw: Uint8Array): void {
    if (!session.connection.active) {
      session.dispatchRaw(raw);
      return;
    }
    this.#packets.push(session, raw);
    session.enqueued(raw.length, this.#packets.held);
    if (this.#dispatching) this.#drain();
    else if (this.#waiting > 0) this.wake();
  }

  /** A connection is over: nothing is to hold on to it for packets that nobody wants any more. */
  closed(session: Session): void {
    this.#packets.released(session);
    if (this.#dispatching && session.queuedPackets > 0) this.#drainLater();
  }

  /** A connection that was held goes on: its packets may have waited for that. */
  released(session: Session): void {
    if (session.queuedPackets === 0) return;
    this.#packets.released(session);
    if (this.#dispatching) this.#drain();
    else if (this.#waiting > 0) this.wake();
  }

  #drain(): void {
    this.#again = true;
    // Once the time is used up, nobody's packet starts it anew before others have had their turn.
    if (this.#draining || this.#scheduled) return;
    this.#draining = true;
    let pass: Pass;
    do {
      this.#again = false;
      pass = this.#packets.run();
    } while ((pass.count > 0 || this.#again) && this.#packets.length > 0 && !pass.outOfTime);
    this.#draining = false;
    if (pass.outOfTime) this.#drainLater();
  }

  /** Once for all that ask for it in this turn of the event loop. */
  #drainLater(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#yield(this.#nextTurn);
  }

  readonly #nextTurn = (): void => {
    this.#scheduled = false;
    this.#drain();
  };
}
