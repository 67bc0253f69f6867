import { isCompressed } from "../session/raw-packet.js";
import type { Session } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import type { QueuedPacket } from "./packet-queue.js";
import { COSTLY_LENGTH } from "./run-queue.js";

/** Time that one connection's packets may take in one pass, in milliseconds. */
const SLICE = 10;
/** Time after which packets that may take long, and addresses that had their share, wait for the next pass. */
const CROWDED = 20;
/** That share, in milliseconds. */
const SHARE = 1;

/**
 * One call of `process`: says which of the packets that wait are processed in it, so that no connection keeps the program
 * for long. A connection whose packet has to wait keeps the order of those behind it.
 */
export class ProcessPass {
  readonly #clock: Clock;
  readonly #started: number;
  readonly #used = new Map<Session, number>();
  /** The same by what connections have in common that have a share together; there once there is little time left. */
  #usedTogether: Map<unknown, number> | undefined = undefined;
  readonly #waiting = new Set<Session>();
  #last: number;
  #costly = 0;
  /** Whether packets wait for want of time, and not because somebody holds their connection. */
  outOfTime = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#started = clock.now();
    this.#last = this.#started;
  }

  /** Whether a packet is processed in this pass. */
  admits({ session, raw }: QueuedPacket): boolean {
    if (this.#waiting.has(session)) return false;
    if (!session.paused && this.#hasTime(session, raw)) return true;
    this.outOfTime ||= !session.paused;
    this.#waiting.add(session);
    return false;
  }

  /** A packet has to wait after all, and those of its connection with it, even if that may go on meanwhile. */
  postponed({ session }: QueuedPacket): void {
    this.#waiting.add(session);
  }

  #hasTime(session: Session, raw: Uint8Array): boolean {
    const used = this.#used.get(session) ?? 0;
    if (used >= SLICE) return false;
    const costly = raw.length >= COSTLY_LENGTH || isCompressed(raw);
    const crowded = this.#last - this.#started >= CROWDED;
    if (crowded && (this.#together(session) >= SHARE || (costly && this.#costly > 0))) return false;
    if (costly) this.#costly++;
    return true;
  }

  /** What a connection has used together with those that it shares with. */
  #together({ share }: Session): number {
    if (this.#usedTogether === undefined) {
      this.#usedTogether = new Map();
      for (const [session, time] of this.#used) add(this.#usedTogether, session.share, time);
    }
    return this.#usedTogether.get(share) ?? 0;
  }

  /** A packet was processed. */
  processed(session: Session): void {
    const now = this.#clock.now();
    const time = now - this.#last;
    this.#used.set(session, (this.#used.get(session) ?? 0) + time);
    if (this.#usedTogether !== undefined) add(this.#usedTogether, session.share, time);
    this.#last = now;
  }
}

function add(times: Map<unknown, number>, share: unknown, time: number): void {
  times.set(share, (times.get(share) ?? 0) + time);
}
