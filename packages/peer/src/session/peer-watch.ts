import type { HandshakeTimeoutError, Peng3dnetError } from "@peng3dnet/protocol";
import type { Transport } from "../transport/transport.js";
import { type Greeting, type HandshakeJudge, HandshakeWatch } from "./handshake-watch.js";
import { IdleWatch, type Watched } from "./idle-watch.js";
import type { SessionOptions } from "./session-hooks.js";

/** What a {@link PeerWatch} needs of its session. */
export interface JudgedSession extends Greeting, Watched {
  readonly options: SessionOptions;
  readonly transport: Transport;
  /** An error ends it, and the peer is told its reason. @param where - the step, for `handlerError`. */
  fail(error: Peng3dnetError, where: string): void;
  /** Ends it at once, without another word. */
  abort(error: Peng3dnetError): void;
}

/** Ends the session of a peer that had its time: there is none for an orderly end. @param where - as for `fail`. */
export function giveUp(session: JudgedSession, error: Peng3dnetError, where: string): void {
  session.fail(error, where);
  if (!session.transport.busy) session.transport.destroyAfterWrite();
  else session.transport.destroy();
}

/**
 * Judges the peer of a session by its deadlines: whether its handshake is complete in time, and whether it sends anything but
 * heartbeats. Most sessions have none once their handshake is complete.
 */
export class PeerWatch implements HandshakeJudge {
  readonly #session: JudgedSession;
  /** Whether bytes can be exchanged, or could once. */
  #ready = false;
  /** Until the handshake is complete. */
  #handshake: HandshakeWatch | undefined = undefined;
  #idle: IdleWatch | undefined = undefined;

  constructor(session: JudgedSession) {
    this.#session = session;
  }

  /** Whether there is nothing to judge by. */
  get over(): boolean {
    return this.#handshake === undefined && this.#idle === undefined;
  }

  /** The peer has the time for its handshake from now on. @param spent - seconds of it that are over. */
  begin(spent: number): void {
    this.#handshake = new HandshakeWatch(this.#session, spent, this);
  }

  /** Bytes can be exchanged. */
  ready(): void {
    this.#ready = true;
    this.#watchIdle();
  }

  #watchIdle(): void {
    const { clock, idleTimeout } = this.#session.options;
    if (idleTimeout > 0) this.#idle = new IdleWatch(clock, idleTimeout, this.#session);
  }

  /** The handshake is complete. */
  greeted(): void {
    this.#handshake?.cancel();
    this.#handshake = undefined;
  }

  // ---- what it hears ----------------------------------------------------------------------------

  /** Bytes came, or could not, as the peer was not listened to. */
  heard(bytes?: number): void {
    this.#idle?.heard(bytes);
  }

  /** A packet came that the peer's runtime sends by itself. @param length - its length, in bytes. */
  heardControl(length: number): void {
    this.#idle?.heartbeat(length);
  }

  // ---- while nothing can be heard ---------------------------------------------------------------

  /** The line broke: nothing is judged until {@link PeerWatch.goOn}. */
  pause(): void {
    this.#handshake?.cancel();
    this.#idle?.cancel();
  }

  /** The peer can be heard again. */
  goOn(): void {
    this.#handshake?.goOn();
    this.#watchIdle();
  }

  /** Nothing more can come of the peer: it has only its handshake to complete, by what came. */
  allCame(): void {
    this.#idle?.cancel();
    this.#idle = undefined;
  }

  handshakeExpired(error: HandshakeTimeoutError): void {
    if (this.#ready) giveUp(this.#session, error, "handshake");
    else this.#session.abort(error);
  }
}
