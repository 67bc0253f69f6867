import {
  AlreadyRegisteredError,
  type AnyPacketDefinition,
  type Cid,
  ClassicConnectionType,
  type CloseInfo,
  CONNTYPE_CLASSIC,
  CONNTYPE_NOTSET,
  Config,
  ConfigError,
  type Connection,
  type ConnectionContext,
  type ConnectionType,
  describeError,
  type InvalidPayloadError,
  InvalidStateError,
  isDefinition,
  type Packet,
  type PacketEntry,
  type PacketOutput,
  type PacketRef,
  PacketRegistry,
  type Peer,
  quoteText,
  RegistryError,
  registerInternalPackets,
  SIDE_SERVER,
  type Side,
} from "@peng3dnet/protocol";
import { BufferBudget } from "../messages/buffer-budget.js";
import { MessageStream, type MessageStreamOptions, type Pausable } from "../messages/message-stream.js";
import {
  type MessageHandler,
  type ReceivedBy,
  type TargetListener,
  TypedPacket,
} from "../messages/typed-packet.js";
import type { Platform } from "../platform/platform.js";
import { printLine } from "../platform/print-line.js";
import { standardPlatform } from "../platform/standard-platform.js";
import { type ConnectionSettings, ReadConfig, readSettings } from "../session/connection-settings.js";
import { FlushScheduler } from "../session/flush-scheduler.js";
import type { Metrics } from "../session/metrics.js";
import { Session } from "../session/session.js";
import type { SessionHooks } from "../session/session-hooks.js";
import type { Clock } from "../time/clock.js";
import { Deferred, type WaitOptions } from "../time/deferred.js";
import { checkTimeout, timeoutError } from "../time/timeout-option.js";
import type { Transport } from "../transport/transport.js";
import { PacketProcessor, type ProcessOptions } from "../turns/packet-processor.js";
import { RunQueue } from "../turns/run-queue.js";
import { describeValue } from "./describe-value.js";
import type { EngineLike } from "./engine.js";
import { type HandlerErrorContext, HandlerGuard } from "./handler-guard.js";
import type { Listener } from "./listeners.js";
import { guardedLogger, type Logger } from "./logger.js";
import type { PeerOptions } from "./options.js";

/** How a notice that is given once for each packet type ends. */
const FURTHER = "; further ones are counted only, in metrics.rejectedBy as";

