import {
  AbortedError,
  type CloseInfo,
  ConnectionClosedError,
  InvalidStateError,
  ResumeError,
  TlsHandshakeError,
} from "@peng3dnet/protocol";
import type { PeerParts } from "../base/peer-parts.js";
import type { CensusTaking } from "../observing/census.js";
import { checkReason } from "../session/close-reason.js";
import { type Metrics, MetricsSum, NO_METRICS } from "../session/metrics.js";
import type { Session } from "../session/session.js";
import { aborted, Deferred, within } from "../time/deferred.js";
import { checkWait, type WaitOptions, waitError } from "../time/wait-options.js";
import type { Transport } from "../transport/transport.js";
import type { ClientEvents } from "./client-options.js";
import { type AttemptedSessions, ConnectAttempts } from "./connect-attempts.js";
import type { ConnectingClient, ToldClient } from "./connecting-client.js";
import { connectionClosed } from "./connection-closed.js";
import type { Reconnecting } from "./reconnecting.js";
import { refusalError } from "./tls-refusal.js";

function stoppedError(): AbortedError {
  return new AbortedError("the client was stopped");
}

/** What the sessions of a client tell of. */
interface SessionsHooks {
  /** The client is at its end: tickers are, too, before anybody knows of that. */
  stopTickers(): void;
  /** An attempt to connect came to nothing. */
  unconnected(): void;
}

/**
 * The sessions of a client, one after another, and what others wait for: that there is one, and that there will be none any more.
 * Without the option `reconnect` there is one at most.
 */
export class ClientSessions<C extends ToldClient> implements AttemptedSessions {
  /** The session of the moment; with `reconnect` `undefined` between two, and else the last one for good. */
  session: Session<C> | undefined = undefined;
  /** Whether there was one that was active. */
  everActive = false;
  /** Says whether another session follows; `undefined`: none does. */
  reconnecting: Reconnecting | undefined = undefined;
  /** Takes the session that another program has saved, if there is one. Throws if it cannot be used. */
  takeSaved: (() => void) | undefined = undefined;
  /** The client is at its end. */
  readonly closing: Deferred<CloseInfo>;
  /** The handshake of the session of the moment is complete, or of the next one if there is none. */
  #active: Deferred<void>;
  readonly #parts: PeerParts;
  readonly #hooks: SessionsHooks;
  declare private host: ConnectingClient<C>;
  declare private attempts: ConnectAttempts;
  /** The first connection is up; `undefined`: nobody has asked for one. */
  #up: Promise<void> | undefined = undefined;
  /** Whether there was a session. */
  #began = false;
  /** Whether a caller had no more patience before one was active: if the session of the moment fails, none follows. */
  #givenUp = false;
  /** What was counted of sessions before this one. */
  #past: MetricsSum | undefined = undefined;
  /** Whether this side's application has ended it. */
  #ended = false;
  /** The reason that it was closed with while there was no session. */
  #closedAs: { readonly reason: string | null } | undefined = undefined;

  constructor(parts: PeerParts, hooks: SessionsHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
    this.#active = new Deferred(parts.clock);
    this.closing = new Deferred(parts.clock);
  }

