import type { Platform } from "../platform/platform.js";
import type { Clock } from "../time/clock.js";
import type { BeatWheel } from "./beat-wheel.js";
import type { BeatWheels } from "./beat-wheels.js";
import type { BeatingSession, Heartbeat, Timekeeper } from "./heartbeat.js";
import type { ServerTime } from "./server-clock.js";

/** What differs between servers and clients. Handed in, so that a page does not load what only servers do. */
export interface HeartbeatRole {
  /** This side's part of a connection's heartbeat. */
  make(session: BeatingSession): Heartbeat;
  /** What turns with this clock. Asked for once. */
  wheels(clock: Clock): BeatWheels;
}

/** The heartbeats of all connections of a peer. */
export class Heartbeats implements Timekeeper {
  readonly clock: Clock;
  readonly #role: HeartbeatRole;
  readonly #yield: Platform["yield"];
  readonly #epoch: number;
  #wheels: BeatWheels | undefined = undefined;

  constructor(role: HeartbeatRole, clock: Clock, yieldTurn: Platform["yield"]) {
    this.#role = role;
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

  milliseconds(): number {
    return Math.round(this.clock.now() - this.#epoch);
  }

  wheel(interval: number): BeatWheel {
    this.#wheels ??= this.#role.wheels(this.clock);
    return this.#wheels.of(interval);
  }

  afterInput(call: () => void): void {
    // Where the clock cannot tell, input has a turn of the event loop.
    if (this.clock.afterInput === undefined) this.#yield(call);
    else this.clock.afterInput(call);
  }

  measured(session: BeatingSession, milliseconds: number): void {
    session.measured(Math.max(0, milliseconds) / 1000);
  }

  /** This side's part of the heartbeat of a connection; `undefined` if its sides have not agreed on heartbeats. */
  make(session: BeatingSession): Heartbeat | undefined {
    if (!session.connection.agreed("heartbeat")) return undefined;
    return this.#role.make(session);
  }
}
