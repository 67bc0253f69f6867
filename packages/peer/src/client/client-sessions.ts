import {
  AbortedError,
  type CloseInfo,
  ConnectionClosedError,
  describeError,
  InvalidStateError,
  ResumeError,
  TimedOutError,
  TlsHandshakeError,
} from "@peng3dnet/protocol";
import type { PeerParts } from "../base/peer-parts.js";
import type { CensusTaking } from "../observing/census.js";
import { checkReason } from "../session/close-reason.js";
import { type Metrics, MetricsSum, NO_METRICS } from "../session/metrics.js";
import type { Session } from "../session/session.js";
import { keepTextOnly } from "../session/text-only.js";
import { aborted, Deferred, within } from "../time/deferred.js";
import { checkWait, type WaitOptions, waitError } from "../time/wait-options.js";
import type { Transport } from "../transport/transport.js";
import type { ClientEvents } from "./client-options.js";
import { type AttemptedSessions, ConnectAttempts } from "./connect-attempts.js";
import type { ClientAccess, ToldClient } from "./connecting-client.js";
import { connectionClosed } from "./connection-closed.js";
import type { Dialling } from "./dialling.js";
import type { Reconnecting } from "./reconnecting.js";
import { refusalError } from "./tls-refusal.js";

/** What was waited for, where it has come to pass. */
const DONE = Promise.resolve();

function stoppedError(): AbortedError {
  return new AbortedError("the client was stopped");
}

/**
 * How far a client came: there was no session; there was one, and none that was active; a caller had no more patience before one was, so
 * that none follows if the session of the moment fails; there was one that was active.
 */
type Stage = "new" | "begun" | "given up" | "active";

/** What the sessions of a client tell of. */
interface SessionsHooks<C extends ToldClient> extends PeerParts {
  readonly client: C;
  readonly access: ClientAccess<C>;
  /** Opens transports. */
  dialling(): Dialling;
  /** The client is at its end: tickers and iterators are, too, before anybody knows of that. */
  stop(): void;
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
  /** Says whether another session follows; `undefined`: none does. */
  reconnecting: Reconnecting | undefined = undefined;
  /** Takes the session that another program has saved, if there is one. Throws if it cannot be used. */
  takeSaved: (() => void) | undefined = undefined;
  readonly #hooks: SessionsHooks<C>;
  /** That the client is at its end; there once somebody waits for that, or it is. */
  #closing: Deferred<CloseInfo> | undefined = undefined;
  /** That the handshake of the session of the moment is complete, or of the next one; `"active"`: it is; `undefined`: nobody waits. */
  #active: Deferred<void> | "active" | undefined = undefined;
  /** There while it connects, or may connect again, and once nothing is to be opened any more. */
  #attempts: ConnectAttempts | undefined = undefined;
  /** The first connection is up; `undefined`: nobody has asked for one. */
  #up: Promise<void> | undefined = undefined;
  #stage: Stage = "new";
  /** What was counted of sessions before this one. */
  #past: MetricsSum | undefined = undefined;
  /** What the last attempt or session ended with, while there is no session that is active. */
  #failure: CloseInfo | undefined = undefined;
  /** Whether this side's application has ended it, and with what reason where there was no session. */
  #ended: boolean | { readonly reason: string | null } = false;

  constructor(hooks: SessionsHooks<C>) {
    this.#hooks = hooks;
  }

  /** Whether there was a session that was active. */
  get everActive(): boolean {
    return this.#stage === "active";
  }