  /** Hands in the client, which makes this before there is one to hand in. */
  connectTo(host: ConnectingClient<C>): void {
    this.host = host;
    this.attempts = new ConnectAttempts(this, host.dialling, this.#parts);
  }

  /** Whether somebody has asked for a connection, or handed one in. */
  get asked(): boolean {
    return this.#up !== undefined;
  }

  /** Whether it is at its end, after at least one session. */
  get over(): boolean {
    return this.#began && this.closing.settled;
  }

  /** Counters of all sessions together. */
  get metrics(): Metrics {
    if (this.#past === undefined) return this.session?.metrics ?? NO_METRICS;
    const sum = new MetricsSum();
    sum.add(this.#past);
    this.session?.addTo(sum);
    return sum.get();
  }

  /** Adds what there is of its sessions to a census. */
  countIn(census: CensusTaking): void {
    const { session } = this;
    if (this.#past !== undefined) census.sum.add(this.#past);
    if (session === undefined) return;
    if (!session.over) session.countIn(census);
    else {
      session.addTo(census.sum);
      census.sum.nothingWaits();
    }
  }

  /** The session. @throws what {@link ClientSessions.missing} says if there is none. */
  require(): Session<C> {
    if (this.session === undefined) throw this.missing();
    return this.session;
  }

  /** Why nothing can be done with a session. */
  missing(): Error {
    if (this.closing.settled)
      return new ConnectionClosedError("the client is not connected any more", "socketclose");
    return new InvalidStateError(
      this.#began
        ? "the client has lost its connection and tries again (the option reconnect); await waitForConnection(), or go on when the event session comes"
        : "the client is not connected yet; await start() or waitForConnection() first",
    );
  }

  // ---- connecting -------------------------------------------------------------------------------

  /** Resolves once the first connection is up. */
  connect(): Promise<void> {
    this.#up ??= this.#connect();
    return this.#up;
  }

  async #connect(): Promise<void> {
    this.host.checkNotStopped();
    if (this.closing.settled) throw new InvalidStateError("the client was closed; a client connects once");
    await this.attempts.untilUp(this.#goOnWithSaved());
  }

  /** Takes a session of another program, if there is one. @returns why that failed, if a fresh one follows. @throws if none does. */
  #goOnWithSaved(): CloseInfo | undefined {
    try {
      this.takeSaved?.();
      return undefined;
    } catch (error) {
      return this.failed(error as Error, true);
    }
  }

  /** Does what connects, with a caller's patience: one that gives up before there is a connection ends the attempts. */
  patiently(options: WaitOptions, connect: () => Promise<void>, what: string): Promise<void> {
    const invalid = waitError(options);
    if (invalid !== undefined) return Promise.reject(invalid);
    const { signal, timeout } = options;
    return signal === undefined && timeout === undefined ? connect() : this.#within(options, connect, what);
  }

  async #within(options: WaitOptions, connect: () => Promise<void>, what: string): Promise<void> {
    const { signal } = options;
    const { clock, platform } = this.#parts;
    if (signal?.aborted === true && this.session === undefined) throw aborted(signal, what);
    const connecting = connect();
    try {
      await within(clock, connecting, options, what, platform.yield);
    } catch (error) {
      if (!this.everActive) this.#givenUp = true;
      const { session } = this;
      // A session that was saved is there before its line is.
      if (!this.everActive && (session === undefined || session.suspended)) {
        this.#ended = true;
        this.attempts.end(() => error as Error);
        session?.destroy("socketclose");
      }
      throw error;
    }
  }

  /** Begins a session over a transport. @param spent - seconds of its handshake that are over. */
  begin(transport: Transport, spent: number): Session<C> {
    if (this.session !== undefined || this.closing.settled || this.attempts.over)
      throw new InvalidStateError("a client connects once; make a new one");
    this.#up ??= Promise.resolve();
    const session = this.host.create(transport);
    this.#adopt(session);
    this.#tellConnected(session);
    session.start(spent);
    return session;
  }

  #adopt(session: Session<C>): void {
    session.owner = this.host.client;
    this.session = session;
    this.#began = true;
    this.attempts.began();
  }

  /**
   * Begins with a session of another program, which waits for a line.
   *
   * @param into - puts into it what was saved. @returns the session, and what is to be called once there is a line.
   */
  restore(
    transport: Transport,
    into: (session: Session<C>) => void,
  ): [session: Session<C>, connected: () => void] {
    const session = this.host.create(transport);
    into(session);
    this.#adopt(session);
    session.hooks.started(session);
    const connected = (): void => {
      this.#tellConnected(session);
      // A handler may have closed it.
      if (session.open) session.restored();
    };
    return [session, connected];
  }

  /** Another program goes on with the session of the moment: no other one follows. */
  last(): void {
    this.#ended = true;
  }

  #tellConnected({ transport, options }: Session<C>): void {
    const { client } = this.host;
    client.sendEvent("connect", { addr: transport.remoteAddress, sock: transport.socket });
    if (options.prints?.connect) this.#parts.peer.print(`connect ${transport.remoteAddress.join(" ")}`);
    this.#parts.guard.run("onConnect", () => client.onConnect());
    this.#emit("connect");
  }

  /**
   * An attempt failed, or the pause before it.
   *
   * @returns what it failed with, if another one follows. @throws the error, if none does.
   */
  failed(error: Error, tried: boolean): CloseInfo {
    if (this.session === undefined && !this.closing.settled) {
      this.#hooks.unconnected();
      const info = this.#unconnected(error);
      if (tried && !this.attempts.over && this.#follows(info)) return info;
      this.#neverConnected(error);
    }
    throw error;
  }

  #unconnected(error: Error): CloseInfo {
    const closed = this.#closedAs;
    const known = error instanceof TlsHandshakeError || error instanceof ResumeError;
    const reason = known ? error.closeReason : "socketclose";
    return { reason: closed === undefined ? reason : closed.reason, error, clean: false };
  }

  /** There is no session, and there will be none. */
  #neverConnected(error: Error): void {
    if (this.closing.settled) return;
    const info = this.#unconnected(error);
    this.#active.fail(this.#began ? connectionClosed(info) : error);
    // It was closed, if not connected: whoever waits for that learns it as ever.
    if (this.#began || this.#closedAs !== undefined)
      this.#tellClosed(info, this.#parts.cfg.get("net.debug.print.close"));
    this.#settleClosed(info);
  }

