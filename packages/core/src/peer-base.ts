import { availableParallelism } from "node:os";
import { format } from "node:util";
import {
  AlreadyRegisteredError,
  type AnyPacketDefinition,
  type Cid,
  ClassicConnectionType,
  type CloseInfo,
  CONNTYPE_CLASSIC,
  Config,
  ConfigError,
  type Connection,
  type ConnectionContext,
  type ConnectionType,
  createConnectionContext,
  type InvalidPayloadError,
  InvalidStateError,
  isDefinition,
  type Packet,
  type PacketEntry,
  type PacketOutput,
  type PacketRef,
  PacketRegistry,
  type Peer,
  RegistryError,
  registerInternalPackets,
  type Side,
} from "@peng3dnet/protocol";
import { BusyPoll } from "./busy-poll.js";
import { type Clock, systemClock } from "./clock.js";
import { zlibCompression } from "./compression.js";
import type { EngineLike } from "./engine.js";
import { FlushScheduler } from "./flush-scheduler.js";
import { type HandlerErrorContext, HandlerGuard, type Listener } from "./handler-guard.js";
import { guardedLogger, type Logger } from "./logger.js";
import { type Holdable, MessageStream, type MessageStreamOptions } from "./message-stream.js";
import type { Metrics } from "./metrics.js";
import type { PeerOptions } from "./options.js";
import { PacketProcessor, type ProcessOptions } from "./packet-processor.js";
import { receiveKit } from "./receive-kits.js";
import { Session } from "./session.js";
import type { SessionHooks, SessionOptions } from "./session-hooks.js";
import type { Transport } from "./transport.js";
import { type MessageHandler, type ReceivedBy, TypedPacket } from "./typed-packet.js";
import { Outcome, type WaitOptions } from "./waiting.js";

/** How a notice that is given once for each packet type ends. */
const FURTHER = "; further ones are counted only, in metrics.rejectedBy as";

function checkListener(listener: unknown): void {
  if (typeof listener !== "function") {
    throw new TypeError(`a listener is a function, and not ${format(listener)}`);
  }
}

/** Arguments of the listeners that every peer has. */
export interface PeerEvents {
  /** Code of the application threw or rejected. Without a listener the logger gets it, or a process warning. */
  handlerError: [error: unknown, context: HandlerErrorContext];
}

/** A listener of one event. */
export type EventListener<Events, K extends keyof Events> = (...args: Extract<Events[K], unknown[]>) => void;

/** What the peer calls for one connection: methods of a client on a server, or of the client itself. */
export interface ConnectionOwner {
  /** The connection, once there is one. */
  readonly conn: Holdable | undefined;
  /** A packet was received. */
  onReceive(ptype: number, msg: unknown): void | Promise<void>;
  /** A packet was accepted for sending. */
  onSend(ptype: PacketRef, msg: unknown): void | Promise<void>;
  /** The handshake is complete. */
  onHandshakeComplete(): void | Promise<void>;
  /** The connection is closed. */
  onClose(reason: string | null): void | Promise<void>;
}

/** What server and client have in common: registry, config, connection types, processing, events. */
export abstract class PeerBase<
  Owner extends ConnectionOwner,
  Events extends PeerEvents,
  Receives extends Side = Side,
