import { type Connection, HeartbeatTimeoutError } from "@peng3dnet/protocol";
import type { ConnectionHandle } from "../session/connection-handle.js";
import type { Clock } from "../time/clock.js";
import type { Transport } from "../transport/transport.js";
import type { BeatWheel, Visited } from "./beat-wheel.js";
import { meanWith, NO_TRIP, type RoundTrip, roundTrip, tripOf } from "./round-trip.js";

/** Whether a silent peer takes what is under way to it: bytes get on, none does, or it takes another look to know. */
export type UnderWay = "gets on" | "stands still" | "cannot be told yet";

/** How often a server beats that does not say it, in seconds. */
export const USUAL_INTERVAL = 5;

/** A visit that is this much late, in milliseconds, was so since the event loop was busy. */
const LATE = 100;

/** Where a heartbeat has its seat that is on no wheel: it has not begun or is stopped, or its line broke. */
const NOWHERE = -1;
const OFF_LINE = -2;

/** Grows with each sign of life: with bytes, and with what the peer's runtime says beside them. */
function heardOf({ bytesIn, transport }: BeatingSession): number {
  return bytesIn + (transport.signsOfLife ?? 0);
}

/** What heartbeats need of a session. */
export interface BeatingSession extends ConnectionHandle {
  readonly connection: Connection;
  readonly transport: Transport;
  readonly hooks: { readonly heartbeats: Timekeeper };
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
  /** A beat took so many seconds there and back. */
  measured(seconds: number): void;
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
  /** Whole milliseconds since then: the engine keeps numbers in objects of their own that are no small integers. */
  milliseconds(): number;
  /** The wheel of an interval. Whoever asks puts something onto it, or takes it away. @param interval - seconds. */
  wheel(interval: number): BeatWheel;
  /** Calls `call` once all input has been read that waits now. */
  afterInput(call: () => void): void;
  /** A beat took so long there and back, in milliseconds. */
  measured(session: BeatingSession, milliseconds: number): void;
}

/** What is known of a peer that gave no sign of life since the visit before. */
interface Silence {
  /** What was given back of the time in which the event loop was busy, in milliseconds. */
  excused: number;
  /** Whether it is being found out what is under way. */
  looking: boolean;
}

/**
 * The heartbeat of one connection: visited once in an interval, it notices a peer that gives no sign of life. Any byte of it
 * is one; so nothing is done for the packets in between, and no time is taken.
 *
 * Each idle connection has one. So it has few fields, whose numbers are small integers, and no private methods of the language,
 * which it would have a field for.
 */
export abstract class Heartbeat implements Visited {
  seat: number = NOWHERE;
  protected readonly session: BeatingSession;
  /** Since when there was no sign of life, in milliseconds since the peer was made. */
  protected silentSince: number;
  /** What had been heard of the peer then. */
  #seen: number;
  /** While it is silent; `undefined`: it is not, or was not visited since. */
  #silence: Silence | undefined = undefined;
  /** The last round trip, and the mean. */
  #trip = NO_TRIP;
  #mean = NO_TRIP;

  constructor(session: BeatingSession) {
    this.session = session;
    this.silentSince = this.time.milliseconds();
    this.#seen = heardOf(session);
  }

  /** What the heartbeats of the peer have in common. */
  protected get time(): Timekeeper {
    return this.session.hooks.heartbeats;
  }

  /** How often the server beats, in seconds. */
  protected abstract readonly interval: number;

  /** What is known of round trips. */
  get roundTrip(): RoundTrip | undefined {
    return roundTrip(this.#trip, this.#mean);
  }

  /** A beat took so long there and back. */
  protected tripped(milliseconds: number): void {
    this.#trip = tripOf(milliseconds);
    this.#mean = meanWith(this.#mean, this.#trip);
    this.time.measured(this.session, milliseconds);
  }

  /** Settype was sent or received just now. It stands for the answer to a beat: the first one says how long ago that was. */
  abstract settypeExchanged(): void;
  /** A server has sent all of its handshake. The first beat leaves together with that. */
  registrySent(): void {}

  /** The connection is active: it is visited by a wheel from now on. */
  begin(): void {
    this.time.wheel(this.interval).add(this);
    this.alive();
  }

  /** The connection closes. */
  stop(): void {
    this.leaveWheel(NOWHERE);
  }

  /** The line broke: nothing can be heard until {@link Heartbeat.goOn}. */
  pause(): void {
    this.leaveWheel(OFF_LINE);
  }

  private leaveWheel(seat: number): void {
    // One that has not begun does not go on, either.
    if (this.seat === NOWHERE) return;
    if (this.seat !== OFF_LINE) this.time.wheel(this.interval).remove(this);
    this.seat = seat;
  }

  /** It goes on over another line. What was found out over the one before, or was under way meanwhile, says nothing of it. */
  goOn(): void {
    this.alive();
    this.interrupted();
    if (this.seat === OFF_LINE) this.time.wheel(this.interval).add(this);
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
      const { patience } = this;
      if (!this.noteLife() && patience !== undefined) {
        this.#silence ??= { excused: 0, looking: false };
        if (late > LATE) this.excuse(this.#silence, patience, late);
        const silent = this.time.milliseconds() - this.silentSince;
        // Timers are not exact: a visit that is a little early is not worth another interval.
        if (!this.#silence.looking)
          this.look(this.#silence, silent >= patience - Math.min(LATE, patience / 10));
      }
      this.beat();
    } catch (error) {
      this.session.crashed(error);
    }
  }

  /** @returns whether there was a sign of life since the last look, or could be none. */
  private noteLife(): boolean {
    const heard = heardOf(this.session);
    if (heard === this.#seen && !this.session.hasUnprocessedInput) return false;
    this.#seen = heard;
    this.alive();
    return true;
  }

  /** The peer is there, or cannot be judged. */
  protected alive(): void {
    this.silentSince = this.time.milliseconds();
    this.#silence = undefined;
  }

  /** Gives back the time in which the event loop was busy, from now on, up to the patience itself. */
  private excuse(silence: Silence, patience: number, late: number): void {
    const back = Math.min(late, patience - silence.excused);
    if (back <= 0) return;
    silence.excused += back;
    this.silentSince = Math.round(Math.max(this.silentSince, this.time.milliseconds() - patience) + back);
  }

  /** Looks at what has come meanwhile, and at what is under way. @param judges - the time of silence is over. */
  private look(silence: Silence, judges: boolean): void {
    silence.looking = true;
    const judge = (underWay: UnderWay): void => {
      silence.looking = false;
      // It has been heard of, or the line broke.
      if (!this.session.open || silence !== this.#silence || this.noteLife()) return;
      if (underWay === "gets on") this.alive();
      else if (underWay === "stands still" && judges) this.giveUp();
    };
    const look = (): void => {
      const underWay = this.underWay();
      if (typeof underWay === "string") judge(underWay);
      else void underWay.then(judge);
    };
    if (judges) this.time.afterInput(look);
    else look();
  }

  private giveUp(): void {
    const silent = (this.time.milliseconds() - this.silentSince) / 1000;
    this.session.lost(
      new HeartbeatTimeoutError(
        `there was no sign of life for ${silent} s, in spite of heartbeats: the peer hangs, or the network between is gone (net.heartbeat.timeout is ${this.session.options.heartbeatTimeout} s)`,
      ),
    );
  }
}