  // ---- from one session to the next -------------------------------------------------------------

  /** The handshake is complete. */
  activated(): void {
    const info = this.reconnecting?.active();
    this.everActive = true;
    this.#active.settle();
    this.#emit("handshakecomplete");
    // A listener may have closed it. Only where none follows is `close` told instead.
    if (info !== undefined && !this.#ended) this.#emit("session", info);
  }

  /** A session is over. */
  ended(session: Session<C>, { reason, error, clean }: CloseInfo): void {
    const wasActive = this.#active.settled;
    const prints = session.options.prints?.close === true;
    // Before the handshake is complete, a server may say what is missing of TLS.
    const refusal = wasActive || error !== undefined ? undefined : refusalError(reason);
    const info: CloseInfo =
      refusal === undefined ? { reason, error, clean } : { reason, error: refusal, clean: false };
    if (this.#follows(info)) {
      this.#lost(session, info, wasActive, prints);
      return;
    }
    // An error has a stack, which takes longer than all else here.
    if (!wasActive) this.#active.fail(connectionClosed(info));
    this.#tellClosed(info, prints);
    this.#settleClosed(info);
  }

  /** Whether another attempt follows. */
  #follows(info: CloseInfo): boolean {
    if (this.#ended || (this.#givenUp && !this.everActive)) return false;
    if (this.reconnecting?.follows(info) !== true) return false;
    // The application was asked, and may have closed the client then.
    return !this.#ended;
  }

  #lost(session: Session<C>, info: CloseInfo, wasActive: boolean, prints: boolean): void {
    this.#past ??= new MetricsSum();
    session.addTo(this.#past);
    this.#past.nothingWaits();
    this.session = undefined;
    if (wasActive) {
      this.#active = new Deferred(this.#parts.clock);
      if (prints) this.#parts.peer.print(`lost ${info.reason}`);
      this.#emit("lost", info);
    }
    // How that ends, others learn by `session` or `close`.
    this.attempts.untilUp(info).catch(() => {});
  }

  // ---- the end ----------------------------------------------------------------------------------

  /** Tells all whom it concerns that the client is closed. */
  #tellClosed(info: CloseInfo, prints: boolean): void {
    const { client } = this.host;
    this.#parts.guard.run("onClose", () => client.onClose(info.reason));
    if (prints) this.#parts.peer.print(`close ${info.reason}`);
    client.sendEvent("close", { reason: info.reason });
    this.#emit("close", info);
  }

  #settleClosed(info: CloseInfo): void {
    this.#hooks.stopTickers();
    this.closing.settle(info);
  }

  /** Closes the session of the moment, and begins no other one. */
  async close(reason: string | null, options: WaitOptions): Promise<CloseInfo> {
    checkWait(options);
    checkReason(reason);
    if (this.session !== undefined) this.#closeSession(this.session, reason);
    else if (!this.closing.settled) {
      this.#closedAs ??= { reason };
      this.#ended = true;
      if (this.#up !== undefined) {
        this.attempts.end(() => new AbortedError("the client was closed while it connected"));
      } else {
        this.#neverConnected(new ConnectionClosedError("the client was closed before it connected", reason));
      }
    }
    return this.closing.wait(options, "the connection to close");
  }

  #closeSession(session: Session<C>, reason: string | null): void {
    const before = this.#ended;
    this.#ended = true;
    try {
      void session.close(reason);
    } catch (error) {
      // A reason that is too long: nothing has happened.
      this.#ended = before;
      throw error;
    }
  }

  /** Cuts the session of the moment, and begins no other one. */
  stop(): void {
    this.#ended = true;
    this.attempts.end(stoppedError);
    if (this.session !== undefined) this.session.destroy("socketclose");
    else this.#neverConnected(new ConnectionClosedError("the client was stopped", "socketclose"));
  }

  // ---- waiting ----------------------------------------------------------------------------------

  /** Resolves once a session is active, the next one if there is none at the moment. */
  waitForConnection(options: WaitOptions): Promise<void> {
    const { session } = this;
    const { clock, platform } = this.#parts;
    if (!this.#active.settled || session === undefined || session.open)
      return this.#active.wait(options, "the connection");
    // It closes: whether another one follows is known once it is over.
    return within(clock, this.#behind(session), options, "the connection to close", platform.yield);
  }

  async #behind(session: Session<C>): Promise<void> {
    await session.waitForClose({});
    if (this.closing.settled) throw connectionClosed(await this.closing.wait({}, "the connection to close"));
    await this.#active.wait({}, "the connection");
  }

  #emit<K extends keyof ClientEvents & string>(event: K, ...args: ClientEvents[K]): void {
    this.#parts.emit(event, args);
  }
}
