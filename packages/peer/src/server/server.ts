import {
  type Address,
  type AddressLike,
  type AnyPacketDefinition,
  type Cid,
  CLOSECONN_ID,
  type CloseInfo,
  type Connection,
  type ConnectionType,
  encodePacket,
  InvalidStateError,
  NotRegisteredError,
  normalizeAddrSocketstyle,
  type PacketRef,
  type SIDE_CLIENT,
  SIDE_SERVER,
} from "@peng3dnet/protocol";
import { checkExact, noticeUnknownOptions } from "../base/known-options.js";
import { PeerBase } from "../base/peer-base.js";
import { type SendOutcome, sendOutcome } from "../base/send-outcome.js";
import type { Group } from "../groups/group.js";
import type { GroupMap } from "../groups/group-map.js";
import { checkBroadcastOptions, checkClient, exceptionsOf, receiversOf } from "../groups/receivers.js";
import type { ServerTime } from "../liveness/server-clock.js";
import { ENCODED, EncodedPacket } from "../messages/encoded-packet.js";
import type { KnowsPackets, NameSentTo, PayloadOf, SentTo, UntypedPacket } from "../messages/typed-packet.js";
import { standardPlatform } from "../platform/standard-platform.js";
import { rejected } from "../requests/rejected.js";
import { checkNoRequest, unknownRequest } from "../requests/request-declaration.js";
import type {
  AnsweredBy,
  AnyRequestDefinition,
  RequestAnswer,
  RequestInput,
} from "../requests/request-definition.js";
import { checkReason, reasonError } from "../session/close-reason.js";
import type { Metrics } from "../session/metrics.js";
import { SESSION, type Session } from "../session/session.js";
import { Deferred, optional } from "../time/deferred.js";
import { checkWait, type WaitOptions, waitError } from "../time/wait-options.js";
import type { Acceptor, Listening } from "../transport/acceptor.js";
import type { Transport } from "../transport/transport.js";
import { Admission } from "./admission.js";
import { encodeForAll, sendToAll } from "./broadcast.js";
import type { ClientOf } from "./client-of.js";
import { type ClientClass, type ClientConnection, ClientOnServer } from "./client-on-server.js";
import { ClientTable } from "./client-table.js";
import { ClosingClients } from "./closing-clients.js";
import { CLUSTER_HOST, ClusterHost } from "./cluster-host.js";
import { checkAcceptor, Listenings, type ServerSide } from "./listenings.js";
import { type ReceivingServer, Reception } from "./reception.js";
import { ServerHooks } from "./server-hooks.js";
import {
  type BroadcastOptions,
  SERVER_OPTIONS,
  type ServerDefaults,
  type ServerEvents,
  type ServerOptions,
  SHUTDOWN_OPTIONS,
  type ShutdownOptions,
  type ShutdownReport,
} from "./server-options.js";

/** A broadcast to so many is worth a look at the clock. */
const MANY_RECEIVERS = 32;

/**
 * Serves any number of clients.
 *
 * @typeParam C - class of the objects that stand for clients; follows from `clientcls`.
 * @typeParam D - packets that were declared; follows from `packets`.
 * @reference `Server`
 */
export class Server<
  out C extends ClientOnServer = ClientOnServer,
  out D extends AnyPacketDefinition = AnyPacketDefinition,
