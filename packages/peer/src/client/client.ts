import {
  type Address,
  type AddressLike,
  type AnyPacketDefinition,
  type Cid,
  type CloseInfo,
  CONNTYPE_CLASSIC,
  type Connection,
  ConnectionClosedError,
  InvalidStateError,
  MODE_CLOSED,
  MODE_NOTSET,
  normalizeAddrSocketstyle,
  type PacketRef,
  SIDE_CLIENT,
  type SIDE_SERVER,
  SSLSEC_NONE,
  type SslSecLevel,
  STATE_CLOSED,
  STATE_INIT,
} from "@peng3dnet/protocol";
import type { ConnectionOwner } from "../base/connection-owner.js";
import { checkExact, noticeUnknownOptions } from "../base/known-options.js";
import { PeerBase } from "../base/peer-base.js";
import { type SendOutcome, sendOutcome } from "../base/send-outcome.js";
import type { RoundTrip } from "../liveness/round-trip.js";
import type { ServerTime } from "../liveness/server-clock.js";
import type { NameSentTo, PayloadOf, SentTo, UntypedPacket } from "../messages/typed-packet.js";
import { standardPlatform } from "../platform/standard-platform.js";
import { rejected } from "../requests/rejected.js";
import { checkNoRequest, unknownRequest } from "../requests/request-declaration.js";
import type {
  AnsweredBy,
  AnyRequestDefinition,
  RequestAnswer,
  RequestInput,
} from "../requests/request-definition.js";
import { checkResume } from "../resume/client-resumption.js";
import type { ConnectionHandle } from "../session/connection-handle.js";
import type { Metrics } from "../session/metrics.js";
import type { Session } from "../session/session.js";
import { optional } from "../time/deferred.js";
import { checkWait, type WaitOptions } from "../time/wait-options.js";
import type { NativeSocket } from "../transport/native-socket.js";
import type { PeerCertificate } from "../transport/peer-certificate.js";
import type { Transport } from "../transport/transport.js";
import { ClientHooks } from "./client-hooks.js";
import {
  CLIENT_OPTIONS,
  type ClientDefaults,
  type ClientEvents,
  type ClientOptions,
} from "./client-options.js";
import { keepSessions } from "./keeping.js";
import { checkReconnect } from "./reconnect-options.js";
import { sharedAddress } from "./shared-address.js";

/**
 * Connects to one server, once; with the option `reconnect` again and again.
 *
 * @typeParam D - packets that were declared; follows from `packets`.
 * @reference `Client`
 */
