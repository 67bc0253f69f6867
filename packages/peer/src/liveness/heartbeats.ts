import type { Observation } from "../observing/observation.js";
import type { Platform } from "../platform/platform.js";
import type { Clock } from "../time/clock.js";
import type { BeatWheels } from "./beat-wheels.js";
import type { BeatingSession, Heartbeat, Timekeeper } from "./heartbeat.js";
import type { ServerTime } from "./server-clock.js";

/** What a heartbeat is when the server does not say how often it beats, in seconds. */
const USUAL_INTERVAL = 5;

/** What differs between servers and clients. Handed in, so that a page does not load what only servers do. */
export interface HeartbeatRole {
  /** The interval that the server of this connection declared, in seconds; `undefined`: none. */
  interval(session: BeatingSession): number | undefined;
  /** This side's part of a connection's heartbeat. */
  make(session: BeatingSession, time: Timekeeper, interval: number): Heartbeat;
  /** What turns with this clock. Asked for once. */
  wheels(clock: Clock): BeatWheels;
}

/** The heartbeats of all connections of a peer. */
export class Heartbeats implements Timekeeper {
  readonly clock: Clock;
  readonly #role: HeartbeatRole;
  readonly #yield: Platform["yield"];
  readonly #epoch: number;
  readonly #observation: Observation;
  #wheels: BeatWheels | undefined = undefined;

  constructor(role: HeartbeatRole, clock: Clock, yieldTurn: Platform["yield"], observation: Observation) {
    this.#role = role;
    this.#observation = observation;
    this.clock = clock;
    this.#yield = yieldTurn;
    this.#epoch = clock.now();
  }

  /** The time of this peer, if it is a server. */
  serverTime(): ServerTime {
    return { time: (this.clock.now() - this.#epoch) / 1000, error: 0 };
  }

  sinceEpoch(): number {
    return Math.round((this.clock.now() - this.#epoch) * 1000);
  }

  afterInput(call: () => void): void {
    // Where the clock cannot tell, input has a turn of the event loop.
    if (this.clock.afterInput === undefined) this.#yield(call);
    else this.clock.afterInput(call);
  }

  measured(session: BeatingSession, milliseconds: number): void {
    if (this.#observation.trips !== undefined)
      this.#observation.roundTrip(Math.max(0, milliseconds) / 1000, session);
  }

  /** This side's part of the heartbeat of a connection; `undefined` if its sides have not agreed on heartbeats. */
  make(session: BeatingSession): Heartbeat | undefined {
    if (!session.connection.agreed("heartbeat")) return undefined;
    return this.#role.make(session, this, this.#role.interval(session) ?? USUAL_INTERVAL);
  }

  /** The handshake of its connection is complete. */
  begin(heartbeat: Heartbeat): void {
    this.#wheels ??= this.#role.wheels(this.clock);
    heartbeat.begin(this.#wheels.of(heartbeat.interval));
  }
}
