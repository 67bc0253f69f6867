import type { HandshakeTimeoutError, Peng3dnetError } from "@peng3dnet/protocol";
import type { BeatingSession, Heartbeat } from "../liveness/heartbeat.js";
import type { Heartbeats } from "../liveness/heartbeats.js";
import type { Transport } from "../transport/transport.js";
import { type Greeting, HandshakeWatch } from "./handshake-watch.js";
import { IdleWatch } from "./idle-watch.js";
import type { SessionOptions } from "./session-hooks.js";

/** What a {@link PeerWatch} needs of its session. */
export interface JudgedSession extends Greeting, BeatingSession {
  readonly options: SessionOptions;
  readonly transport: Transport;
  readonly hooks: { readonly heartbeats: Heartbeats };
  /** An error ends it, and the peer is told its reason. @param where - the step, for `handlerError`. */
  fail(error: Peng3dnetError, where: string): void;
  /** Ends it at once, without another word. */
  abort(error: Peng3dnetError): void;
}

/**
 * Judges the peer of a session by what it lets hear of itself: whether its handshake is complete in time, whether it sends
 * anything but heartbeats, and whether it answers those.
 */
export class PeerWatch {
  /** Once both sides have said that they take part. It begins when the connection is active. */
  heartbeat: Heartbeat | undefined = undefined;
  readonly #session: JudgedSession;
  /** Whether bytes can be exchanged, or could once. */
  #ready = false;
  /** Until the handshake is complete. */
  #handshake: HandshakeWatch | undefined = undefined;
  #idle: IdleWatch | undefined = undefined;

  constructor(session: JudgedSession) {
    this.#session = session;
  }

  /** The peer has the time for its handshake from now on. @param spent - seconds of it that are over. */
  begin(spent: number): void {
    this.#handshake = new HandshakeWatch(this.#session, spent, (error) => this.#expired(error));
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

  /** It is known whether both sides take part in heartbeats. */
  settypeExchanged(): void {
    this.heartbeat = this.#session.hooks.heartbeats.make(this.#session);
    this.heartbeat?.settypeExchanged();
  }

  /** The connection is active: heartbeats begin. */
  activated(): void {
    // One that another program has left had its handshake there.
    this.heartbeat ??= this.#session.hooks.heartbeats.make(this.#session);
    this.heartbeat?.begin();
    // Its last packet may have come before the line broke, and be worked off only now.
    if (this.#session.suspended) this.heartbeat?.pause();
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
    this.heartbeat?.pause();
  }

  /** The peer can be heard again. */
  goOn(): void {
    this.#handshake?.goOn();
    this.#watchIdle();
    this.heartbeat?.goOn();
  }

  /** Nothing more can come of the peer: it has only its handshake to complete, by what came. */
  allCame(): void {
    this.#idle?.cancel();
    this.#idle = undefined;
    this.heartbeat?.stop();
  }

  /** Judges the peer no more. */
  end(): void {
    this.greeted();
    this.allCame();
  }

  // ---- verdicts ---------------------------------------------------------------------------------

  #expired(error: HandshakeTimeoutError): void {
    if (this.#ready) this.giveUp(error, "handshake");
    else this.#session.abort(error);
  }

  /** Ends the session of a peer that had its time: there is none for an orderly end. @param where - as for `fail`. */
  giveUp(error: Peng3dnetError, where: string): void {
    const session = this.#session;
    session.fail(error, where);
    if (!session.transport.busy) session.transport.destroyAfterWrite();
    else session.transport.destroy();
  }
}
