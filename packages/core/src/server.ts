import type { Socket } from "node:net";
import {
  type Address,
  type AddressLike,
  type AnyPacketDefinition,
  type Cid,
  CLOSECONN_ID,
  type CloseInfo,
  ConnectionClosedError,
  encodeChecked,
  encodePacket,
  InvalidStateError,
  normalizeAddrSocketstyle,
  type Packet,
  type PacketInput,
  type PacketRef,
  type SIDE_CLIENT,
  SIDE_SERVER,
} from "@peng3dnet/protocol";
import { Admission } from "./admission.js";
import { type ClientClass, type ClientConnection, ClientOnServer } from "./client-on-server.js";
import { type Listener, listen } from "./listener.js";
import { type Metrics, NO_METRICS, sumMetrics } from "./metrics.js";
import { PeerBase } from "./peer-base.js";
import { type SendOutcome, sendOutcome } from "./send-outcome.js";
import type {
  BroadcastOptions,
  ServerEvents,
  ServerOptions,
  ShutdownOptions,
  ShutdownReport,
} from "./server-options.js";
import { checkReason, type Session } from "./session.js";
import { SocketTransport } from "./socket-transport.js";
import { prepareTlsServer } from "./tls.js";
import type { PlainNotice, TlsAcceptor } from "./tls-server.js";
import type { Transport } from "./transport.js";
import type { InputOfName, NameSentTo, SentTo } from "./typed-packet.js";
import { Outcome, type WaitOptions } from "./waiting.js";

/**
 * Serves any number of clients. Reference: `Server`.
 *
 * @typeParam C - class of the objects that stand for clients; follows from `clientcls`.
 * @typeParam D - packets that were declared; follows from `packets`.
 */
export class Server<
  C extends ClientOnServer = ClientOnServer,
  D extends AnyPacketDefinition = AnyPacketDefinition,