> implements Peer, AsyncDisposable
{
  /** What sessions tell. Methods of one class, not functions of each peer: a process may have thousands of clients. */
  static readonly #Hooks = class<Owner extends ConnectionOwner> implements SessionHooks<Owner> {
    direct = false;
    readonly #peer: PeerBase<Owner, PeerEvents>;

    constructor(peer: PeerBase<Owner, PeerEvents>) {
      this.#peer = peer;
    }

    receiveData(session: Session<Owner>, chunk: Uint8Array): void {
      this.#peer.#poll?.arrived();
      this.#peer.takeData(session, chunk);
    }

    takePacket(session: Session<Owner>): void {
      this.#peer.#takePacket(session);
    }

    scheduleFlush(session: Session<Owner>): void {
      this.#peer.#scheduler.add(session);
    }

    handshakeComplete(session: Session<Owner>): void {
      this.#peer.guard.run("onHandshakeComplete", () => session.owner.onHandshakeComplete());
      this.#peer.activated(session);
    }

    received(session: Session<Owner>, entry: PacketEntry, msg: unknown): void {
      this.#peer.#received(session, entry, msg);
    }

    sent(session: Session<Owner>, ptype: PacketRef, data: unknown): void {
      this.#peer.#sent(session, ptype, data);
    }

    drained(session: Session<Owner>): void {
      this.#peer.drained(session);
    }

    closed(session: Session<Owner>, info: CloseInfo): void {
      this.#peer.closed(session, info);
    }

    handlerFailed(error: unknown, where: string): void {
      this.#peer.guard.failed(error, where);
    }

    ignored(message: string): void {
      this.#peer.logger.debug(message);
    }

    payloadDropped(error: InvalidPayloadError): void {
      this.#peer.#payloadDropped(error);
    }
  };

  abstract readonly side: Side;
  /** The packets that this peer knows. */
  readonly registry: PacketRegistry = new PacketRegistry();
  /** The options: own ones over the engine's over the defaults. Most are read once, on start. */
  readonly cfg: Config;
  /** The engine or event bus. */
  readonly peng: EngineLike | undefined;

  /** `"server"` or `"client"`, as in the names of events. */
  protected abstract readonly kind: "server" | "client";
  protected readonly clock: Clock;
  protected readonly logger: Logger;
  protected readonly guard: HandlerGuard;
  readonly #options: PeerOptions;
  readonly #conntypes = new Map<string, ConnectionType>();
  readonly #processor: PacketProcessor;
  readonly #scheduler = new FlushScheduler();
  readonly #stopped: Outcome<void>;
  readonly #bus: EngineLike | undefined;
  readonly #hooks = new PeerBase.#Hooks<Owner>(this as unknown as PeerBase<Owner, PeerEvents>);
  #context: ConnectionContext | undefined = undefined;
  #sessionOptions: SessionOptions | undefined = undefined;
  #poll: BusyPoll | undefined = undefined;
  readonly #typed = new Map<string, TypedPacket<Owner>>();
  /** Whether the packet that is being delivered has a definition, and nobody who listens. */
  #unheard = false;
  /** Packet types of which it was told that payloads are dropped, */
  #payloadsTold: Set<string> | undefined = undefined;
  /** and that nothing handles them. */
  #unhandledTold: Set<string> | undefined = undefined;
  readonly #streams = new Set<{ end(): void }>();
  #initialized = false;
  #stopping = false;
  #overridden = false;
  #printRecv = false;
  #printSend = false;

  /** @throws {@link ConfigError} if an option is unknown or not allowed. */
  constructor(options: PeerOptions) {
    this.#options = options;
    this.peng = options.peng;
    this.cfg = new Config(options.cfg, options.peng?.cfg);
    this.clock = options.clock ?? systemClock;
    this.logger = guardedLogger(options.logger);
    this.guard = new HandlerGuard(this.logger);
    this.#processor = new PacketProcessor(this.clock);
    this.#stopped = new Outcome(this.clock);
    const enable = this.cfg.get("net.events.enable");
    if (enable === true && this.peng === undefined) {
      throw new ConfigError(
        "net.events.enable",
        'config option "net.events.enable" is true, but no engine or event bus was passed as peng',
      );
    }
    this.#bus = enable === false ? undefined : this.peng;
    for (const definition of options.packets ?? []) this.register(definition);
  }

  // ---- set-up -----------------------------------------------------------------------------------

  /**
   * Registers the protocol's packets and the classic connection type, then calls all methods whose names
   * begin with `_reg_packets_` and `_reg_conntypes_`, in order of name. Further calls do nothing.
   * Reference: `initialize`.
   */
  initialize(): void {
    if (this.#initialized) return;
    this.#initialized = true;
    registerInternalPackets(this.registry, this);
    this.addConnType(CONNTYPE_CLASSIC, new ClassicConnectionType(this));
    this.#callHooks("_reg_packets_");
    this.#callHooks("_reg_conntypes_");
    this.sendEvent("initialize");
  }

  #callHooks(prefix: string): void {
    const names = new Set<string>();
    // From here on there are none, and looking through all names costs a client much of its start.
    for (let object: object = this; object !== PeerBase.prototype; object = Object.getPrototypeOf(object)) {
      for (const name of Object.getOwnPropertyNames(object)) if (name.startsWith(prefix)) names.add(name);
    }
    for (const name of [...names].sort()) {
      const hook: unknown = Reflect.get(this, name);
      if (typeof hook === "function") hook.call(this);
    }
  }

  /**
   * Registers a packet type. Reference: `register_packet`.
   *
   * @param name - `namespace:category.name`.
   * @param obj - the packet type.
   * @param n - a fixed id; default: the next free one from 64.
   * @returns the id.
   * @throws {@link AlreadyRegisteredError} if name, id or object is taken; {@link RegistryError},
   * {@link InvalidSmartPacketActionError}, or a TypeError if it is no packet.
   */
  registerPacket(name: string, obj: Packet, n?: number | null): number {
    return this.registry.register(obj, name, n);
  }

  /**
   * Registers a packet type from its definition; one that is registered already is left as it is.
   *
   * @returns its id.
   * @throws as {@link PeerBase.registerPacket}.
   */
  register(definition: AnyPacketDefinition): number {
    this.#typedPacket(definition);
    return this.registry.getID(definition.name);
  }

  #typedPacket(definition: AnyPacketDefinition): TypedPacket<Owner> {
    if (!isDefinition(definition)) {
      throw new TypeError(
        `a packet is given here as its definition, from definePacket, and not as ${format(definition)}`,
      );
    }
    const known = this.#typed.get(definition.name);
    if (known !== undefined && known.definition === definition) return known;
    const owner = (cid: Cid): Owner | undefined => this.ownerOf(cid);
    const packet = new TypedPacket<Owner>(this.registry, this, definition, owner, this.guard, () => {
      this.#unheard = true;
    });
    this.registerPacket(definition.name, packet, definition.options.id);
    this.#typed.set(definition.name, packet);
    return packet;
  }

  /** Whom a client id stands for. */
  protected abstract ownerOf(cid: Cid): Owner | undefined;

  /**
   * Adds a connection type. Reference: `addConnType`.
   *
   * @throws {@link AlreadyRegisteredError} if the name is taken, {@link RegistryError} if no client could ask for it.
   */
  addConnType(t: string, obj: ConnectionType): void {
    if (typeof t === "string" && !t.isWellFormed()) {
      throw new RegistryError(
        `the name ${JSON.stringify(t)} has half of a surrogate pair, which no client can ask for; choose a name that is valid Unicode`,
      );
    }
    if (this.#conntypes.has(t)) {
      throw new AlreadyRegisteredError(`the connection type "${t}" is registered already`);
    }
    this.#conntypes.set(t, obj);
  }

  getConnType(name: string): ConnectionType | undefined {
    return this.#conntypes.get(name);
  }

  abstract getConnection(cid?: Cid): Connection | undefined;
  abstract sendMessage(ptype: PacketRef, data: unknown, cid?: Cid): boolean;
  abstract closeConnection(cid?: Cid, reason?: string | null): Promise<CloseInfo>;

  /** What all connections share; options are read when the first one needs them. */
  protected get context(): ConnectionContext {
    this.#context ??= createConnectionContext(this, this.cfg, {
      codec: this.#options.codec,
      kit: receiveKit(this.side),
      validateSent: this.#options.validateSent ?? process.env.NODE_ENV !== "production",
      compression: zlibCompression(this.cfg.get("net.compress.level")),
    });
    return this.#context;
  }

  #readSessionOptions(): SessionOptions {
    const { cfg } = this;
    this.#printRecv = cfg.get("net.debug.print.recv");
    this.#printSend = cfg.get("net.debug.print.send");
    this.#overridden = this.overridesReceiving;
    this.#hooks.direct = this.#processor.dispatching && !this.#overridden;
    this.#poll = this.#readPoll();
    return {
      clock: this.clock,
      handshakeTimeout: cfg.get("net.timeout.handshake"),
      idleTimeout: cfg.get("net.timeout.idle"),
      unsentTimeout: cfg.get("net.timeout.unsent"),
      closeTimeout: cfg.get("net.timeout.close"),
      unsentLimit: cfg.get("net.limits.unsent"),
      highWater: cfg.get("net.limits.unsent.highwater"),
      maxQueuedPackets: cfg.get("net.limits.unprocessed.packets"),
      maxQueuedBytes: cfg.get("net.limits.unprocessed.bytes"),
    };
  }

  /** With one processor the peer could not work while this polls; a clock that a test turns would never end a poll. */
  #readPoll(): BusyPoll | undefined {
    const window = this.cfg.get("net.latency.poll");
    return window > 0 && this.clock === systemClock && availableParallelism() > 1
      ? new BusyPoll(this.clock, window)
      : undefined;
  }

  /** Makes the session for a transport. Its `owner` has to be set before it starts. */
  protected createSession(transport: Transport, cid: Cid, conntype?: string): Session<Owner> {
    this.initialize();
    this.#sessionOptions ??= this.#readSessionOptions();
    return new Session<Owner>({
      context: this.context,
      cid,
      transport,
      hooks: this.#hooks,
      options: this.#sessionOptions,
      conntype,
    });
  }

  /** Counters of all connections together, those that are closed included. */
  abstract get metrics(): Metrics;

  // ---- processing -------------------------------------------------------------------------------

  /**
   * Processes the packets that have arrived and returns their number: for a loop that calls it once a
   * frame. With `wait`, waits for a packet first, at most `timeout` seconds, and resolves to the number;
   * a time-out resolves to 0. The handshake goes on without it. Reference: `process`.
   *
   * @throws {@link AbortedError} if `signal` fires while waiting.
   */
  process(options?: { readonly wait?: false | undefined }): number;
  process(options: ProcessOptions & { readonly wait: true }): Promise<number>;
  process(options: ProcessOptions): number | Promise<number>;
  process(options: ProcessOptions = {}): number | Promise<number> {
    if (options.wait !== true) return this.#processor.run();
    return this.stopped ? Promise.resolve(this.#processor.run()) : this.#processor.waitAndRun(options);
  }

  /** Processes packets as they arrive from now on, without polling. Reference: `process_async`. */
  processAsync(): void {
    this.#processor.dispatch();
    this.#hooks.direct = !this.#overridden;
  }

  /**
   * Processes packets as they arrive until this peer is stopped. Reference: `process_forever`.
   *
   * @throws {@link TimedOutError} or {@link AbortedError}; processing goes on then.
   */
  async processForever(options: WaitOptions = {}): Promise<void> {
    this.processAsync();
    await this.waitForStop(options);
  }

  /** Wakes up a waiting `process`. Reference: `interrupt`. */
  interrupt(): void {
    this.sendEvent("interrupt");
    this.#processor.wake();
  }

  /** Puts a packet into the queue for `process`; in the handshake, processes it at once. */
  protected enqueue(session: Session<Owner>, raw: Uint8Array): void {
    this.#processor.enqueue(session, raw);
  }

  /** Calls the overridable `processSinglePacket`. */
  protected abstract takeSinglePacket(session: Session<Owner>): void;
  /** Calls the overridable `receiveData`. */
  protected abstract takeData(session: Session<Owner>, chunk: Uint8Array): void;

  /** Whether a subclass overrides a step of receiving, so that every packet has to take that way. */
  protected abstract get overridesReceiving(): boolean;

  // ---- end --------------------------------------------------------------------------------------

  /** Whether it was stopped. */
  get stopped(): boolean {
    return this.#stopped.settled;
  }

  /** Resolves when it is stopped. */
  protected waitForStop(options: WaitOptions): Promise<void> {
    return this.#stopped.wait(options, `the ${this.kind} to stop`);
  }

  /** `stop` was called: marks it as stopped and sends the events. @returns whether it was not stopped before. */
  protected markStopped(): boolean {
    const first = !this.stopped;
    // A listener of the event that stops again is not told again.
    if (this.#stopping) return false;
    this.#stopping = true;
    if (first) this.#stopped.settle();
    for (const stream of this.#streams) stream.end();
    this.sendEvent("stop", { reason: "method" });
    this.interrupt();
    this.#stopping = false;
    return first;
  }

  /** @throws {@link InvalidStateError} if it was stopped. */
  protected checkNotStopped(): void {
    if (this.stopped) {
      throw new InvalidStateError(`a ${this.kind} that was stopped cannot be started again; make a new one`);
    }
  }

  abstract [Symbol.asyncDispose](): Promise<void>;

  // ---- events -----------------------------------------------------------------------------------

  /** Calls `listener` on each event, or on each packet of a definition, which is registered if need be. */
  on<K extends keyof Events & string>(event: K, listener: EventListener<Events, K>): this;
  on<P extends ReceivedBy<Receives>>(packet: P, listener: MessageHandler<PacketOutput<P>, Owner>): this;
  on(target: string | AnyPacketDefinition, listener: (...args: never[]) => unknown): this {
    checkListener(listener);
    if (typeof target === "string") this.guard.on(target, listener as Listener);
    else this.#typedPacket(target).listen(listener as MessageHandler<never, Owner>);
    return this;
  }

  /** Calls `listener` on the next event. */
  once<K extends keyof Events & string>(event: K, listener: EventListener<Events, K>): this {
    checkListener(listener);
    if (typeof event !== "string") {
      throw new TypeError(
        "once() takes the name of an event; for a packet, use on() and off(), or messages()",
      );
    }
    this.guard.once(event, listener as Listener);
    return this;
  }

  /** Stops calling `listener`. */
  off<K extends keyof Events & string>(event: K, listener: EventListener<Events, K>): this;
  off<P extends ReceivedBy<Receives>>(packet: P, listener: MessageHandler<PacketOutput<P>, Owner>): this;
  off(target: string | AnyPacketDefinition, listener: (...args: never[]) => unknown): this {
    checkListener(listener);
    if (typeof target === "string") this.guard.off(target, listener as Listener);
    else this.#typed.get(target.name)?.unlisten(listener as MessageHandler<never, Owner>);
    return this;
  }

  /**
   * The packets of a definition as they arrive, for `for await`. Ends when the peer stops.
   *
   * @throws {@link AbortedError} from the iteration when `signal` fires.
   */
  messages<P extends ReceivedBy<Receives>>(
    packet: P,
    options: MessageStreamOptions = {},
  ): MessageStream<P, Owner> {
    const stream = new MessageStream<P, Owner>(this.#typedPacket(packet), options, (ended) => {
      this.#streams.delete(ended as MessageStream<P, Owner>);
    });
    if (this.stopped) stream.end();
    else this.#streams.add(stream);
    return stream;
  }

  /** Tells the listeners of an event. */
  protected emit<K extends keyof Events & string>(event: K, ...args: Extract<Events[K], unknown[]>): void {
    this.guard.emit(event, args);
  }

  /**
   * Sends an event to the engine, if there is one and `net.events.enable` does not forbid it; adds `peng`
   * and `server` or `client`. Reference: `sendEvent`.
   *
   * @param event - the name; without a colon it stands behind `peng3dnet:server.` or `peng3dnet:client.`.
   */
  sendEvent(event: string, data: Readonly<Record<string, unknown>> = {}): void {
    const bus = this.#bus;
    if (bus === undefined) return;
    const name = event.includes(":") ? event : `peng3dnet:${this.kind}.${event}`;
    this.guard.run(name, () => bus.sendEvent(name, { peng: this.peng, [this.kind]: this, ...data }));
  }

  /** Sends the event for a packet received or sent, if anybody would hear it. @returns whether. */
  protected abstract sendPacketEvent(
    session: Session<Owner>,
    direction: "recv" | "send",
    pid: PacketRef,
    data: unknown,
  ): boolean;

  /** Whether anybody would hear an event. */
  protected hears(event: string): boolean {
    const bus = this.#bus;
    if (bus?.hasListeners === undefined) return bus !== undefined;
    try {
      return bus.hasListeners(event);
    } catch (error) {
      this.guard.failed(error, event);
      return false;
    }
  }

  /** Prints a line, for `net.debug.print.*`. */
  protected print(...values: unknown[]): void {
    const line = format(...values);
    const { print } = this.#options;
    if (print === undefined) process.stdout.write(`${line}\n`);
    else this.guard.run("print", () => print(line));
  }

  // ---- from sessions ----------------------------------------------------------------------------

  protected abstract drained(session: Session<Owner>): void;
  protected abstract closed(session: Session<Owner>, info: CloseInfo): void;
  protected abstract activated(session: Session<Owner>): void;

  #takePacket(session: Session<Owner>): void {
    if (this.#overridden) this.takeSinglePacket(session);
    else if (session.connection.active) this.enqueue(session, session.connection.rawPacket());
    else session.connection.dispatch();
  }

  /** Further ones of the same packet type are counted in the metrics. */
  #payloadDropped(error: InvalidPayloadError): void {
    const { packet, message } = error;
    this.#payloadsTold ??= new Set();
    if (this.#payloadsTold.has(packet)) return;
    this.#payloadsTold.add(packet);
    if (this.guard.hears("handlerError")) this.guard.failed(error, packet);
    else this.guard.notice(`${message}. It was dropped${FURTHER} invalidpayload`);
  }

  /** A packet came, and nothing has seen it. */
  #unhandled(session: Session<Owner>, name: string): void {
    session.unhandled++;
    this.#unhandledTold ??= new Set();
    if (this.#unhandledTold.has(name)) return;
    this.#unhandledTold.add(name);
    this.guard.notice(
      `"${name}" arrived, and nothing handles it. Add a handler before the first can arrive, with on() or messages(), or override receive(); a handler that does nothing says that it is not wanted${FURTHER} unhandled`,
    );
  }

  /** Whether a subclass overrides `onReceive`, and so sees what no handler takes. */
  protected abstract observes(owner: Owner): boolean;

  #received(session: Session<Owner>, entry: PacketEntry, msg: unknown): void {
    const unhandled = !entry.receives || this.#unheard;
    if (unhandled) this.#unheard = false;
    try {
      const result = session.owner.onReceive(entry.id, msg);
      if (result !== undefined) this.guard.watch(result, "onReceive");
    } catch (error) {
      this.guard.failed(error, "onReceive");
    }
    if (this.#printRecv) this.print(`recv ${session.cid ?? "server"} ${entry.name}:`, msg);
    const heard = this.#bus !== undefined && this.sendPacketEvent(session, "recv", entry.id, msg);
    if (unhandled && !heard && !this.observes(session.owner)) this.#unhandled(session, entry.name);
  }

  #sent(session: Session<Owner>, ptype: PacketRef, data: unknown): void {
    // First, since the packet's bytes are there until a handler sends another one.
    if (this.#bus !== undefined) this.sendPacketEvent(session, "send", ptype, data);
    try {
      const result = session.owner.onSend(ptype, data);
      if (result !== undefined) this.guard.watch(result, "onSend");
    } catch (error) {
      this.guard.failed(error, "onSend");
    }
    if (this.#printSend)
      this.print(`send ${session.cid ?? "server"} ${this.registry.entry(ptype).name}:`, data);
  }
}