export class Client<out D extends AnyPacketDefinition = AnyPacketDefinition>
  extends PeerBase<Client<D>, ClientEvents, typeof SIDE_CLIENT>
  implements ConnectionOwner
{
  override readonly side = SIDE_CLIENT;
  /** Client id, as the reference's `None` on the client side: always `null`. */
  readonly cid: null = null;

  readonly #addr: AddressLike | undefined;
  readonly #hooks: ClientHooks<Client<D>>;
  #started = false;

  /**
   * @param defaults - for a package for one runtime: what holds where `options` say nothing.
   * @throws {@link ConfigError} if a config option is not allowed or an option does not exist, {@link InvalidAddressError} for
   * `addr`, TypeError for a `platform` or a `connector` that is none, ConfigError or TypeError for `resume` or `reconnect`.
   */
  constructor(options: ClientOptions<D> = {}, defaults: ClientDefaults = {}) {
    const { exact = new.target === Client } = defaults;
    if (exact) checkExact(new.target, "a Client", options, CLIENT_OPTIONS);
    let hooks!: ClientHooks<Client<D>>;
    const {
      platform = defaults.platform ?? standardPlatform,
      connector = defaults.connector,
      conntype = CONNTYPE_CLASSIC,
      resume = false,
      reconnect = false,
    } = options;
    const given = { platform, connector, conntype };
    super("client", options, given, (init) => {
      hooks = new ClientHooks<Client<D>>(init, Client.#access);
      return hooks;
    });
    if (!exact) noticeUnknownOptions(this, options, CLIENT_OPTIONS, this.guard);
    this.#hooks = hooks;
    if (options.addr !== undefined) normalizeAddrSocketstyle(options.addr);
    if (connector !== undefined && typeof connector?.connect !== "function")
      throw new TypeError("the option connector has no connect()");
    this.#addr = sharedAddress(connector?.address ?? options.addr);
    const resuming = resume === true ? {} : resume;
    const reconnecting = reconnect === true ? {} : reconnect;
    // All is checked before a keeper is taken, which serves one client.
    if (resuming !== false) checkResume(resuming);
    if (reconnecting !== false) {
      checkReconnect(reconnecting);
      hooks.reconnectBy(reconnecting);
    }
    if (resuming !== false) {
      const resumption = hooks.resumeBy(resuming);
      const { keeper } = resuming;
      if (keeper !== undefined) keepSessions(keeper, this, conntype, hooks.sessions, resumption);
    }
  }

  /** What its sessions do with a client, whose methods for that are not for everybody. */
  static readonly #access = {
    plain: Client.prototype.onReceive,
    create<D extends AnyPacketDefinition>(client: Client<D>, transport: Transport): Session<Client<D>> {
      return client.createSession(transport, null, client.#hooks.setup.conntype);
    },
    checkNotStopped<D extends AnyPacketDefinition>(client: Client<D>): void {
      client.checkNotStopped();
    },
  };

  // ---- the connection ---------------------------------------------------------------------------

  get #session(): Session<Client<D>> | undefined {
    return this.#hooks.sessions.session;
  }

  /** Address of the server: where the `connector` goes to, if that has an address of its own. */
  get addr(): Address {
    const port = this.cfg.get("net.client.addr.port");
    const addr = this.#addr ?? this.cfg.get("net.client.addr") ?? this.cfg.get("net.client.addr.host");
    return normalizeAddrSocketstyle(addr, port);
  }

  /**
   * State of the connection; once active, the application may set `STATE_ACTIVE` to 127. `STATE_INIT` while there is none, and
   * `STATE_CLOSED` when there will be none any more.
   */
  get state(): number {
    return this.#session?.connection.state ?? (this.#hooks.sessions.closed ? STATE_CLOSED : STATE_INIT);
  }

  set state(state: number) {
    this.#hooks.sessions.require().connection.state = state;
  }

  /** Mode of the connection, one of the `MODE_*` constants or the application's own numbers. Default `MODE_NOTSET`. */
  get mode(): number {
    return this.#session?.connection.mode ?? (this.#hooks.sessions.closed ? MODE_CLOSED : MODE_NOTSET);
  }

  set mode(mode: number) {
    this.#hooks.sessions.require().connection.mode = mode;
  }

  /** Name of the connection type. */
  get conntype(): string {
    return this.#hooks.setup.conntype ?? CONNTYPE_CLASSIC;
  }

  /** What TLS established. `SSLSEC_NONE` while there is no connection. */
  get sslSeclevel(): SslSecLevel {
    return this.#session?.connection.sslSeclevel ?? SSLSEC_NONE;
  }

  /** The certificate that the server showed; `undefined` without TLS, and while there is no connection. */
  get peerCertificate(): PeerCertificate | undefined {
    return this.#session?.transport.peerCertificate;
  }

  /**
   * How long the server's heartbeats take, there and back: the last one, and the mean. `undefined` before the first one, which
   * comes with the handshake, and where the server sends none.
   */
  get rtt(): RoundTrip | undefined {
    return this.#session?.rtt;
  }

  /**
   * The server's time, as {@link Server.serverTime} tells it there: an estimate, and how far it is off at most. `undefined` as
   * long as {@link Client.rtt} is, and for a moment after one of both machines slept. It gets better with each heartbeat, and may
   * step back by as much as it was off.
   */
  serverTime(): ServerTime | undefined {
    return this.#session?.serverTime();
  }

  /** Whether the handshake is complete and the connection open. */
  get active(): boolean {
    return this.#session?.active === true;
  }

  /** Whether the line broke and the session waits for another one; with the option `resume`. */
  get suspended(): boolean {
    return this.#session?.suspended === true;
  }

  /**
   * The connection, once there is one; after a close, the one that was closed. With the option `reconnect` it is another one for
   * each session, and `undefined` between two.
   */
  get conn(): ConnectionHandle | undefined {
    return this.#session;
  }

  /** The socket of the connection, if there is one. */
  get sock(): NativeSocket | undefined {
    return this.#session?.transport.socket;
  }

  /** Counters of the connection; with the option `reconnect`, of all sessions together. */
  override get metrics(): Metrics {
    return this.#hooks.sessions.metrics;
  }

  protected override get decodedSize(): number {
    return this.#session?.connection.decodedSize ?? 0;
  }

  override getConnection(): Connection | undefined {
    return this.#session?.connection;
  }

  /**
   * Connects to the server. Resolves once the connection is up; the handshake follows. Further calls return
   * the first one's result. A caller whose `timeout` is over or whose `signal` fires before the connection is up ends
   * the attempt; nothing is opened with a signal that has fired before. With the option `reconnect` it is tried again until it is
   * up, and who gives up before a first session is active ends that. With a session that was saved (`resume.keeper`) it resolves at
   * once: the client is suspended then, and dials; `start` waits for that.
   *
   * @throws {@link ConnectionRefusedError}, {@link UnresolvableHostError}, {@link UnreachableHostError} or
   * another {@link ConnectError}, {@link TimedOutError} after `net.timeout.handshake`; with TLS,
   * {@link TlsConfigError} before anything is sent, and {@link TlsHandshakeError} or a subclass. A server may
   * find fault with the client's certificate only after this has resolved: `start` waits for that, too.
   * {@link TimedOutError}, {@link AbortedError} as `options` say; {@link ResumeError} for a saved session that cannot be used.
   * @reference `connect`
   */
  connect(options: WaitOptions = {}): Promise<void> {
    return this.#hooks.sessions.patiently(options, () => this.#hooks.sessions.connect(), "the connection");
  }

  /**
   * Uses a connected transport, e.g. a link in memory, instead of connecting. While the client is suspended, it is one to go on
   * over with the session; between two sessions, with the option `reconnect`, it is that of the next one.
   */
  attach(transport: Transport): void {
    if (this.#session?.suspended === true) {
      this.#hooks.resuming?.attach(this.#session, transport);
      return;
    }
    this.#hooks.sessions.begin(transport, 0);
  }

  // ---- running ----------------------------------------------------------------------------------

  /**
   * Initializes, connects and runs. Packets wait for `process` or `processAsync`. Resolves once connected;
   * further calls do nothing.
   *
   * @throws as {@link Client.connect}; {@link InvalidStateError} after a stop.
   * @reference `runAsync`
   */
  async runAsync(options: WaitOptions = {}): Promise<void> {
    this.checkNotStopped();
    this.initialize();
    await this.connect(options);
    if (this.#started || this.stopped) return;
    this.#started = true;
    this.sendEvent("start");
  }

  /**
   * Runs as {@link Client.runAsync} does, and resolves when the client is stopped.
   *
   * @reference `runBlocking`
   */
  async runBlocking(options: WaitOptions = {}): Promise<void> {
    await this.#hooks.sessions.patiently(
      options,
      async () => {
        await this.runAsync();
        await this.waitForStop({});
      },
      "the client to stop",
    );
  }

  /**
   * Initializes, connects, runs and processes packets as they arrive: what most programs want. Resolves once
   * the handshake is complete and packets can be sent; further calls do the same. With the option `reconnect` it is tried until
   * it succeeds, unless another attempt is of no use; `timeout` says how long.
   *
   * @throws as {@link Client.runAsync} and {@link Client.waitForConnection}; {@link ConnectionClosedError} if it was closed.
   */
  start(options: WaitOptions = {}): Promise<void> {
    if (this.#hooks.sessions.over) return this.#refuseStart();
    return this.#hooks.sessions.patiently(options, () => this.#start(), "the connection");
  }

  async #refuseStart(): Promise<void> {
    const { reason, error } = await this.waitForClose();
    throw new ConnectionClosedError(
      "the client was closed already; a client connects once, so make a new one",
      reason,
      { cause: error },
    );
  }

  async #start(): Promise<void> {
    const running = this.runAsync();
    this.processAsync();
    await running;
    await this.waitForConnection();
  }

  /**
   * Stops at once and cuts the connection. Use {@link Client.close} to close it properly. Further calls only
   * send the events of a stop.
   *
   * @reference `stop`
   */
  stop(): void {
    if (this.markStopped()) this.#hooks.sessions.stop();
  }

  /**
   * Resolves when the connection is closed, whichever way; at once if the client was never started.
   *
   * @throws {@link TimedOutError}, {@link AbortedError}.
   * @reference `join`
   */
  async join(options: WaitOptions = {}): Promise<void> {
    checkWait(options);
    if (this.#hooks.sessions.asked) await this.waitForClose(options);
  }

  /** Closes the connection properly and stops. */
  override async [Symbol.asyncDispose](): Promise<void> {
    if (this.#session !== undefined && !this.stopped) await this.close();
    if (!this.stopped) this.stop();
    await this.join();
  }

  /**
   * Resolves once the handshake is complete; with the option `reconnect` that of the next session, if there is none.
   *
   * @throws {@link ConnectionClosedError} with the reason at once if the connection is closed,
   * {@link ConnectError} if there never was one; {@link TimedOutError}, {@link AbortedError}.
   * @reference `wait_for_connection`
   */
  waitForConnection(options: WaitOptions = {}): Promise<void> {
    return this.#hooks.sessions.waitForConnection(options);
  }

  /**
   * Resolves once the connection is closed, and no other one follows.
   *
   * @throws {@link TimedOutError}, {@link AbortedError}.
   * @reference `wait_for_close`
   */
  waitForClose(options: WaitOptions = {}): Promise<CloseInfo> {
    return this.#hooks.sessions.waitForClose(options);
  }

  protected override ownerOf(): this {
    return this;
  }

  // ---- sending and closing ----------------------------------------------------------------------

  /**
   * Sends a packet to the server.
   *
   * @param ptype - packet type as name, id or object.
   * @param data - payload; encoded before this returns.
   * @param _cid - ignored; there so that code can serve both sides.
   * @returns false past the high-water mark: wait for `drain`, or `flush()`; also if it was dropped, as the packet says.
   * {@link Client.trySend} tells these apart.
   * @throws {@link NotRegisteredError}, {@link EncodeError}, {@link PacketTooLargeError},
   * {@link ConnectionClosedError}, {@link InvalidStateError} before the handshake is complete and between two sessions,
   * {@link SmartPacketInvalidError} if another condition of the packet does not hold; nothing has been sent then.
   * @reference `send_message`
   */
  override sendMessage<
    P extends NameSentTo<D, typeof SIDE_SERVER> | SentTo<typeof SIDE_SERVER> | UntypedPacket,
  >(ptype: P, data: PayloadOf<D, P>, cid?: Cid): boolean;
  override sendMessage(ptype: PacketRef, data: unknown, _cid?: Cid): boolean {
    checkNoRequest(ptype);
    const session = this.#hooks.sessions.require();
    const below = session.connection.send(ptype, data);
    if (!below) session.noteHighWater();
    return below;
  }

  /**
   * Asks the server, and waits for its answer: 10 seconds, unless `options` say otherwise. Giving up fires the `signal` of the
   * handler. A promise that nobody awaits never ends the process.
   *
   * @throws {@link RequestError} if the handler says so, {@link RequestClosedError} if the connection is closed before,
   * {@link TimedOutError}, {@link AbortedError}, {@link TooManyRequestsError}, {@link InvalidPayloadError} if what is asked or
   * answered does not fit its schema, and otherwise as `sendMessage`; always by the promise.
   */
  request<R extends AnsweredBy<typeof SIDE_SERVER>>(
    request: R,
    input: RequestInput<R>,
    options?: WaitOptions,
  ): Promise<RequestAnswer<R>>;
  request(request: AnyRequestDefinition, input: unknown, options?: WaitOptions): Promise<unknown> {
    const { requests } = this.#hooks;
    if (requests === undefined) return rejected(unknownRequest(request));
    // Not by the private getter: "Call the engine's run time for no packet" in docs/performance.
    const { session } = this.#hooks.sessions;
    if (session === undefined) return requests.notAsked(request, this.#hooks.sessions.missing());
    return requests.ask(request, input, options, session);
  }

  /**
   * Sends a packet as `sendMessage` does, and tells what the false of that may mean: `"behind"` is accepted, above the
   * high-water mark; `"dropped"` is not.
   *
   * @throws as `sendMessage`.
   */
  trySend<P extends NameSentTo<D, typeof SIDE_SERVER> | SentTo<typeof SIDE_SERVER> | UntypedPacket>(
    ptype: P,
    data: PayloadOf<D, P>,
    cid?: Cid,
  ): SendOutcome;
  trySend(ptype: PacketRef, data: unknown, _cid?: Cid): SendOutcome {
    return sendOutcome(this.getConnection(), () => this.sendMessage(ptype as number, data));
  }

  /**
   * Resolves once everything accepted so far is with the kernel.
   *
   * @throws {@link ConnectionLostError} if the connection ends before, {@link TimedOutError}, {@link AbortedError}.
   */
  flush(options: WaitOptions = {}): Promise<void> {
    return optional(this.#flush(options));
  }

  async #flush(options: WaitOptions): Promise<void> {
    await this.#hooks.sessions.require().flush(options);
  }

  /**
   * Closes the connection: what was accepted is delivered, then the reason, then the end of the stream.
   * Further calls return the first one's result. With the option `reconnect` this is the end of the client, too.
   *
   * @param _cid - ignored; there so that code can serve both sides.
   * @param reason - what the server is told; of a long one, the first 256 bytes.
   * @throws {@link PacketTooLargeError} if the reason does not fit a packet; the connection is open then. A promise
   * that nobody awaits never ends the process.
   * @reference `close_connection`
   */
  override closeConnection(_cid?: Cid, reason: string | null = null): Promise<CloseInfo> {
    return this.close(reason);
  }

  /**
   * Closes the connection, as {@link Client.closeConnection}.
   *
   * @reference `close`
   */
  close(reason: string | null = null, options: WaitOptions = {}): Promise<CloseInfo> {
    return optional(this.#hooks.sessions.close(reason, options));
  }

  // ---- hooks ------------------------------------------------------------------------------------

  /**
   * The connection is up; the handshake is still to come.
   *
   * @reference `on_connect`
   */
  onConnect(): void | Promise<void> {}

  /**
   * The handshake is complete. The default sends the event `peng3dnet:client.handshakecomplete`.
   *
   * @reference `on_handshake_complete`
   */
  onHandshakeComplete(): void | Promise<void> {
    this.sendEvent("handshakecomplete");
  }

  /**
   * A packet was received, and its own handler called.
   *
   * @param ptype - id of the packet type.
   * @param msg - its payload.
   * @reference `on_receive`
   */
  onReceive(_ptype: number, _msg: unknown): void | Promise<void> {}

  /**
   * A packet was accepted for sending.
   *
   * @param ptype - the packet type as the sender gave it.
   * @param msg - its payload.
   * @reference `on_send`
   */
  onSend(_ptype: PacketRef, _msg: unknown): void | Promise<void> {}

  /**
   * The connection is closed, and no other one follows. Called once.
   *
   * @param reason - as the closing side gave it; `"socketclose"` if the connection just ended.
   * @reference `on_close`
   */
  onClose(_reason: string | null): void | Promise<void> {}

  // ---- overridable steps of receiving -------------------------------------------------------------

  /**
   * Bytes came from the server. The default processes the packets that are whole.
   *
   * @param data - any piece of the stream; only valid during the call.
   * @param _cid - ignored.
   * @reference `receive_data`
   */
  receiveData(data: Uint8Array, _cid: Cid = null): void {
    this.#session?.receive(data);
  }

  /**
   * A whole packet is there. The default passes it to {@link Client.receivePacket}.
   *
   * @reference `process_single_packet`
   */
  processSinglePacket(_client?: unknown): void {
    const session = this.#hooks.sessions.require();
    const result: unknown = this.receivePacket(session.connection.rawPacket(), null);
    if (result !== undefined) session.failIfRejected(result, "receivePacket");
  }

  /**
   * A whole packet was received. The default queues it for `process`.
   *
   * @param data - the packet without its length prefix.
   * @param _cid - ignored.
   * @reference `receive_packet`
   */
  receivePacket(data: Uint8Array, _cid: Cid = null): void {
    this.#hooks.enqueue(this.#hooks.sessions.require(), data);
  }

  /**
   * Hands all output gathered so far to the operating system, as far as that takes it.
   *
   * @reference `pump_write_buffer`
   */
  pumpWriteBuffer(): void {
    this.#session?.writeOut();
  }

  protected override get ownPrototype(): object {
    return Client.prototype;
  }

  protected override get overridesReceiving(): boolean {
    const base = Client.prototype;
    return this.processSinglePacket !== base.processSinglePacket || this.receivePacket !== base.receivePacket;
  }
}