  /** Whether there was a session. */
  get #began(): boolean {
    return this.#stage !== "new";
  }

  /** Whether the client is at its end. */
  get closed(): boolean {
    return this.#closing?.settled === true;
  }

  /** Resolves when the client is at its end. */
  waitForClose(options: WaitOptions): Promise<CloseInfo> {
    return this.#getClosing().wait(options, "the connection to close");
  }

  #getClosing(): Deferred<CloseInfo> {
    this.#closing ??= new Deferred(this.#hooks.clock);
    return this.#closing;
  }

  /** Whether the session of the moment was active, or there will be none any more. */
  get #decided(): boolean {
    return this.#active === "active" || this.#active?.settled === true;
  }

  #waitForActive(options: WaitOptions): Promise<void> {
    if (this.#active === "active") {
      const invalid = waitError(options);
      return invalid === undefined ? DONE : Promise.reject(invalid);
    }
    this.#active ??= new Deferred(this.#hooks.clock);
    const active = this.#active.wait(options, "the connection");
    if (options.timeout === undefined) return active;
    return active.catch((error: Error) => {
      throw this.#explained(error);
    });
  }

  /** Where attempts have failed all the time, a caller who has no more patience is told with what. */
  #explained(error: Error): Error {
    const failure = this.#failure;
    if (!(error instanceof TimedOutError) || failure === undefined || this.#decided) return error;
    const cause = failure.error ?? connectionClosed(failure);
    return new TimedOutError(`${error.message}; what failed last: ${describeError(cause)}`, { cause });
  }

  /** There will be no active session any more. */
  #failActive(error: Error): void {
    if (this.#active === "active") return;
    this.#active ??= new Deferred(this.#hooks.clock);
    this.#active.fail(error);
  }

  #getAttempts(): ConnectAttempts {
    this.#attempts ??= new ConnectAttempts(this, this.#hooks.dialling(), this.#hooks);
    return this.#attempts;
  }

  /** Whether nothing is to be opened any more. */
  get #over(): boolean {
    return this.#attempts?.over === true;
  }

  /** Whether somebody has asked for a connection, or handed one in. */
  get asked(): boolean {
    return this.#up !== undefined;
  }

  /** Whether it is at its end, after at least one session. */
  get over(): boolean {
    return this.#began && this.closed;
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
    if (this.closed) {
      const ended = this.#ended;
      const reason = typeof ended === "object" ? ended.reason : "socketclose";
      return new ConnectionClosedError("the client is not connected any more", reason);
    }
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
    const { access, client } = this.#hooks;
    access.checkNotStopped(client);
    if (this.closed) throw new InvalidStateError("the client was closed; a client connects once");
    await this.#getAttempts().untilUp(this.#goOnWithSaved());
    // Thousands of clients may be up, and keep nothing of how they came there.
    this.#up = DONE;
    if (this.reconnecting === undefined && !this.#over) this.#attempts = undefined;
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
    const { clock, platform } = this.#hooks;
    if (signal?.aborted === true && this.session === undefined) throw aborted(signal, what);
    const connecting = connect();
    try {
      await within(clock, connecting, options, what, platform.yield);
    } catch (caught) {
      const error = this.#explained(caught as Error);
      if (this.everActive) throw error;
      const { session } = this;
      // A session that was saved is there before its line is.
      if (session === undefined || session.suspended) {
        this.#ended ||= true;
        this.#getAttempts().end(() => error);
        session?.destroy("socketclose");
      } else this.#stage = "given up";
      throw error;
    }
  }

  /** Begins a session over a transport. @param spent - seconds of its handshake that are over. */
  begin(transport: Transport, spent: number): Session<C> {
    if (this.session !== undefined || this.closed || this.#over)
      throw new InvalidStateError("a client connects once; make a new one");
    const session = this.#hooks.access.create(this.#hooks.client, transport);
    // Only now: what was no transport is no connection either.
    this.#up ??= DONE;
    this.#adopt(session);
    this.#tellConnected(session);
    session.start(spent);
    return session;
  }

  #adopt(session: Session<C>): void {
    session.owner = this.#hooks.client;
    this.session = session;
    if (this.#stage === "new") this.#stage = "begun";
    this.#attempts?.began();
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
    const session = this.#hooks.access.create(this.#hooks.client, transport);
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
    this.#ended ||= true;
  }

  #tellConnected({ transport, options }: Session<C>): void {
    const { client } = this.#hooks;
    client.sendEvent("connect", { addr: transport.remoteAddress, sock: transport.socket });
    if (options.prints?.connect) this.#hooks.peer.print(`connect ${transport.remoteAddress.join(" ")}`);
    this.#hooks.guard.run("onConnect", () => client.onConnect());
    this.#emit("connect");
  }

  /**
   * An attempt failed, or the pause before it.
   *
   * @returns what it failed with, if another one follows. @throws the error, if none does.
   */
  failed(error: Error, tried: boolean): CloseInfo {
    if (this.session === undefined && !this.closed) {
      this.#hooks.unconnected();
      const info = this.#unconnected(error);
      if (tried && !this.#over && this.#follows(info)) {
        this.#failure = info;
        return info;
      }
      this.#neverConnected(error);
    }
    throw error;
  }

  #unconnected(error: Error): CloseInfo {
    keepTextOnly(error);
    const ended = this.#ended;
    const known = error instanceof TlsHandshakeError || error instanceof ResumeError;
    const reason = known ? error.closeReason : "socketclose";
    return { reason: typeof ended === "object" ? ended.reason : reason, error, clean: false };
  }

  /** There is no session, and there will be none. */
  #neverConnected(error: Error): void {
    // It may be told of right now, to a listener that ends the client, too.
    if (this.#decided) return;
    const info = this.#unconnected(error);
    this.#failActive(this.#began ? connectionClosed(info) : error);
    // It was closed, if not connected: whoever waits for that learns it as ever.
    if (this.#began || typeof this.#ended === "object")
      this.#tellClosed(info, this.#hooks.cfg.get("net.debug.print.close"));
    this.#settleClosed(info);
  }

  // ---- from one session to the next -------------------------------------------------------------

  /** The handshake is complete. */
  activated(): void {
    const info = this.reconnecting?.active();
    this.#stage = "active";
    this.#failure = undefined;
    const waiting = this.#active;
    this.#active = "active";
    if (waiting !== "active") waiting?.settle();
    this.#emit("handshakecomplete");
    // A listener may have closed it. Only where none follows is `close` told instead.
    if (info !== undefined && !this.#ended) this.#emit("session", info);
  }

  /** A session is over. */
  ended(session: Session<C>, { reason, error, clean }: CloseInfo): void {
    // The application may keep what it is told, and the client does until there is another session.
    keepTextOnly(error);
    const wasActive = this.#decided;
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
    if (!wasActive) this.#failActive(connectionClosed(info));
    this.#tellClosed(info, prints);
    this.#settleClosed(info);
  }

  /** Whether another attempt follows. */
  #follows(info: CloseInfo): boolean {
    if (this.#ended || this.#stage === "given up") return false;
    if (this.reconnecting?.follows(info) !== true) return false;
    // The application was asked, and may have closed the client then.
    return !this.#ended;
  }

  #lost(session: Session<C>, info: CloseInfo, wasActive: boolean, prints: boolean): void {
    this.#past ??= new MetricsSum();
    session.addTo(this.#past);
    this.#past.nothingWaits();
    this.session = undefined;
    this.#failure = info;
    if (wasActive) {
      this.#active = undefined;
      if (prints) this.#hooks.peer.print(`lost ${info.reason}`);
      this.#emit("lost", info);
    }
    // How that ends, others learn by `session` or `close`.
    this.#getAttempts()
      .untilUp(info)
      .catch(() => {});
  }

  // ---- the end ----------------------------------------------------------------------------------

  /** Tells all whom it concerns that the client is closed. */
  #tellClosed(info: CloseInfo, prints: boolean): void {
    const { client } = this.#hooks;
    this.#hooks.guard.run("onClose", () => client.onClose(info.reason));
    if (prints) this.#hooks.peer.print(`close ${info.reason}`);
    client.sendEvent("close", { reason: info.reason });
    this.#emit("close", info);
  }

  #settleClosed(info: CloseInfo): void {
    this.#hooks.stop();
    this.#getClosing().settle(info);
  }

  /** Closes the session of the moment, and begins no other one. */
  async close(reason: string | null, options: WaitOptions): Promise<CloseInfo> {
    checkWait(options);
    checkReason(reason);
    if (this.session !== undefined) this.#closeSession(this.session, reason);
    else if (!this.closed) {
      if (typeof this.#ended !== "object") this.#ended = { reason };
      if (this.#up !== undefined) {
        this.#getAttempts().end(() => new AbortedError("the client was closed while it connected"));
      } else {
        this.#neverConnected(new ConnectionClosedError("the client was closed before it connected", reason));
      }
    }
    return this.waitForClose(options);
  }

  #closeSession(session: Session<C>, reason: string | null): void {
    const before = this.#ended;
    this.#ended ||= true;
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
    this.#ended ||= true;
    this.#getAttempts().end(stoppedError);
    if (this.session !== undefined) this.session.destroy("socketclose");
    else this.#neverConnected(new ConnectionClosedError("the client was stopped", "socketclose"));
  }

  // ---- waiting ----------------------------------------------------------------------------------

  /** Resolves once a session is active, the next one if there is none at the moment. */
  waitForConnection(options: WaitOptions): Promise<void> {
    const { session } = this;
    const { clock, platform } = this.#hooks;
    if (!this.#decided || session === undefined || session.open) return this.#waitForActive(options);
    // It closes: whether another one follows is known once it is over.
    return within(clock, this.#behind(session), options, "the connection to close", platform.yield);
  }

  async #behind(session: Session<C>): Promise<void> {
    await session.waitForClose({});
    if (this.closed) throw connectionClosed(await this.waitForClose({}));
    await this.#waitForActive({});
  }

  #emit<K extends keyof ClientEvents & string>(event: K, ...args: ClientEvents[K]): void {
    this.#hooks.emit(event, args);
  }
}