> extends PeerBase<C, ServerEvents<C>, typeof SIDE_SERVER> {
  override readonly side = SIDE_SERVER;
  /** All connections that are not closed, by client id. */
  readonly clients: ReadonlyMap<number, C>;

  protected override readonly kind = "server";
  readonly #clients = new Map<number, C>();
  /** The client that was looked for last: handlers mostly answer the one that they hear. */
  #recent: C | undefined = undefined;
  #recentCid = -1;
  readonly #addr: AddressLike | undefined;
  readonly #clientcls: ClientClass<C>;
  readonly #admission: Admission<Session<C>>;
  #listener: Listener | undefined = undefined;
  #tls: TlsAcceptor | undefined = undefined;
  #binding: Promise<void> | undefined = undefined;
  #started = false;
  #nextCid = 1;
  #empty: Outcome<void> | undefined = undefined;
  #shutdown: Promise<ShutdownReport> | undefined = undefined;
  /** Counters of connections that are closed. */
  #past: Metrics = NO_METRICS;

  /** @throws {@link ConfigError} if a config option is not allowed, {@link InvalidAddressError} for `addr`. */
  constructor(options: ServerOptions<C, D> = {}) {
    super(options);
    this.clients = this.#clients;
    this.#addr = options.addr;
    if (options.addr !== undefined) normalizeAddrSocketstyle(options.addr);
    // Without clientcls, C is ClientOnServer.
    this.#clientcls = options.clientcls ?? (ClientOnServer as unknown as ClientClass<C>);
    this.#admission = new Admission(this.cfg);
  }

  // ---- running ----------------------------------------------------------------------------------

  /** Address that the server listens on, with the real port; before that, the one it is going to. */
  get addr(): Address {
    if (this.#listener !== undefined) return this.#listener.address;
    const port = this.cfg.get("net.server.addr.port");
    const addr = this.#addr ?? this.cfg.get("net.server.addr") ?? this.cfg.get("net.server.addr.host");
    return normalizeAddrSocketstyle(addr, port);
  }

  /**
   * Opens the listening socket. Further calls do nothing. Reference: `bind`.
   *
   * @throws {@link ListenError} that names the address, {@link TlsConfigError} that names the option and file.
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
    this.#tls = await this.#prepareTls();
    this.checkNotStopped();
    const listener = await listen(
      this.addr,
      (socket) => this.#acceptSocket(socket),
      (error) => this.logger.warn(`accepting connections: ${error.message}`),
    );
    if (this.stopped) {
      await listener.close();
      this.checkNotStopped();
    }
    this.#listener = listener;
    this.sendEvent("bind", { addr: listener.address });
  }

  #prepareTls(): Promise<TlsAcceptor | undefined> {
    const notice: PlainNotice = {
      clock: this.clock,
      // Later, a client without TLS would have given up by itself, and known nothing.
      after: () => this.cfg.get("net.timeout.handshake") / 2,
      packet: () => encodePacket(this.context, CLOSECONN_ID, { reason: "tlsrequired" }),
    };
    return prepareTlsServer(this.cfg, this.logger, notice);
  }

  /**
   * Reads certificates, key and authorities again. New connections use the new ones, those there are live on
   * with the old ones. If anything is wrong with the new ones, the old ones stay in use.
   *
   * @throws {@link TlsConfigError} that names the option and the file; {@link InvalidStateError} if the server
   * does not listen with TLS.
   */
  async reloadCertificates(): Promise<void> {
    this.checkNotStopped();
    if (this.#tls === undefined) throw new InvalidStateError("the server does not listen with TLS");
    this.#tls = (await this.#prepareTls()) ?? this.#tls;
  }

  /**
   * Initializes, binds and runs. Packets wait for `process` or `processAsync`. Resolves once the server
   * listens; further calls do nothing. Reference: `runAsync`.
   *
   * @throws {@link ListenError}, {@link InvalidStateError} after a stop.
   */
  async runAsync(): Promise<void> {
    this.checkNotStopped();
    this.initialize();
    await this.bind();
    if (this.#started) return;
    this.#started = true;
    this.sendEvent("start");
  }

  /** Runs as {@link Server.runAsync} does, and resolves when the server is stopped. Reference: `runBlocking`. */
  async runBlocking(options: WaitOptions = {}): Promise<void> {
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
   * properly. Further calls only send the events of a stop. Reference: `stop`.
   */
  stop(): void {
    if (!this.markStopped()) return;
    this.#listener?.close().catch((error: unknown) => this.guard.failed(error, "stop"));
    for (const client of this.#clients.values()) client.conn.destroy("socketclose");
  }

  /**
   * Accepts nothing more, closes all connections in parallel, and stops. Further calls return the first
   * one's result. Reference: `shutdown`.
   *
   * @returns how many connections ended cleanly. With `join: false` it counts those that have by then.
   */
  shutdown(options: ShutdownOptions = {}): Promise<ShutdownReport> {
    try {
      checkReason(options.reason ?? null);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#shutdown ??= this.#doShutdown(options);
    return this.#shutdown;
  }

  async #doShutdown({
    join = true,
    timeout = 0,
    signal,
    reason = "servershutdown",
  }: ShutdownOptions): Promise<ShutdownReport> {
    let clean = 0;
    const total = this.#clients.size;
    const released = this.#listener?.close();
    const closes = [...this.#clients.values()].map(async ({ conn }) => {
      try {
        if ((await conn.close(reason)).clean) clean++;
      } catch (error) {
        this.guard.failed(error, "shutdown");
        conn.destroy("socketclose");
      }
    });
    if (join) {
      await this.#joinCloses(closes, { timeout, signal });
      this.stop();
      await released;
    } else {
      // The closes go on by themselves, each bounded by net.timeout.close.
      this.markStopped();
    }
    const report = { clean, unclean: total - clean };
    this.sendEvent("shutdown", { join, timeout, reason });
    return report;
  }

  async #joinCloses(closes: Promise<void>[], patience: WaitOptions): Promise<void> {
    const all = new Outcome<void>(this.clock);
    void Promise.all(closes).then(() => all.settle());
    try {
      await all.wait(patience, "all connections to close");
    } catch {
      // Those left are cut by stop().
    }
  }

  /**
   * Resolves when the server is stopped and all connections are closed. Reference: `join`.
   *
   * @throws {@link TimedOutError}, {@link AbortedError}.
   */
  async join(options: WaitOptions = {}): Promise<void> {
    await this.waitForStop(options);
    if (this.#clients.size === 0) return;
    this.#empty ??= new Outcome(this.clock);
    await this.#empty.wait(options, "all connections to close");
  }

  /** Shuts down as `shutdown()` does and waits for the end. */
  override async [Symbol.asyncDispose](): Promise<void> {
    if (!this.stopped) await this.shutdown();
    await this.join();
  }

  /** Counters of all connections together, those that are closed or were refused included. */
  override get metrics(): Metrics {
    return sumMetrics([this.#past, ...[...this.#clients.values()].map(({ conn }) => conn.metrics)]);
  }

  #drop(addr: Address, reason: string): void {
    this.#past = sumMetrics([this.#past, { ...NO_METRICS, rejectedBy: { [reason]: 1 } }]);
    this.emit("drop", { addr, reason });
  }

  // ---- connections ------------------------------------------------------------------------------

  #acceptSocket(socket: Socket): void {
    const refused =
      this.stopped || this.#shutdown !== undefined
        ? "servershutdown"
        : this.#admission.refusal(this.#clients.size);
    if (refused !== undefined) {
      const addr: Address = [socket.remoteAddress ?? "", socket.remotePort ?? 0];
      socket.destroy();
      this.#drop(addr, refused);
      return;
    }
    try {
      this.accept(this.#tls?.wrap(socket) ?? new SocketTransport(socket));
    } catch (error) {
      // The application's clientcls or genCID failed; nothing may escape from the listener's event.
      socket.destroy();
      this.guard.failed(error, "accept");
    }
  }

  /**
   * Takes a connection over any transport, e.g. a link in memory, as if it had come in through the port.
   *
   * @throws {@link InvalidStateError} if an overridden `genCID` gives an id that is in use.
   */
  accept(transport: Transport): C {
    const cid = this.genCID();
    if (this.#clients.has(cid)) throw new InvalidStateError(`genCID gave the id ${cid}, which is in use`);
    const session = this.createSession(transport, cid);
    const addr = transport.remoteAddress;
    const client = new this.#clientcls(
      this as unknown as Server,
      session as unknown as ClientConnection,
      addr,
      cid,
    );
    session.owner = client;
    this.#clients.set(cid, client);
    const evicted = this.#admission.begin(session, addr[0]);
    this.sendEvent("connection.accept", { sock: transport.socket, addr, client, cid });
    if (this.cfg.get("net.debug.print.connect")) this.print(`connect ${cid} ${addr.join(" ")}`);
    this.guard.run("onConnect", () => client.onConnect());
    this.emit("connection", client);
    session.start();
    if (evicted !== undefined) this.#evict(evicted);
    return client;
  }

  #evict(session: Session<C>): void {
    session.abort(this.#admission.error());
    this.emit("drop", { addr: session.transport.remoteAddress, reason: "serverfull" });
  }

  /** A new client id: they count up from 1 and are not meant to be unguessable. Reference: `genCID`. */
  genCID(): number {
    return this.#nextCid++;
  }

  override getConnection(cid?: Cid): C["conn"]["connection"] | undefined {
    return this.#clients.get(cid ?? -1)?.conn.connection;
  }

  /** The client with an id. @throws {@link ConnectionClosedError} if there is none. */
  #client(cid: Cid | undefined): C {
    if (this.#recent !== undefined && this.#recentCid === cid) return this.#recent;
    const client = this.#clients.get(cid ?? -1);
    if (client === undefined)
      throw new ConnectionClosedError(`there is no client with the cid ${cid}; it may be closed`, null);
    this.#recent = client;
    this.#recentCid = client.cid;
    return client;
  }

  protected override ownerOf(cid: Cid): C | undefined {
    return this.#clients.get(cid ?? -1);
  }

  /**
   * Sends a packet to a client. Reference: `send_message`.
   *
   * @param ptype - packet type as name, id or object.
   * @param data - payload; encoded before this returns.
   * @param cid - the client.
   * @returns false past the high-water mark: wait for `drain`, or `flush()`; also if it was dropped, as the packet says.
   * {@link Server.trySend} tells these apart.
   * @throws {@link NotRegisteredError}, {@link EncodeError}, {@link PacketTooLargeError},
   * {@link ConnectionClosedError}, {@link InvalidStateError} before the handshake is complete,
   * {@link SmartPacketInvalidError} if another condition of the packet does not hold; nothing has been sent then.
   */
  override sendMessage<P extends SentTo<typeof SIDE_CLIENT>>(
    ptype: P,
    data: PacketInput<P>,
    cid: Cid,
  ): boolean;
  override sendMessage<N extends NameSentTo<D, typeof SIDE_CLIENT>>(
    ptype: N,
    data: InputOfName<D, N>,
    cid: Cid,
  ): boolean;
  override sendMessage(ptype: number | Packet, data: unknown, cid: Cid): boolean;
  override sendMessage(ptype: PacketRef, data: unknown, cid?: Cid): boolean {
    const { conn } = this.#client(cid);
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
  trySend<P extends SentTo<typeof SIDE_CLIENT>>(ptype: P, data: PacketInput<P>, cid: Cid): SendOutcome;
  trySend<N extends NameSentTo<D, typeof SIDE_CLIENT>>(
    ptype: N,
    data: InputOfName<D, N>,
    cid: Cid,
  ): SendOutcome;
  trySend(ptype: number | Packet, data: unknown, cid: Cid): SendOutcome;
  trySend(ptype: PacketRef, data: unknown, cid?: Cid): SendOutcome {
    return sendOutcome(this.getConnection(cid), () => this.sendMessage(ptype as number, data, cid ?? null));
  }

  /**
   * Sends a packet to all clients whose handshake is complete and for whom its conditions hold; encodes and compresses it
   * once.
   *
   * @returns the number of clients that it was accepted for.
   * @throws as {@link Server.sendMessage}, except that clients that are closing, or for whom a condition does not hold, are passed over.
   */
  broadcast<P extends SentTo<typeof SIDE_CLIENT>>(
    ptype: P,
    data: PacketInput<P>,
    options?: BroadcastOptions,
  ): number;
  broadcast<N extends NameSentTo<D, typeof SIDE_CLIENT>>(
    ptype: N,
    data: InputOfName<D, N>,
    options?: BroadcastOptions,
  ): number;
  broadcast(ptype: number | Packet, data: unknown, options?: BroadcastOptions): number;
  broadcast(ptype: PacketRef, data: unknown, { except }: BroadcastOptions = {}): number {
    const entry = this.registry.entry(ptype);
    const left = new Set(typeof except === "number" ? [except] : except);
    let packet: Uint8Array | undefined;
    let count = 0;
    for (const client of this.#clients.values()) {
      const { connection } = client.conn;
      if (!connection.active || connection.closing || left.has(client.cid)) continue;
      if (packet === undefined) {
        packet = encodeChecked(this.context, entry, data);
      }
      const before = connection.packetsOut;
      if (!connection.sendEncoded(entry, packet, ptype, data) && connection.behind)
        client.conn.noteHighWater();
      if (connection.packetsOut !== before) count++;
    }
    return count;
  }

  /**
   * Resolves once everything accepted for a client, or for all, is with the kernel.
   *
   * @throws {@link ConnectionLostError} if a connection ends before, {@link TimedOutError}, {@link AbortedError}.
   */
  async flush(cid?: Cid, options: WaitOptions = {}): Promise<void> {
    const clients = cid === undefined || cid === null ? [...this.#clients.values()] : [this.#client(cid)];
    await Promise.all(clients.map((client) => client.conn.flushed(options)));
  }

  /**
   * Closes a connection: what was accepted is delivered, then the reason, then the end of the stream.
   * Further calls return the first one's result; the first reason counts. Reference: `close_connection`.
   *
   * @param cid - the client.
   * @param reason - what the client is told.
   * @throws {@link ConnectionClosedError} if there is no such client.
   */
  override async closeConnection(cid?: Cid, reason: string | null = null): Promise<CloseInfo> {
    checkReason(reason);
    return this.#client(cid).conn.close(reason);
  }

  // ---- overridable steps of receiving -------------------------------------------------------------

  /**
   * Bytes came from a client. The default processes the packets that are whole. Reference: `receive_data`.
   *
   * @param data - any piece of the stream; only valid during the call.
   */
  receiveData(data: Uint8Array, cid: number): void {
    this.#clients.get(cid)?.conn.receive(data);
  }

  /**
   * A whole packet is there. The default passes it to {@link Server.receivePacket}.
   * Reference: `process_single_packet`.
   */
  processSinglePacket(client: C): void {
    this.receivePacket(client.conn.connection.rawPacket(), client.cid);
  }

  /**
   * A whole packet was received. The default queues it for `process`. Reference: `receive_packet`.
   *
   * @param data - the packet without its length prefix.
   */
  receivePacket(data: Uint8Array, cid: number): void {
    const client = this.#clients.get(cid);
    if (client !== undefined) this.enqueue(client.conn as unknown as Session<C>, data);
  }

  /** Hands output gathered so far to the operating system, as far as that takes it. @param cid - default: of all clients. */
  pumpWriteBuffer(cid?: Cid): void {
    if (cid !== undefined && cid !== null) this.#client(cid).conn.flush();
    else for (const { conn } of this.#clients.values()) conn.flush();
  }

  protected override get overridesReceiving(): boolean {
    const base = Server.prototype;
    return this.processSinglePacket !== base.processSinglePacket || this.receivePacket !== base.receivePacket;
  }

  protected override takeSinglePacket(session: Session<C>): void {
    this.processSinglePacket(session.owner);
  }

  protected override takeData(session: Session<C>, chunk: Uint8Array): void {
    this.receiveData(chunk, session.owner.cid);
  }

  // ---- from sessions ----------------------------------------------------------------------------

  protected override activated(session: Session<C>): void {
    this.#admission.end(session);
    this.emit("handshakecomplete", session.owner);
  }

  protected override observes(client: C): boolean {
    return client.onReceive !== ClientOnServer.prototype.onReceive;
  }

  protected override drained(session: Session<C>): void {
    this.emit("drain", session.owner);
  }

  protected override closed(session: Session<C>, info: CloseInfo): void {
    const client = session.owner;
    this.#clients.delete(client.cid);
    if (this.#recent === client) this.#recent = undefined;
    this.#past = sumMetrics([this.#past, { ...session.metrics, queued: 0, unsent: 0 }]);
    this.#admission.end(session);
    this.guard.run("onClose", () => client.onClose(info.reason));
    if (this.cfg.get("net.debug.print.close")) this.print(`close ${client.cid} ${info.reason}`);
    this.sendEvent("connection.close", { client, reason: info.reason });
    this.emit("close", client, info);
    if (this.#clients.size === 0) {
      this.#empty?.settle();
      this.#empty = undefined;
    }
  }

  protected override sendPacketEvent(
    session: Session<C>,
    direction: "recv" | "send",
    pid: PacketRef,
    data: unknown,
  ): boolean {
    // Whole names: putting one together costs more than finding out that nobody listens.
    const event =
      direction === "recv" ? "peng3dnet:server.connection.recv" : "peng3dnet:server.connection.send";
    if (!this.hears(event)) return false;
    const client = session.owner;
    if (direction === "recv") this.sendEvent(event, { client, pid, msg: data });
    else this.sendEvent(event, { client, pid, data: session.connection.lastPacket().slice() });
    return true;
  }
}
