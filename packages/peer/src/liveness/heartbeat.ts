import { type Connection, HeartbeatTimeoutError } from "@peng3dnet/protocol";
import type { ConnectionHandle } from "../session/connection-handle.js";
import type { Clock } from "../time/clock.js";
import type { Transport } from "../transport/transport.js";
import type { BeatWheel, Visited } from "./beat-wheel.js";
import { type RoundTrip, RoundTrips } from "./round-trip.js";

/** Whether a silent peer takes what is under way to it: bytes get on, none does, or it takes another look to know. */
export type UnderWay = "gets on" | "stands still" | "cannot be told yet";

/** A visit that is this much late, in milliseconds, was so since the event loop was busy. */
const LATE = 100;

/** Grows with each sign of life: with bytes, and with what the peer's runtime says beside them. */
function heardOf({ bytesIn, transport }: BeatingSession): number {
  return bytesIn + (transport.signsOfLife ?? 0);
}

/** What heartbeats need of a session. */
export interface BeatingSession extends ConnectionHandle {
  readonly connection: Connection;
  readonly transport: Transport;
  readonly options: { readonly heartbeatTimeout: number };
  /** Bytes received. */
  readonly bytesIn: number;
  /** Bytes of its stream that are with the kernel. */
  readonly bytesHanded: number;
  /** Bytes of its stream that were accepted for sending. */
  readonly bytesAccepted: number;
  /** Whether packets can still be exchanged. */
  readonly open: boolean;
  /** Whether the peer is not listened to at the moment. */
  readonly blocked: boolean;
  /** Whether it is not listened to, or something has come from it that waits to be worked off. */
  readonly hasUnprocessedInput: boolean;
  /** The peer is gone, or hangs. */
  lost(error: HeartbeatTimeoutError): void;
  /** Something threw that has no right to. */
  crashed(error: unknown): void;
}

/** What the heartbeats of a peer have in common. */
export interface Timekeeper {
  readonly clock: Clock;
  /** Microseconds since the peer was made. */
  sinceEpoch(): number;
  /** Calls `call` once all input has been read that waits now. */
  afterInput(call: () => void): void;
  /** A beat took so long there and back, in milliseconds. */
  measured(session: BeatingSession, milliseconds: number): void;
}

/**
 * The heartbeat of one connection: visited once in an interval, it notices a peer that gives no sign of life. Any byte of it
 * is one; so nothing is done for the packets in between, and no time is taken.
 */
export abstract class Heartbeat implements Visited {
  slot = 0;
  place = 0;
  protected readonly session: BeatingSession;
  protected readonly time: Timekeeper;
  /** How often the server beats, in seconds. */
  readonly interval: number;
  readonly #trips: RoundTrips = new RoundTrips();
  /** Since when there was no sign of life, in milliseconds by the clock. */
  protected silentSince: number;
  /** What had been heard of the peer then. */
  #seen: number;
  /** What was given back of the time in which the event loop was busy, in milliseconds. */
  #excused = 0;
  #looking = false;
  /** How often the line broke: what was found out over one says nothing of another one. */
  #breaks = 0;
  #wheel: BeatWheel | undefined = undefined;

  constructor(session: BeatingSession, time: Timekeeper, interval: number) {
    this.session = session;
    this.time = time;
    this.interval = interval;
    this.silentSince = time.clock.now();
    this.#seen = heardOf(session);
  }

  /** What is known of round trips. */
  get roundTrip(): RoundTrip | undefined {
    return this.#trips.get();
  }

  /** A beat took so long there and back. */
  protected tripped(milliseconds: number): void {
    this.#trips.add(milliseconds);
    this.time.measured(this.session, milliseconds);
  }

  /** Settype was sent or received just now. It stands for the answer to a beat: the first one says how long ago that was. */
  abstract settypeExchanged(): void;
  /** A server has sent all of its handshake. The first beat leaves together with that. */
  registrySent(): void {}

  /** The connection is active: it is visited by a wheel from now on. */
  begin(wheel: BeatWheel): void {
    wheel.add(this);
    this.#wheel = wheel;
    this.alive();
  }

  /** The connection closes. */
  stop(): void {
    this.#wheel?.remove(this);
    this.#wheel = undefined;
  }

  /** The line broke: nothing can be heard until {@link Heartbeat.goOn}. */
  pause(): void {
    this.#breaks++;
    this.#wheel?.remove(this);
  }

  /** It goes on over another line. What was under way meanwhile says nothing of round trips. */
  goOn(): void {
    this.alive();
    this.interrupted();
    this.#wheel?.add(this);
  }

  /** What is under way took longer than a round trip does. */
  protected abstract interrupted(): void;
  /** A packet of heartbeats came. @throws an error with a `closeReason` if the peer may not send that. */
  abstract received(id: number, body: unknown): void;
  /** Sends what is due. Called once in an interval. */
  protected abstract beat(): void;
  /** How long the peer may be silent, in milliseconds; `undefined`: it was asked for nothing. */
  protected abstract get patience(): number | undefined;
  /** What is under way to the peer, which may be why it is silent. It may take time to find out. */
  protected abstract underWay(): Promise<UnderWay> | UnderWay;

  visit(late: number): void {
    if (!this.session.open) return;
    try {
      const alive = this.#noteLife();
      if (!alive && late > LATE) this.#excuse(late);
      const { patience } = this;
      if (!alive && patience !== undefined && !this.#looking) {
        const silent = this.time.clock.now() - this.silentSince;
        // Timers are not exact: a visit that is a little early is not worth another interval.
        this.#look(silent >= patience - Math.min(LATE, patience / 10));
      }
      this.beat();
    } catch (error) {
      this.session.crashed(error);
    }
  }

  /** @returns whether there was a sign of life since the last look, or could be none. */
  #noteLife(): boolean {
    const heard = heardOf(this.session);
    if (heard === this.#seen && !this.session.hasUnprocessedInput) return false;
    this.#seen = heard;
    this.alive();
    return true;
  }

  /** The peer is there, or cannot be judged. */
  protected alive(): void {
    this.silentSince = this.time.clock.now();
    this.#excused = 0;
  }

  /** Gives back the time in which the event loop was busy, from now on, up to the patience itself. */
  #excuse(late: number): void {
    const { patience = 0 } = this;
    const back = Math.min(late, patience - this.#excused);
    if (back <= 0) return;
    this.#excused += back;
    this.silentSince = Math.max(this.silentSince, this.time.clock.now() - patience) + back;
  }

  /** Looks at what has come meanwhile, and at what is under way. @param judges - the time of silence is over. */
  #look(judges: boolean): void {
    this.#looking = true;
    const breaks = this.#breaks;
    const judge = (underWay: UnderWay): void => {
      this.#looking = false;
      if (!this.session.open || breaks !== this.#breaks || this.#noteLife()) return;
      if (underWay === "gets on") this.alive();
      else if (underWay === "stands still" && judges) this.#giveUp();
    };
    const look = (): void => {
      const underWay = this.underWay();
      if (typeof underWay === "string") judge(underWay);
      else void underWay.then(judge);
    };
    if (judges) this.time.afterInput(look);
    else look();
  }

  #giveUp(): void {
    const silent = Math.round(this.time.clock.now() - this.silentSince) / 1000;
    this.session.lost(
      new HeartbeatTimeoutError(
        `there was no sign of life for ${silent} s, in spite of heartbeats: the peer hangs, or the network between is gone (net.heartbeat.timeout is ${this.session.options.heartbeatTimeout} s)`,
      ),
    );
  }
}
