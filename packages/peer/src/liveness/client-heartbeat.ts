import {
  BEAT_ANSWER_ID,
  BEAT_ID,
  LEAST_BEAT_INTERVAL,
  readBeat,
  UnexpectedPacketError,
} from "@peng3dnet/protocol";
import type { Platform } from "../platform/platform.js";
import type { Clock } from "../time/clock.js";
import { BeatWheels } from "./beat-wheels.js";
import { type BeatingSession, Heartbeat, type UnderWay, USUAL_INTERVAL } from "./heartbeat.js";
import { type HeartbeatRole, Heartbeats } from "./heartbeats.js";
import { ServerClock, type ServerTime } from "./server-clock.js";

/** What the heartbeats of a client need of it. */
interface Surroundings {
  readonly clock: Clock;
  readonly platform: Pick<Platform, "yield">;
}

/** What a server may send of beats: two in an interval, and so many more. */
const ALLOWANCE = 8;

/** The client's part of a heartbeat: answers on receipt, whatever its timers do, and learns the server's time. */
export class ClientHeartbeat extends Heartbeat {
  readonly #clock = new ServerClock();
  /** When it began, in whole milliseconds by the clock: the engine keeps these in the object itself. */
  readonly #begun: number;
  /** What the server's clock showed in its first beat, in microseconds. */
  #firstTime: number | undefined = undefined;
  /** The latest that the server's clock showed in any beat, in microseconds. */
  #lastTime = 0;
  /** Beats that came. */
  #beats = 0;
  /** How many beats had come at the visit before. */
  #beatsBefore = 0;
  /** How many bytes had come at the visit before. */
  #bytesBefore = 0;
  /** When it last answered, or sent settype, by the clock; `undefined`: it did not yet, or not over this line. */
  #answeredAt: number | undefined = undefined;

  constructor(session: BeatingSession) {
    super(session);
    this.#begun = Math.floor(this.time.clock.now());
  }

  protected override get interval(): number {
    return this.session.connection.peerExtensions.heartbeat?.interval ?? USUAL_INTERVAL;
  }

  override settypeExchanged(): void {
    this.#answeredAt = this.time.clock.now();
  }

  /** The server's time; `undefined` until the first beat came, or the second one if that had no settype to go by. */
  serverTime(): ServerTime | undefined {
    return this.#clock.at(this.time.clock.now());
  }

  protected override beat(): void {
    const { session } = this;
    // A beat may be behind a long packet, which a proxy holds, so that the server cannot know.
    const heldUp = session.bytesIn !== this.#bytesBefore && this.#beats === this.#beatsBefore;
    this.#beatsBefore = this.#beats;
    this.#bytesBefore = session.bytesIn;
    // A client that does not listen now cannot answer either, and says here that it is there.
    if (session.blocked || heldUp) session.connection.sendHeartbeat(BEAT_ANSWER_ID, null);
  }

  override received(id: number, body: unknown): void {
    if (id !== BEAT_ID)
      throw new UnexpectedPacketError(
        "the server sent an answer to a heartbeat, which only a client may send",
      );
    const now = this.time.clock.now();
    const beat = readBeat(body);
    if (beat !== undefined) {
      this.#firstTime ??= beat.time;
      this.#lastTime = Math.max(this.#lastTime, beat.time);
    }
    if (++this.#beats > this.#allowed(now))
      throw new UnexpectedPacketError("the server sends more heartbeats than it said that it would");
    if (beat === undefined) return;
    const { time, held } = beat;
    this.#clock.received(time / 1000, now);
    if (held !== undefined && this.#answeredAt !== undefined) {
      this.tripped(now - this.#answeredAt - held / 1000);
      this.#clock.arrived(this.#answeredAt, (time - held) / 1000, now);
    }
    this.#answeredAt = now;
    this.session.connection.sendHeartbeat(BEAT_ANSWER_ID, time);
  }

  /**
   * How many beats may have come by now: two in an interval, and some more. The clock of a machine that sleeps may stand still, as beats
   * wake it: then the server's counts. That may be turned, and so never stands for more than the shortest interval would allow.
   */
  #allowed(now: number): number {
    const own = (now - this.#begun) / 1000;
    const servers = (this.#lastTime - (this.#firstTime ?? 0)) / 1e6;
    const intervals = Math.max(
      own / this.interval,
      Math.min(servers / this.interval, own / LEAST_BEAT_INTERVAL),
    );
    return ALLOWANCE + 2 * intervals;
  }

  protected override interrupted(): void {
    this.#answeredAt = undefined;
  }

  protected override get patience(): number | undefined {
    const { heartbeatTimeout } = this.session.options;
    return heartbeatTimeout === 0 ? undefined : Math.max(heartbeatTimeout * 1000, 2000 * this.interval);
  }

  /** A server beats, whatever is under way to it. */
  protected override underWay(): UnderWay {
    return "stands still";
  }
}

const CLIENT_ROLE: HeartbeatRole = {
  make: (session) => new ClientHeartbeat(session),
  wheels: (clock) => new BeatWheels(clock),
};

/** The heartbeats of the clients of a process, by their clock, so that thousands of them set one timer. */
const shared = new WeakMap<Clock, Heartbeats>();

/** Heartbeats of clients: the same for all with one clock, since a process may have thousands of them. */
export function clientHeartbeats({ clock, platform }: Surroundings): Heartbeats {
  let own = shared.get(clock);
  if (own === undefined) {
    own = new Heartbeats(CLIENT_ROLE, clock, platform.yield);
    shared.set(clock, own);
  }
  return own;
}