function checkListener(listener: unknown): void {
  if (typeof listener !== "function") {
    throw new TypeError(`a listener is a function, and not ${describeValue(listener)}`);
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
  readonly conn: Pausable | undefined;
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
    readonly turns: RunQueue;
    readonly buffers: BufferBudget;
    readonly #peer: PeerBase<Owner, PeerEvents>;

    constructor(peer: PeerBase<Owner, PeerEvents>) {
      this.#peer = peer;
      this.turns = new RunQueue(peer.clock, peer.platform.yield);
      this.buffers = new BufferBudget(peer.registry);
    }

    receiveData(session: Session<Owner>, chunk: Uint8Array): void {
      session.options.poll?.arrived();
      const result: unknown = this.#peer.takeData(session, chunk);
      if (result !== undefined) session.failIfRejected(result, "receiveData");
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

    inputHeld(session: Session<Owner>, bytes: number): void {
      this.#peer.inputHeld(session, bytes);
    }

    unsentHeld(session: Session<Owner>, bytes: number): void {
      this.#peer.unsentHeld(session, bytes);
    }

    released(session: Session<Owner>): void {
      this.#peer.#processor.released(session as Session);
    }

    gone(session: Session<Owner>): void {
      this.#peer.gone(session);
    }

    closed(session: Session<Owner>, info: CloseInfo): void {
      // A connection that is held has reached those that hold it.
      if (session.paused) this.#peer.#forget(session);
      this.#peer.#processor.closed(session as Session);
      this.#peer.closed(session, info);
    }

    handlerFailed(error: unknown, where: string): void {
      this.#peer.guard.failed(error, where);
    }

    ignored(message: string, why: string, packet = ""): void {
      this.#peer.guard.ignored(message, why, packet);
    }

    payloadDropped(error: InvalidPayloadError, packet: string): void {
      this.#peer.#payloadDropped(error, packet);
    }
  };

  abstract readonly side: Side;
  /** The packets that this peer knows. */
  readonly registry: PacketRegistry = new PacketRegistry();
  /** The options: own ones over the engine's over the defaults. {@link ConfigValues} says when each one is read. */
  readonly cfg: Config;
  /** The engine or event bus. */
  readonly peng: EngineLike | undefined;

  /** `"server"` or `"client"`, as in the names of events. */
  protected abstract readonly kind: "server" | "client";
  protected readonly platform: Platform;
  protected readonly clock: Clock;
  protected readonly logger: Logger;
  protected readonly guard: HandlerGuard;
  readonly #options: PeerOptions;
  readonly #conntypes = new Map<string, ConnectionType>();
  readonly #processor: PacketProcessor;
  readonly #scheduler: FlushScheduler;
  readonly #stopped: Deferred<void>;
  #bus: EngineLike | undefined = undefined;
  readonly #hooks: SessionHooks<Owner> & { direct: boolean };
  #settings: ConnectionSettings | undefined = undefined;
  #read: ReadConfig | undefined = undefined;
  readonly #typed = new Map<string, TypedPacket<Owner>>();
  /** Whether the packet that is being delivered has a definition, and nobody who listens. */
  #unheard = false;
  /** Packet types of which it was told that payloads are dropped, */
  #payloadsTold: Set<string> | undefined = undefined;
  /** and that nothing handles them. */
  #unhandledTold: Set<string> | undefined = undefined;
  readonly #streams = new Set<{ end(): void; forget(session: Pausable): void }>();
  #initialized = false;
  #stopping = false;
  #overridden = false;

  /** @throws {@link ConfigError} if an option is unknown or not allowed. */
  constructor(options: PeerOptions) {
    this.#options = options;
    this.peng = options.peng;
    this.cfg = new Config(options.cfg, options.peng?.cfg);
    this.platform = options.platform ?? standardPlatform;
    this.clock = options.clock ?? this.platform.clock;
    this.logger = guardedLogger(options.logger);
    this.guard = new HandlerGuard(this.logger, this.platform.warn);
    this.#scheduler = new FlushScheduler(this.platform.defer);
    this.#processor = new PacketProcessor(this.clock, this.platform.yield);
    this.#hooks = new PeerBase.#Hooks<Owner>(this as unknown as PeerBase<Owner, PeerEvents>);
    this.#stopped = new Deferred(this.clock);
    this.#findBus();
    for (const definition of options.packets ?? []) this.register(definition);
  }

  // ---- set-up -----------------------------------------------------------------------------------

  /**
   * Registers the protocol's packets and the classic connection type, then calls all methods whose names
   * begin with `_reg_packets_` and `_reg_conntypes_`, in order of name. Further calls do nothing.
   * Reference: `initialize`.
   */
  initialize(): void {
    this.#findBus();
    if (this.#initialized) return;
    this.#initialized = true;
    registerInternalPackets(this.registry, this);
    this.addConnType(CONNTYPE_CLASSIC, new ClassicConnectionType(this));
    this.#callHooks("_reg_packets_");
    this.#callHooks("_reg_conntypes_");
    this.sendEvent("initialize");
  }

  /** Whether events are sent, and where to: read when a peer is made, on start and for each connection. */
  #findBus(): void {
    const enable = this.cfg.get("net.events.enable");
    if (enable === true && this.peng === undefined) {
      throw new ConfigError(
        "net.events.enable",
        'config option "net.events.enable" is true, but no engine or event bus was passed as peng',
      );
    }
    this.#bus = enable === false ? undefined : this.peng;
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
        `a packet is given here as its definition, from definePacket, and not as ${describeValue(definition)}`,
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
   * @throws {@link AlreadyRegisteredError} if the name is taken, {@link RegistryError} if no client could ask for it:
   * it has half of a surrogate pair, or is empty, as `CONNTYPE_NOTSET`, which stands for a type that is not known yet.
   */
  addConnType(t: string, obj: ConnectionType): void {
    if (t === CONNTYPE_NOTSET) {
      throw new RegistryError(
        'the name of a connection type is not empty: "" stands for a type that is not known yet',
      );
    }
    if (typeof t === "string" && !t.isWellFormed()) {
      throw new RegistryError(
        `the name ${quoteText(t)} has half of a surrogate pair, which no client can ask for; choose a name that is valid Unicode`,
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

  /** What a connection that begins now shares with others. */
  protected get context(): ConnectionContext {
    return this.#currentSettings().context;
  }

  /** Whether connections may have begun with different options. */
  protected get severalContexts(): boolean {
    return this.#read?.follows === true;
  }

  #currentSettings(): ConnectionSettings {
    const former = this.#settings;
    if (former !== undefined && this.#read?.changed !== true) return former;
    const read = new ReadConfig(this.cfg, former !== undefined);
    this.#settings = readSettings(this, read, this.clock, this.platform, this.#options, former);
    // A client connects once: it would hold what it never looks at.
    if (this.side === SIDE_SERVER) this.#read = read;
    return this.#settings;
  }

  /** Makes the session for a transport. Its `owner` has to be set before it starts. */
  protected createSession(transport: Transport, cid: Cid, conntype?: string): Session<Owner> {
    this.initialize();
    this.#overridden = this.overridesReceiving;
    this.#hooks.direct = this.#processor.dispatching && !this.#overridden;
    const options = this.#currentSettings();
    const { context } = options;
    this.#hooks.buffers.limit = options.maxBuffered;
    return new Session<Owner>({ context, cid, transport, hooks: this.#hooks, options, conntype });
  }

  /** Counters of all connections together, those that are closed included. */
  abstract get metrics(): Metrics;

  // ---- processing -------------------------------------------------------------------------------

  /**
   * Processes the packets that have arrived and returns their number: for a loop that calls it once a
   * frame. With `wait`, waits for a packet first, at most `timeout` seconds, and resolves to the number;
   * a time-out resolves to 0. The handshake goes on without it. Reference: `process`.
   *
   * @throws {@link AbortedError} if `signal` fires while waiting; {@link ConfigError} if `timeout` is no number of
   * seconds, as all calls that take one.
   */
  process(options?: { readonly wait?: false | undefined }): number;
  process(options: ProcessOptions & { readonly wait: true }): Promise<number>;
  process(options: ProcessOptions): number | Promise<number>;
  process(options: ProcessOptions = {}): number | Promise<number> {
    const invalid = timeoutError(options.timeout);
    if (options.wait !== true) {
      if (invalid !== undefined) throw invalid;
      return this.#processor.run();
    }
    if (invalid !== undefined) return Promise.reject(invalid);
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
    checkTimeout(options.timeout);
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
  protected abstract takeSinglePacket(session: Session<Owner>): unknown;
  /** Calls the overridable `receiveData`. */
  protected abstract takeData(session: Session<Owner>, chunk: Uint8Array): unknown;

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
  // Takes both, since the compiler says what the last one finds wrong. The others are there for generic code.
  on<T extends (keyof Events & string) | ReceivedBy<Receives>>(
    target: T,
    listener: TargetListener<Events, T, Owner>,
  ): this;
  on(target: string | AnyPacketDefinition, listener: (...args: never[]) => unknown): this {
    checkListener(listener);
    if (typeof target === "string") this.guard.on(target, listener as Listener);
    else this.#typedPacket(target).addHandler(listener as MessageHandler<never, never>);
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
  off<T extends (keyof Events & string) | ReceivedBy<Receives>>(
    target: T,
    listener: TargetListener<Events, T, Owner>,
  ): this;
  off(target: string | AnyPacketDefinition, listener: (...args: never[]) => unknown): this {
    checkListener(listener);
    if (typeof target === "string") this.guard.off(target, listener as Listener);
    else this.#typed.get(target.name)?.removeHandler(listener as MessageHandler<never, never>);
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
    const stream = new MessageStream<P, Owner>(this.#typedPacket(packet), options, {
      buffers: this.#hooks.buffers,
      size: () => this.context.bodies.decodedSize,
      closed: (ended) => this.#streams.delete(ended as MessageStream<P, Owner>),
    });
    if (this.stopped) stream.end();
    else if (!stream.ended) this.#streams.add(stream);
    return stream;
  }

  /** Tells the listeners of an event. */
  protected emit<K extends keyof Events & string>(event: K, ...args: Extract<Events[K], unknown[]>): void {
    this.guard.emit(event, args);
  }

  /**
   * Sends an event to the engine, if there is one and `net.events.enable` does not forbid it; adds `peng`
   * and `server` or `client`, which win over `data`. Reference: `sendEvent`.
   *
   * @param event - the name; without a colon it stands behind `peng3dnet:server.` or `peng3dnet:client.`.
   */
  sendEvent(event: string, data: Readonly<Record<string, unknown>> = {}): void {
    const bus = this.#bus;
    if (bus === undefined) return;
    const name = event.includes(":") ? event : `peng3dnet:${this.kind}.${event}`;
    const own = { peng: this.peng, [this.kind]: this };
    // They stand first, and win.
    this.guard.run(name, () => bus.sendEvent(name, { ...own, ...data, ...own }));
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
    if (bus === undefined) return false;
    try {
      if (bus.hasListeners === undefined) return true;
      const heard: unknown = bus.hasListeners(event);
      if (typeof heard !== "boolean") this.guard.watch(heard, event);
      return Boolean(heard);
    } catch (error) {
      this.guard.failed(error, event);
      return false;
    }
  }

  /**
   * Prints a line: to the `print` option if there is one, else to the standard output. What a peer sent does not break
   * out of it.
   */
  print(...values: unknown[]): void {
    this.guard.run("print", () => {
      const { print = this.platform.print } = this.#options;
      return print(printLine(this.platform, values));
    });
  }

  // ---- from sessions ----------------------------------------------------------------------------

  protected abstract drained(session: Session<Owner>): void;
  protected abstract inputHeld(session: Session<Owner>, bytes: number): void;
  protected abstract unsentHeld(session: Session<Owner>, bytes: number): void;
  protected abstract gone(session: Session<Owner>): void;
  protected abstract closed(session: Session<Owner>, info: CloseInfo): void;
  protected abstract activated(session: Session<Owner>): void;

  #forget(session: Session<Owner>): void {
    this.#hooks.buffers.forget(session);
    for (const stream of this.#streams) stream.forget(session);
  }

  /** Looks at the clock, since something was done that may have taken long. */
  protected lookAtTime(): void {
    this.#hooks.turns.look();
  }

  #takePacket(session: Session<Owner>): void {
    if (this.#overridden) {
      const result = this.takeSinglePacket(session);
      if (result !== undefined) session.failIfRejected(result, "processSinglePacket");
    } else if (session.connection.active) this.enqueue(session, session.connection.rawPacket());
    else session.connection.dispatch();
  }

  /** Further ones of the same packet type are counted in the metrics. */
  #payloadDropped(error: InvalidPayloadError, packet: string): void {
    this.#payloadsTold ??= new Set();
    if (this.#payloadsTold.has(packet)) return;
    this.#payloadsTold.add(packet);
    if (this.guard.hears("handlerError")) this.guard.failed(error, packet);
    else {
      this.guard.notice(
        `${describeError(error)}. It was dropped${FURTHER} invalidpayload`,
        `invalidpayload ${packet}`,
      );
    }
  }

  /** A packet came, and nothing has seen it. */
  #unhandled(session: Session<Owner>, name: string): void {
    session.unhandled++;
    this.#unhandledTold ??= new Set();
    if (this.#unhandledTold.has(name)) return;
    this.#unhandledTold.add(name);
    this.guard.notice(
      `${quoteText(name)} arrived, and nothing handles it. Add a handler before the first can arrive, with on() or messages(), or override receive(); a handler that does nothing says that it is not wanted${FURTHER} unhandled`,
      `unhandled ${name}`,
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
    if (session.options.prints?.recv) this.print(`recv ${session.cid ?? "server"} ${entry.name}:`, msg);
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
    if (session.options.prints?.send)
      this.print(`send ${session.cid ?? "server"} ${this.registry.entry(ptype).name}:`, data);
  }
}