> extends PeerBase<ClientOf<C, D>, ServerEvents<ClientOf<C, D>>, typeof SIDE_SERVER> {
  override readonly side = SIDE_SERVER;
  /** All connections that are not gone, by client id. */
  readonly clients: ReadonlyMap<number, ClientOf<C, D>>;

  readonly #hooks: ServerHooks<ClientOf<C, D>>;
  readonly #table: ClientTable<ClientOf<C, D>>;
  readonly #reception: Reception<ClientOf<C, D>>;
  readonly #addr: AddressLike | undefined;
  readonly #clientcls: ClientClass<ClientOf<C, D>>;
  /** Names of the connection types that are served; `undefined`: all. */
  readonly #served: ReadonlySet<string> | undefined;
  readonly #acceptor: Acceptor | undefined;
  readonly #listenings: Listenings;
  /** What its own acceptor listens by. */
  #listening: Listening | undefined = undefined;
  #binding: Promise<void> | undefined = undefined;
  #started = false;
  #nextCid = 1;
  #empty: Deferred<void> | undefined = undefined;
  #shutdown: Promise<ShutdownReport> | undefined = undefined;

  /**
   * @param defaults - for a package for one runtime: what holds where `options` say nothing.
   * @throws {@link ConfigError} if a config option is not allowed or an option does not exist, {@link InvalidAddressError} for
   * `addr`, TypeError for a `platform` or an `acceptor` that is none.
   */
  constructor(options: ServerOptions<C, D> = {}, defaults: ServerDefaults = {}) {
    const { exact = new.target === Server } = defaults;
    if (exact) checkExact(new.target, "a Server", options, SERVER_OPTIONS);
    const table = new ClientTable<ClientOf<C, D>>();
    let admission!: Admission<Session<ClientOf<C, D>>>;
    let hooks!: ServerHooks<ClientOf<C, D>>;
    const {
      platform = defaults.platform ?? standardPlatform,
      acceptor = defaults.acceptor,
      authorizeResume,
    } = options;
    super("server", options, { platform }, (init) => {
      const { connectionLimit } = platform;
      admission = new Admission(init.peer.cfg, () => connectionLimit?.() ?? Number.POSITIVE_INFINITY);
      hooks = new ServerHooks(init, table, admission);
      return hooks;
    });
    if (!exact) noticeUnknownOptions(this, options, SERVER_OPTIONS, this.guard);
    this.clients = table.connected;
    this.#table = table;
    this.#hooks = hooks;
    hooks.connect(this, () => this.#deserted());
    if (authorizeResume !== undefined) hooks.authority = { authorize: authorizeResume };
    this.#addr = options.addr;
    if (options.addr !== undefined) normalizeAddrSocketstyle(options.addr);
    // Without clientcls, C is ClientOnServer. That a client knows the server's packets is a matter of types alone.
    this.#clientcls = (options.clientcls ?? ClientOnServer) as unknown as ClientClass<ClientOf<C, D>>;
    this.#served = options.conntypes && new Set(options.conntypes);
    this.#acceptor = acceptor;
    if (acceptor !== undefined) checkAcceptor(acceptor, "the option acceptor");
    this.#reception = new Reception(this.#receiving(), hooks, table, admission, hooks);
    this.#listenings = new Listenings(this.guard, this.#serverSide());
  }

  /** What taking clients in asks of this server: its overridable methods among them. */
  #receiving(): ReceivingServer<ClientOf<C, D>> {
    return {
      ending: () => this.stopped || this.#shutdown !== undefined,
      genCID: () => this.genCID(),
      accept: (transport, connected) => this.accept(transport, connected),
      createSession: (transport, cid) => this.createSession(transport, cid),
      createClient: (session, addr, cid) =>
        new this.#clientcls(this as unknown as Server, session as unknown as ClientConnection, addr, cid),
      sendEvent: (event, data) => this.sendEvent(event, data),
    };
  }

  /** What acceptors ask of this server, and tell it. */
  #serverSide(): ServerSide {
    return {
      cfg: this.cfg,
      clock: this.clock,
      logger: this.logger,
      offer: (from, open, refuse, connected) => this.#reception.offered(from, open, refuse, connected),
      wait: (from, refuse) => this.#reception.wait(from, refuse),
      refused: (from, reason) => this.#reception.drop(from, reason),
      crashed: (error, where) => this.guard.failed(error, where),
      closingPacket: (reason) => encodePacket(this.context, CLOSECONN_ID, { reason }),
    };
  }

  // ---- running ----------------------------------------------------------------------------------

  /** Address that the server listens on, with the real port; before that, the one it is going to. */
  get addr(): Address {
    if (this.#listening !== undefined) return this.#listening.address;
    const port = this.cfg.get("net.server.addr.port");
    const addr = this.#addr ?? this.cfg.get("net.server.addr") ?? this.cfg.get("net.server.addr.host");
    return normalizeAddrSocketstyle(addr, port);
  }

  /**
   * Opens the listening socket. Further calls do nothing.
   *
   * @throws {@link ListenError} that names the address, {@link TlsConfigError} that names the option and file.
   * @reference `bind`
   */
  bind(): Promise<void> {
    this.#binding ??= this.#bind().catch((error: unknown) => {
      this.#binding = undefined;
      throw error;
    });
    return this.#binding;
  }

  async #bind(): Promise<void> {
    this.checkNotStopped();
    const acceptor = this.#acceptor;
    if (acceptor === undefined) {
      if (this.#addr === undefined) return;
      throw new InvalidStateError(
        "the server has an address and nothing to listen with; hand in an acceptor, or take the Server of @peng3dnet/core",
      );
    }
    this.#listening = await this.#listenings.add(acceptor, this.addr);
    this.sendEvent("bind", { addr: this.#listening.address });
  }

  /**
   * Listens in one more way, e.g. for WebSockets beside TCP: those who come are clients as all others, within the same
   * limits. It may be called before `start()` and after it, initializes the server, and asks for no `start()`, but for
   * {@link PeerBase.processAsync}. What listens is closed with the server, and can be closed alone.
   *
   * @param addr - where to listen. Default: the address that {@link Server.addr} tells.
   * @throws what the acceptor does, e.g. {@link ListenError}; {@link InvalidAddressError}; a TypeError if it is none;
   * {@link InvalidStateError} if the server is stopped or shuts down, be it meanwhile; {@link NotRegisteredError} as
   * {@link Server.runAsync}.
   */
  async addAcceptor(acceptor: Acceptor, addr?: AddressLike): Promise<Listening> {
    checkAcceptor(acceptor, "what addAcceptor was given");
    const address =
      addr === undefined ? this.addr : normalizeAddrSocketstyle(addr, this.cfg.get("net.server.addr.port"));
    this.#listenings.checkOpen();
    this.initialize();
    this.#checkServed();
    const listening = await this.#listenings.add(acceptor, address);
    this.sendEvent("bind", { addr: listening.address });
    return listening;
  }

  /**
   * Reads certificates, key and authorities again, for each way that the server listens with TLS. Connections that come from now on
   * use the new ones, and those that are there go on with the old ones. If anything is wrong with the new ones, the old ones stay
   * in use.
   *
   * @throws {@link TlsConfigError} that names the option and the file; {@link InvalidStateError} if the server
   * does not listen with TLS.
   */
  async reloadCertificates(): Promise<void> {
    this.checkNotStopped();
    await this.#listenings.reloadCertificates();
  }

  /**
   * Initializes, binds and runs. Packets wait for `process` or `processAsync`. Resolves once the server
   * listens; further calls do nothing.
   *
   * @throws {@link ListenError}, {@link InvalidStateError} after a stop; {@link NotRegisteredError} if `conntypes` lists a
   * connection type that was not added.
   * @reference `runAsync`
   */
  async runAsync(): Promise<void> {
    this.checkNotStopped();
    this.initialize();
    this.#checkServed();
    await this.bind();
    if (this.#started) return;
    this.#started = true;
    this.sendEvent("start");
  }

  #checkServed(): void {
    for (const name of this.#served ?? []) {
      if (super.getConnType(name) !== undefined) continue;
      throw new NotRegisteredError(
        `conntypes lists the connection type ${JSON.stringify(name)}, which the server does not have; add it with addConnType before the start`,
      );
    }
  }

  /** A connection type by name; `undefined` if there is none, or if `conntypes` does not list it. */
  override getConnType(name: string): ConnectionType | undefined {
    return this.#served?.has(name) === false ? undefined : super.getConnType(name);
  }

  /**
   * Runs as {@link Server.runAsync} does, and resolves when the server is stopped.
   *
   * @reference `runBlocking`
   */
  async runBlocking(options: WaitOptions = {}): Promise<void> {
    checkWait(options);
    await this.runAsync();
    await this.waitForStop(options);
  }

  /**
   * Initializes, binds, runs and processes packets as they arrive: what most programs want. Resolves once
   * the server listens; further calls do nothing.
   *
   * @throws as {@link Server.runAsync}.
   */
  async start(): Promise<void> {
    await this.runAsync();
    this.processAsync();
  }

  /**
   * Stops at once: accepts nothing more and cuts all connections. Use {@link Server.shutdown} to close them
   * properly. Further calls only send the events of a stop.
   *
   * @reference `stop`
   */
  stop(): void {
    if (!this.markStopped()) return;
    this.#hooks.stopResumption();
    void this.#listenings.closeAll("stop");
    for (const client of this.#table.all()) client[SESSION].destroy("socketclose");
  }

  /**
   * Refuses newcomers from now on, with the reason `"serverdraining"`, while those who are there play on; nobody becomes active
   * any more. It listens on, so that newcomers learn the reason, and answers pings. {@link Server.admit} undoes it; after it,
   * {@link Server.shutdown} has nobody to interrupt. It has nothing to do with the event `drain`.
   *
   * @returns once all have left who were there. Giving up that wait lets nobody in.
   * @throws {@link TimedOutError}, {@link AbortedError}, also where `admit` was called meanwhile; {@link ConfigError} if
   * `timeout` is no number of seconds, and nothing has changed then.
   */
  drain(options: WaitOptions = {}): Promise<void> {
    const invalid = waitError(options);
    if (invalid !== undefined) return optional(Promise.reject(invalid));
    return optional(this.#hooks.drain(options));
  }

  /** Lets newcomers in again, after {@link Server.drain}. */
  admit(): void {
    this.#hooks.draining.end();
  }

  /** Whether newcomers are refused, after {@link Server.drain}. */
  get draining(): boolean {
    return this.#hooks.draining.begun;
  }

  /**
   * Accepts nothing more, closes all connections in parallel, and stops. Further calls return the first
   * one's result.
   *
   * @returns how many connections ended cleanly. With `join: false` it counts those that have by then.
   * @throws {@link ConfigError} if `timeout` is no number of seconds; nothing was shut down then.
   * @reference `shutdown`
   */
  shutdown(options: ShutdownOptions = {}): Promise<ShutdownReport> {
    const invalid = waitError(options, SHUTDOWN_OPTIONS) ?? reasonError(options.reason ?? null);
    if (invalid !== undefined) return Promise.reject(invalid);
    if (this.#shutdown === undefined) {
      let begun!: (report: Promise<ShutdownReport>) => void;
      // First, since listeners that are called within it may call this again, and nobody is taken in any more.
      this.#shutdown = optional(new Promise((resolve) => (begun = resolve)));
      begun(this.#doShutdown(options));
    }
    return this.#shutdown;
  }

  async #doShutdown({
    join = true,
    timeout = 0,
    signal,
    reason = "servershutdown",
  }: ShutdownOptions): Promise<ShutdownReport> {
    this.#hooks.stopResumption();
    const clients = this.#table.all();
    const released = this.#listenings.closeAll("shutdown");
    const closing = new ClosingClients(clients, reason, this.guard);
    if (join) {
      // As in the reference, 0 is no limit here.
      await closing.wait(this.clock, { timeout: timeout === 0 ? undefined : timeout, signal });
      this.stop();
      await released;
    } else {
      // The closes go on by themselves, each bounded by net.timeout.close.
      this.markStopped();
    }
    const { report } = closing;
    this.sendEvent("shutdown", { join, timeout, reason });
    return report;
  }

  /**
   * Resolves when the server is stopped and all connections are closed; at once if it was never started.
   *
   * @throws {@link TimedOutError} after `timeout` seconds in all, {@link AbortedError}.
   * @reference `join`
   */
  async join(options: WaitOptions = {}): Promise<void> {
    checkWait(options);
    const { timeout, signal } = options;
    const begun = this.clock.now();
    if (this.#listenings.begun || this.#binding !== undefined || !this.#table.empty)
      await this.waitForStop({ timeout, signal });
    if (this.#table.empty) return;
    this.#empty ??= new Deferred(this.clock);
    const left = timeout === undefined ? undefined : Math.max(0, timeout - (this.clock.now() - begun) / 1000);
    await this.#empty.wait({ timeout: left, signal }, "all connections to close");
  }

  /** Shuts down as `shutdown()` does and waits for the end. */
  override async [Symbol.asyncDispose](): Promise<void> {
    if (!this.stopped) await this.shutdown();
    await this.join();
  }

  /** Counters of all connections together, those that are closed or were refused included. */
  override get metrics(): Metrics {
    return this.#table.metrics;
  }

  /** Seconds since this server was made, by its monotonic clock. Clients estimate it: {@link Client.serverTime}. */
  serverTime(): ServerTime {
    return this.#hooks.heartbeats.serverTime();
  }

  // ---- connections ------------------------------------------------------------------------------

  /**
   * Takes a connection over any transport, e.g. a link in memory. The limits on connections are not looked at; those on
   * handshakes and on what all connections hold together apply.
   *
   * @param connected - when the network accepted the connection, by the server's clock: the handshake's deadline counts from
   * there. Default: now.
   * @throws {@link InvalidStateError} if the server is stopped or shuts down, or if an overridden `genCID` gives an id that
   * is in use. The transport is still the caller's then.
   */
  accept(transport: Transport, connected?: number): C & KnowsPackets<D> {
    return this.#reception.accept(transport, connected);
  }

  /**
   * A new client id: they count up from 1 and are not meant to be unguessable.
   *
   * @reference `genCID`
   */
  genCID(): number {
    return this.#nextCid++;
  }

  override getConnection(cid?: Cid): Connection | undefined {
    return this.ownerOf(cid)?.[SESSION].connection;
  }

  protected override ownerOf(cid: Cid | undefined): ClientOf<C, D> | undefined {
    return this.#table.find(cid);
  }

  /**
   * Sends a packet to a client.
   *
   * @param ptype - packet type as name, id or object.
   * @param data - payload; encoded before this returns.
   * @param cid - the client.
   * @returns false past the high-water mark: wait for `drain`, or `flush()`; also if it was dropped, as the packet says.
   * {@link Server.trySend} tells these apart.
   * @throws {@link NotRegisteredError}, {@link EncodeError}, {@link PacketTooLargeError},
   * {@link ConnectionClosedError}, {@link InvalidStateError} before the handshake is complete,
   * {@link SmartPacketInvalidError} if another condition of the packet does not hold; nothing has been sent then.
   * @reference `send_message`
   */
  override sendMessage<
    P extends NameSentTo<D, typeof SIDE_CLIENT> | SentTo<typeof SIDE_CLIENT> | UntypedPacket,
  >(ptype: P, data: PayloadOf<D, P>, cid: Cid): boolean;
  override sendMessage(ptype: PacketRef, data: unknown, cid?: Cid): boolean {
    checkNoRequest(ptype);
    const conn = this.#table.get(cid)[SESSION];
    const below = conn.connection.send(ptype, data);
    if (!below) conn.noteHighWater();
    return below;
  }

  /**
   * Sends a packet as `sendMessage` does, and tells what the false of that may mean: `"behind"` is accepted, above the
   * high-water mark; `"dropped"` is not.
   *
   * @throws as `sendMessage`.
   */
  trySend<P extends NameSentTo<D, typeof SIDE_CLIENT> | SentTo<typeof SIDE_CLIENT> | UntypedPacket>(
    ptype: P,
    data: PayloadOf<D, P>,
    cid: Cid,
  ): SendOutcome;
  trySend(ptype: PacketRef, data: unknown, cid?: Cid): SendOutcome {
    return sendOutcome(this.getConnection(cid), () => this.sendMessage(ptype as number, data, cid ?? null));
  }

  /** The groups that have members, by name. */
  get groups(): GroupMap<ClientOf<C, D>, D> {
    return this.#hooks.groups.byName as GroupMap<ClientOf<C, D>, D>;
  }

  /** The group with a name, a set of clients. It is there for use at once, also if it has no members yet. */
  group(name: string): Group<ClientOf<C, D>, D> {
    return this.#hooks.groups.group(name) as Group<ClientOf<C, D>, D>;
  }

  /**
   * Asks a client, and waits for its answer: 10 seconds, unless `options` say otherwise. Giving up fires the `signal` of the
   * handler. A promise that nobody awaits never ends the process.
   *
   * @param to - the client, or its cid.
   * @throws as `client.request` does, by the promise; TypeError if `to` is no client of this server and no number.
   */
  request<R extends AnsweredBy<typeof SIDE_CLIENT>>(
    request: R,
    input: RequestInput<R>,
    to: number | ClientOnServer,
    options?: WaitOptions,
  ): Promise<RequestAnswer<R>>;
  request(
    request: AnyRequestDefinition,
    input: unknown,
    to: number | ClientOnServer,
    options?: WaitOptions,
  ): Promise<unknown> {
    const { requests } = this.#hooks;
    if (requests === undefined) return rejected(unknownRequest(request));
    try {
      if (typeof to !== "number") checkClient(to, "request", this);
      const client = typeof to === "number" ? this.#table.get(to) : to;
      return requests.ask(request, input, options, client[SESSION]);
    } catch (error) {
      return requests.notAsked(request, error);
    }
  }

  /**
   * Sends a packet to all clients, or to those in `to`, whose handshake is complete and for whom its conditions hold; encodes
   * and compresses it once. Those who declined compression get it uncompressed, encoded once for all of them; where it is too
   * long that way, they are passed over, and counted as `packettoolong`.
   *
   * @returns the number of clients that it was accepted for.
   * @throws as {@link Server.sendMessage}, except that clients that are closing, or for whom a condition does not hold, are passed
   * over; TypeError if `to` or `except` lists something else than clients of this server. Nothing has been sent then.
   */
  broadcast<P extends NameSentTo<D, typeof SIDE_CLIENT> | SentTo<typeof SIDE_CLIENT> | UntypedPacket>(
    ptype: P,
    data: PayloadOf<D, P>,
    options?: BroadcastOptions,
  ): number;
  broadcast(ptype: PacketRef, data: unknown, options: BroadcastOptions = {}): number {
    checkBroadcastOptions(options);
    checkNoRequest(ptype);
    const entry = this.registry.entry(ptype);
    const { groups } = this.#hooks;
    const receivers = "to" in options ? receiversOf(options.to, groups) : this.#table.connected;
    const left = exceptionsOf(options.except, groups);
    const packets =
      options[ENCODED] ?? new EncodedPacket(entry, data, (parsed) => this.guard.watch(parsed, entry.name));
    const sent = { entry, packets, ptype, data, left };
    // What does not keep to the options of one connection is sent to none.
    if (this.severalContexts) encodeForAll(receivers, sent);
    const count = sendToAll(receivers, sent);
    // The packet that caused this may have taken long, and another one may follow it.
    if (count >= MANY_RECEIVERS) this.lookAtTime();
    return count;
  }

  /**
   * Resolves once everything accepted for a client, or for all, is with the kernel.
   *
   * @throws {@link ConnectionLostError} if a connection ends before, {@link TimedOutError}, {@link AbortedError}.
   */
  flush(cid?: Cid, options: WaitOptions = {}): Promise<void> {
    return optional(this.#flush(cid, options));
  }

  async #flush(cid: Cid | undefined, options: WaitOptions): Promise<void> {
    checkWait(options);
    const clients =
      cid === undefined || cid === null ? [...this.#table.connected.values()] : [this.#table.get(cid)];
    await Promise.all(clients.map((client) => client[SESSION].flush(options)));
  }

  /**
   * Closes a connection: what was accepted is delivered, then the reason, then the end of the stream.
   * Further calls return the first one's result; the first reason counts.
   *
   * @param cid - the client.
   * @param reason - what the client is told; of a long one, the first 256 bytes.
   * @returns what the close came to; of a client that has just left, what its own close came to. Of a client that is
   * not known, or not any more, `error` says so. A promise that nobody awaits never ends the process.
   * @reference `close_connection`
   */
  override closeConnection(cid?: Cid, reason: string | null = null): Promise<CloseInfo> {
    return optional(this.#close(cid, reason));
  }

  async #close(cid: Cid | undefined, reason: string | null): Promise<CloseInfo> {
    checkReason(reason);
    const client = this.ownerOf(cid);
    return client === undefined ? this.#table.closeOf(cid) : client[SESSION].close(reason);
  }

  /** What a cluster needs of this server. For `@peng3dnet/cluster`. */
  get [CLUSTER_HOST](): ClusterHost {
    const hooks = this.#hooks;
    const { tickers, groups: receivers, nodeObserver } = hooks;
    return new ClusterHost({
      clock: this.clock,
      guard: this.guard,
      logger: this.logger,
      beforeOutput: (call) => hooks.beforeOutput(call),
      tickers,
      requests: () => hooks.requests,
      receivers,
      nodeObserver,
      entry: (ptype) => this.registry.entry(ptype),
      context: () => this.context,
      session: (cid) => this.#table.find(cid)?.[SESSION],
      hasPlaces: () => hooks.places !== undefined,
      usePlaces: (places) => {
        hooks.places = places;
        return () => {
          if (hooks.places === places) hooks.places = undefined;
        };
      },
    });
  }

  // ---- overridable steps of receiving -------------------------------------------------------------

  /**
   * Bytes came from a client. The default processes the packets that are whole.
   *
   * @param data - any piece of the stream; only valid during the call.
   * @reference `receive_data`
   */
  receiveData(data: Uint8Array, cid: number): void {
    this.ownerOf(cid)?.[SESSION].receive(data);
  }

  /**
   * A whole packet is there. The default passes it to {@link Server.receivePacket}.
   *
   * @reference `process_single_packet`
   */
  processSinglePacket(client: C): void {
    const conn = client[SESSION];
    const result: unknown = this.receivePacket(conn.connection.rawPacket(), client.cid);
    if (result !== undefined) conn.failIfRejected(result, "receivePacket");
  }

  /**
   * A whole packet was received. The default queues it for `process`.
   *
   * @param data - the packet without its length prefix.
   * @reference `receive_packet`
   */
  receivePacket(data: Uint8Array, cid: number): void {
    const client = this.ownerOf(cid);
    if (client !== undefined) this.#hooks.enqueue(client[SESSION] as Session<ClientOf<C, D>>, data);
  }

  /** Hands output gathered so far to the operating system, as far as that takes it. @param cid - default: of all clients. */
  pumpWriteBuffer(cid?: Cid): void {
    if (cid !== undefined && cid !== null) this.#table.get(cid)[SESSION].writeOut();
    else for (const { [SESSION]: conn } of this.#table.connected.values()) conn.writeOut();
  }

  protected override get ownPrototype(): object {
    return Server.prototype;
  }

  protected override get overridesReceiving(): boolean {
    const base = Server.prototype;
    return this.processSinglePacket !== base.processSinglePacket || this.receivePacket !== base.receivePacket;
  }

  /** The last client is gone: whoever waits for that learns it. */
  #deserted(): void {
    this.#empty?.settle();
    this.#empty = undefined;
  }
}
