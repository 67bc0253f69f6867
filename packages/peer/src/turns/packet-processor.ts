import { type OptionNames, TimedOutError } from "@peng3dnet/protocol";
import type { Session } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import { Deferred } from "../time/deferred.js";
import type { WaitOptions } from "../time/wait-options.js";
import { PacketPack } from "./packet-pack.js";
import { PacketQueue } from "./packet-queue.js";
import type { PostponedLine } from "./postponed-packets.js";
import { ProcessPass } from "./process-pass.js";
import type { RunQueue } from "./run-queue.js";

/** Past so many connections whose packets wait since an earlier pass, passes are short while connections are accepted. */
const MANY = 16;

/** Options of `process`. */
export interface ProcessOptions extends WaitOptions {
  /** Wait for a packet if none is there. Default false. */
  readonly wait?: boolean | undefined;
}

/** Names of the options of `process`. */
export const PROCESS_OPTIONS: OptionNames<ProcessOptions> = { wait: true, timeout: true, signal: true };

/** Processes packets: as they come, or when the application asks for it. */
export class PacketProcessor {
  readonly #queue = new PacketQueue();
  readonly #clock: Clock;
  readonly #turns: RunQueue;
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
   * @param turns - knows whether connections are being accepted.
   */
  constructor(clock: Clock, yieldTurn: (call: () => void) => void, turns: RunQueue) {
    this.#clock = clock;
    this.#turns = turns;
    this.#yield = yieldTurn;
    this.#arrival = new Deferred(clock);
  }

  /** The packets of a connection that wait, in order. */
  queuedOf(session: Session): readonly Uint8Array[] {
    return this.#queue.of(session);
  }

  /** Processes packets as they come from now on. */
  dispatch(): void {
    this.#dispatching = true;
    this.#drain();
  }

  /** Processes what is queued, as far as there is time for each connection. @returns the number of packets. */
  run(): number {
    return this.#run(this.#newPass());
  }

  #newPass(): ProcessPass {
    // Few that wait are no reason for newcomers to wait long.
    const many = this.#queue.postponed.size > MANY;
    return new ProcessPass(this.#clock, many ? this.#turns.arrivals : undefined);
  }

  #run(pass: ProcessPass): number {
    const queue = this.#queue;
    const { arrived, postponed } = queue;
    // Packets that arrive meanwhile are for the next call, so that one call comes to an end.
    queue.seal();
    let left = arrived.length;
    let count = postponed.empty ? 0 : this.#runPostponed(pass);
    while (left > 0) {
      const packets = arrived.first;
      if (packets === undefined) break;
      const { session, piece } = packets;
      const late = !postponed.empty && postponed.of(session) !== undefined;
      const raw = late || !(piece instanceof PacketPack) ? piece : piece.take();
      if (raw === piece || (piece as PacketPack).count === 0) {
        arrived.shift();
        left--;
      }
      if (late || raw instanceof PacketPack) postponed.push(session, raw);
      else if (this.#runArrived(session, raw, pass)) count++;
    }
    return count;
  }

  /** @returns whether a packet was processed. */
  #runArrived(session: Session, raw: Uint8Array, pass: ProcessPass): boolean {
    if (!session.open) {
      this.#taken(session, raw);
      return false;
    }
    if (pass.admits(session, raw)) {
      if (this.#dispatched(session, raw, pass)) return true;
      pass.postponed(session);
    }
    this.#queue.postponed.push(session, raw);
    return false;
  }

  /** @returns false if the packet has to wait after all. */
  #dispatched(session: Session, raw: Uint8Array, pass: ProcessPass): boolean {
    if (!session.dispatchRaw(raw)) return false;
    this.#taken(session, raw);
    pass.processed(session);
    return true;
  }

  /** A packet waits no more. */
  #taken(session: Session, raw: Uint8Array): void {
    this.#queue.taken(raw);
    session.dequeued(raw.length);
  }

  /** Gives the connections their turns first that wait since an earlier pass, over and over while there is time for all. */
  #runPostponed(pass: ProcessPass): number {
    const lines = this.#queue.postponed.inTurns();
    let count = 0;
    let again: boolean;
    do {
      again = false;
      for (const line of lines) {
        if (!line.session.open) this.#drop(line);
        else if (line.allowed > 0 && !pass.crowded) {
          const processed = this.#runLine(line, pass);
          count += processed;
          again ||= processed > 0;
        } else if (line.length > 0) pass.outOfTime ||= !line.session.paused;
      }
    } while (again && !pass.crowded);
    return count;
  }

  #runLine(line: PostponedLine, pass: ProcessPass): number {
    const { session } = line;
    let count = 0;
    pass.beginTurn();
    while (line.allowed > 0 && session.open && !(count > 0 && pass.turnOver)) {
      const raw = line.first;
      if (raw === undefined || !pass.admits(session, raw)) break;
      line.shift();
      if (!this.#dispatched(session, raw, pass)) {
        line.putBack(raw);
        pass.postponed(session);
        break;
      }
      line.allowed--;
      count++;
    }
    this.#queue.postponed.hadTurn(line);
    return count;
  }

  /** The connection of a line is over. */
  #drop(line: PostponedLine): void {
    for (let raw = line.first; raw !== undefined; raw = line.first) {
      line.shift();
      this.#taken(line.session, raw);
    }
    this.#queue.postponed.hadTurn(line);
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
    this.#queue.push(session, raw);
    session.enqueued(raw.length, this.#queue.held);
    if (this.#dispatching) this.#drain();
    else if (this.#waiting > 0) this.wake();
  }

  /** A connection is over: nothing is to hold on to it for packets that nobody wants any more. */
  closed(session: Session): void {
    if (this.#dispatching && session.queuedPackets > 0) this.#drainLater();
  }

  /** A connection that was held goes on: its packets may have waited for that. */
  released(session: Session): void {
    if (session.queuedPackets === 0) return;
    if (this.#dispatching) this.#drain();
    else if (this.#waiting > 0) this.wake();
  }

  #drain(): void {
    this.#again = true;
    // Once the time is used up, nobody's packet starts it anew before others have had their turn.
    if (this.#draining || this.#scheduled) return;
    this.#draining = true;
    let pass: ProcessPass;
    let count: number;
    do {
      this.#again = false;
      pass = this.#newPass();
      count = this.#run(pass);
    } while ((count > 0 || this.#again) && this.#queue.length > 0 && !pass.outOfTime);
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
