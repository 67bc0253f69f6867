import { SIDE_SERVER } from "@peng3dnet/protocol";
import type { Observation } from "../observing/observation.js";
import type { Platform } from "../platform/platform.js";
import type { Clock } from "../time/clock.js";
import { BeatWheels } from "./beat-wheels.js";
import { ClientHeartbeat } from "./client-heartbeat.js";
import type { BeatingSession, Heartbeat, Timekeeper } from "./heartbeat.js";
import type { ServerTime } from "./server-clock.js";
import { ServerHeartbeat } from "./server-heartbeat.js";

/** What a heartbeat is when the server does not say how often it beats, in seconds. */
const USUAL_INTERVAL = 5;

/** The wheels of the clients of a process, by their clock, so that thousands of them set one timer. */
const clientWheels = new WeakMap<Clock, BeatWheels>();

function wheelsOfClients(clock: Clock): BeatWheels {
  let wheels = clientWheels.get(clock);
  if (wheels === undefined) {
    wheels = new BeatWheels(clock);
    clientWheels.set(clock, wheels);
  }
  return wheels;
}

/** The heartbeats of all connections of a peer. */
export class Heartbeats implements Timekeeper {
  readonly clock: Clock;
  readonly #yield: Platform["yield"];
  readonly #epoch: number;
  readonly #observation: Observation;
  #wheels: BeatWheels | undefined = undefined;

  constructor(clock: Clock, yieldTurn: Platform["yield"], observation: Observation) {
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

  /** The handshake of a connection is complete. @returns `undefined` if its sides have not agreed on heartbeats. */
  begin(session: BeatingSession): Heartbeat | undefined {
    const { connection } = session;
    if (!connection.agreed("heartbeat")) return undefined;
    const onServer = connection.side === SIDE_SERVER;
    const { heartbeat } = onServer ? (connection.context.declared ?? {}) : connection.peerExtensions;
    const interval = heartbeat?.interval ?? USUAL_INTERVAL;
    const beating = onServer
      ? new ServerHeartbeat(session, this)
      : new ClientHeartbeat(session, this, interval);
    this.#wheels ??= onServer ? new BeatWheels(this.clock) : wheelsOfClients(this.clock);
    const wheel = this.#wheels.of(interval);
    wheel.add(beating);
    beating.begin(wheel);
    return beating;
  }
}
