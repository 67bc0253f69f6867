/// <reference lib="esnext.disposable" preserve="true" />
// Whoever uses the package need not name that library of types.
import {
  type AnyPacketDefinition,
  type Cid,
  ClassicConnectionType,
  type CloseInfo,
  CONNTYPE_CLASSIC,
  Config,
  type Connection,
  type ConnectionContext,
  type ConnectionType,
  InvalidStateError,
  isDefinition,
  type Packet,
  type PacketOutput,
  type PacketRef,
  PacketRegistry,
  quoteText,
  registerInternalPackets,
  SIDE_SERVER,
  type Side,
} from "@peng3dnet/protocol";
import { MessageStream, type MessageStreamOptions } from "../messages/message-stream.js";
import {
  type MessageHandler,
  type ReceivedBy,
  type TargetListener,
  TypedPacket,
} from "../messages/typed-packet.js";
import { OBSERVED, type Observable, type ObservationPoint } from "../observing/observe.js";
import { checkPlatform } from "../platform/platform.js";
import { printLine } from "../platform/print-line.js";
import {
  type AnsweredBy,
  type AnyRequestDefinition,
  isRequestDefinition,
  type RequestHandler,
} from "../requests/request-definition.js";
import type { AnyHandler } from "../requests/request-type.js";
import type { ConnectionSettings } from "../session/connection-settings.js";
import { CurrentSettings } from "../session/current-settings.js";
import type { Metrics } from "../session/metrics.js";
import { Session } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import { Deferred } from "../time/deferred.js";
import { TICK_HOST, type TickHost, type Ticking } from "../time/ticker.js";
import { checkWait, type WaitOptions, waitError } from "../time/wait-options.js";
import { checkTransport } from "../transport/check-transport.js";
import type { Transport } from "../transport/transport.js";
import { PROCESS_OPTIONS, type ProcessOptions } from "../turns/packet-processor.js";
import type { ConnectionOwner } from "./connection-owner.js";
import { addConnectionType, findConnectionType, type NamedType } from "./connection-types.js";
import type { EngineLike } from "./engine.js";
import { EngineEvents, enableEvents, type PeerKind } from "./engine-events.js";
import { type HandlerErrorContext, HandlerGuard } from "./handler-guard.js";
import { checkEventName } from "./known-options.js";
import { checkListener, type Listener } from "./listeners.js";
import type { Logger } from "./logger.js";
import { checkOptionValues } from "./option-values.js";
import type { PeerOptions } from "./options.js";
import type { PeerHooks } from "./peer-hooks.js";
import { EMIT, type PartsInit, type WholePeer } from "./peer-parts.js";
import { type GivenSetup, setupOf } from "./peer-setup.js";
import { callRegistrationHooks } from "./registration-hooks.js";
import { TypedPackets } from "./typed-packets.js";

/** Arguments of the listeners that every peer has. */
export interface PeerEvents {
  /** Code of the application threw or rejected. Without a listener the logger gets it, or a process warning. */
  handlerError: [error: unknown, context: HandlerErrorContext];
}

/** A listener of one event. */
export type EventListener<Events, K extends keyof Events> = (...args: Extract<Events[K], unknown[]>) => void;

/** What server and client have in common: registry, config, connection types, processing, events. */
export abstract class PeerBase<
  Owner extends ConnectionOwner,
  Events extends PeerEvents,
  Receives extends Side = Side,
> implements WholePeer, AsyncDisposable, Ticking, Observable
{
  abstract readonly side: Side;
  /** The packets that this peer knows. */
  readonly registry: PacketRegistry = new PacketRegistry();
  // Declared only, as are those below: a field without a value would be written twice, in each of thousands of clients.
  /** The options: own ones over the engine's over the defaults. {@link ConfigValues} says when each one is read. */
  declare readonly cfg: Config;
  /** The engine or event bus. */
  declare readonly peng: EngineLike | undefined;

  /** `"server"` or `"client"`, as in the names of events. */
  declare protected readonly kind: PeerKind;
  readonly #hooks: PeerHooks<Owner>;
  #conntypes: NamedType | undefined = undefined;
  /** For those who wait until it is stopped; made for the first of them. */
  #whenStopped: Deferred<void> | undefined = undefined;
  /** Settings of connections, where there may be more than one of them. */
  #settings: CurrentSettings | undefined = undefined;
  /** There with the first one: a process may have thousands of clients. */
  #typed: TypedPackets<Owner> | undefined = undefined;
  #initialized = false;
  #stopped = false;
  #stopping = false;

  /**
   * @internal
   * @param kind - as in the names of events.
   * @param given - what holds where `options` say nothing, and what only this kind of peer has.
   * @param hook - makes what the sessions report to.
   * @throws {@link ConfigError} if an option is unknown or not allowed.
   */
  constructor(
    kind: PeerKind,
    options: PeerOptions,
    given: Pick<GivenSetup, "platform" | "connector" | "conntype">,
    hook: (init: PartsInit) => PeerHooks<Owner>,
  ) {
    checkOptionValues(options);
    checkPlatform(given.platform);
    this.kind = kind;
    this.peng = options.peng;
    this.cfg = new Config(options.cfg, options.peng?.cfg);
    const { print, codec, extensions, validateSent, clock, logger } = options;
    const { platform, connector, conntype } = given;
    // Each by its name: it takes the engine longer to copy an object (`...given`) and to add to the copy.
    const parts = { platform, connector, conntype, print, codec, extensions, validateSent, clock, logger };
    const setup = setupOf(parts);
    const guard = new HandlerGuard(setup);
    const events = options.peng && new EngineEvents(kind, this, options.peng, guard);
    this.#hooks = hook({ peer: this, setup, guard, events });
    enableEvents(events, this.cfg.get("net.events.enable"));
    this.#hooks.lookWhoWatches();
    for (const definition of options.packets ?? []) this.register(definition);
  }

  // What its parts have is no field of the peer as well: a process may have thousands of clients.
  protected get clock(): Clock {
    return this.#hooks.clock;
  }

  protected get logger(): Logger {
    return this.#hooks.setup.log;
  }

  protected get guard(): HandlerGuard {
    return this.#hooks.guard;
  }

  // ---- set-up -----------------------------------------------------------------------------------

  /**
   * Registers the protocol's packets and the classic connection type, then calls all methods whose names
   * begin with `_reg_packets_` and `_reg_conntypes_`, in order of name. Further calls do nothing.
   *
   * @reference `initialize`
   */
  initialize(): void {
    // Read again here, so that a peer may be told after it was made.
    enableEvents(this.#hooks.events, this.cfg.get("net.events.enable"));
    this.#hooks.lookWhoWatches();
    if (this.#initialized) return;
    this.#initialized = true;
    registerInternalPackets(this.registry, this);
    this.addConnType(CONNTYPE_CLASSIC, new ClassicConnectionType(this));
    callRegistrationHooks(this, this.ownPrototype);
    this.sendEvent("initialize");
  }

  /**
   * Registers a packet type. Connections whose handshake is complete do not have one that gets its id only now, which is warned
   * of once.
   *
   * @param name - `namespace:category.name`.
   * @param obj - the packet type.
   * @param n - a fixed id; default: the next free one from 64.
   * @returns the id.
   * @throws {@link AlreadyRegisteredError} if name, id or object is taken; {@link RegistryError},
   * {@link InvalidSmartPacketActionError}, or a TypeError if it is no packet.
   * @reference `register_packet`
   */
  registerPacket(name: string, obj: Packet, n?: number | null): number {
    const id = this.registry.register(obj, name, n);
    // Both sides may have agreed on a fixed id.
    if (typeof n !== "number") this.#hooks.registeredNow(name);
    return id;
  }

  /**
   * Registers a packet type, or both of a request, from its definition; one that is registered already is left as it is.
   *
   * @returns its id; of a request, that of the packet that asks.
   * @throws as {@link PeerBase.registerPacket}.
   */
  register(definition: AnyPacketDefinition): number {
    if (isRequestDefinition(definition)) {
      const { size } = this.registry;
      this.#hooks.requestsBy(definition).register(definition);
      this.#registeredSince(size, definition);
    } else this.#getTyped().get(definition);
    return this.registry.getID(definition.name);
  }

  /** @param size - how many packets there were before a request was registered, or was found to be so. */
  #registeredSince(size: number, { name, options }: AnyRequestDefinition): void {
    if (this.registry.size > size && typeof options.id !== "number") this.#hooks.registeredNow(name);
  }

  #getTyped(): TypedPackets<Owner> {
    this.#typed ??= new TypedPackets((definition) => this.#registerTyped(definition));
    return this.#typed;
  }

  #registerTyped(definition: AnyPacketDefinition): TypedPacket<Owner> {
    const owner = (cid: Cid): Owner | undefined => this.ownerOf(cid);
    const packet = new TypedPacket<Owner>(this.registry, this, definition, owner, this.guard, () => {
      this.#hooks.unheard = true;
    });
    this.registerPacket(definition.name, packet, definition.options.id);
    return packet;
  }

  /** Whom a client id stands for. */
  protected abstract ownerOf(cid: Cid): Owner | undefined;

  /**
   * Says what answers a request of the other side, which is registered if need be. What the handler returns, or its promise
   * fulfils with, is the answer. The caller is told a {@link RequestError} that it throws as it is, and of any other error
   * that there was one, while this side reports it as the error of a handler.
   *
   * @throws {@link AlreadyRegisteredError} if the request has a handler already; TypeError if it is no request.
   */
  answer<R extends AnsweredBy<Receives>>(request: R, handler: RequestHandler<R, Owner>): this;
  answer(request: AnyRequestDefinition, handler: AnyHandler): this {
    const { size } = this.registry;
    this.#hooks.requestsBy(request).answer(request, handler);
    this.#registeredSince(size, request);
    return this;
  }

  /**
   * Adds a connection type.
   *
   * @throws {@link AlreadyRegisteredError} if the name is taken, {@link RegistryError} if no client could ask for it:
   * it has half of a surrogate pair, or is empty, as `CONNTYPE_NOTSET`, which stands for a type that is not known yet.
   * @reference `addConnType`
   */
  addConnType(t: string, obj: ConnectionType): void {
    this.#conntypes = addConnectionType(this.#conntypes, t, obj);
  }

  getConnType(name: string): ConnectionType | undefined {
    return findConnectionType(this.#conntypes, name);
  }

  abstract getConnection(cid?: Cid): Connection | undefined;
  abstract sendMessage(ptype: PacketRef, data: unknown, cid?: Cid): boolean;
  abstract closeConnection(cid?: Cid, reason?: string | null): Promise<CloseInfo>;

  /** The settings of a connection that begins now. Most clients connect once, and would hold what they never look at. */
  get #current(): ConnectionSettings {
    const settings = this.#settings ?? new CurrentSettings(this.#hooks);
    if (this.side === SIDE_SERVER || this.#hooks.reconnects) this.#settings = settings;
    return settings.get();
  }

  /** What a connection that begins now shares with others. */
  protected get context(): ConnectionContext {
    return this.#current.context;
  }

  /** Whether connections may have different options: they began with others, or their peers declined compression. */
  protected get severalContexts(): boolean {
    return this.#settings?.several === true;
  }

  /** Makes the session for a transport. Its `owner` has to be set before it starts. @internal */
  protected createSession(transport: Transport, cid: Cid, conntype?: string): Session<Owner> {
    checkTransport(transport);
    this.initialize();
    const { context, options } = this.#current;
    this.#hooks.begin(this.overridesReceiving, options.maxBuffered);
    const resumable = context.declared?.resume === undefined ? undefined : this.#hooks.resumable(transport);
    const session = new Session<Owner>({
      context,
      cid,
      transport: resumable?.transport ?? transport,
      hooks: this.#hooks,
      options,
      conntype,
      resumable,
    });
    if (this.#hooks.traces) session.connection.declareTraces();
    return session;
  }

  /** An estimate of the memory that the value decoded last takes at most, in bytes. */
  protected get decodedSize(): number {
    return this.context.bodies.decodedSize;
  }

  /** Counters of all connections together, those that are closed included. */
  abstract get metrics(): Metrics;

  // ---- processing -------------------------------------------------------------------------------

  /**
   * Processes the packets that have arrived and returns their number: for a loop that calls it once a
   * frame. With `wait`, waits for a packet first, at most `timeout` seconds, and resolves to the number;
   * a time-out resolves to 0, and so does the end: the peer stops, or a client is closed for good. The handshake goes on without it.
   *
   * @throws {@link AbortedError} if `signal` fires while waiting; {@link ConfigError} if `timeout` is no number of
   * seconds, as all calls that take one.
   * @reference `process`
   */
  process(options?: { readonly wait?: false | undefined }): number;
  process(options: ProcessOptions & { readonly wait: true }): Promise<number>;
  process(options: ProcessOptions): number | Promise<number>;
  process(options: ProcessOptions = {}): number | Promise<number> {
    const invalid = waitError(options, PROCESS_OPTIONS);
    if (options.wait !== true) {
      if (invalid !== undefined) throw invalid;
      return this.#hooks.processor.run();
    }
    if (invalid !== undefined) return Promise.reject(invalid);
    return this.#hooks.atEnd
      ? Promise.resolve(this.#hooks.processor.run())
      : this.#hooks.processor.waitAndRun(options);
  }

  /**
   * Processes packets as they arrive from now on, without polling.
   *
   * @reference `process_async`
   */
  processAsync(): void {
    this.#hooks.dispatch();
  }

  /**
   * Processes packets as they arrive until this peer is stopped.
   *
   * @throws {@link TimedOutError} or {@link AbortedError}; processing goes on then.
   * @reference `process_forever`
   */
  async processForever(options: WaitOptions = {}): Promise<void> {
    checkWait(options);
    this.processAsync();
    await this.waitForStop(options);
  }

  /**
   * Wakes up a waiting `process`.
   *
   * @reference `interrupt`
   */
  interrupt(): void {
    this.sendEvent("interrupt");
    this.#hooks.wake();
  }

  /** The prototype of the library's own class, which has no methods that register. Those of an application extend it. */
  protected abstract get ownPrototype(): object;

  /** Whether a subclass overrides a step of receiving, so that every packet has to take that way. */
  protected abstract get overridesReceiving(): boolean;

  /** For tickers. */
  get [TICK_HOST](): TickHost {
    return this.#hooks;
  }

  /** For {@link observe}. */
  get [OBSERVED](): ObservationPoint {
    const { observation } = this.#hooks;
    return { add: (observer) => observation.add(observer), census: () => this.#hooks.census() };
  }

  // ---- end --------------------------------------------------------------------------------------

  /** Whether it was stopped. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Resolves when it is stopped. */
  protected waitForStop(options: WaitOptions): Promise<void> {
    this.#whenStopped ??= new Deferred(this.clock);
    if (this.#stopped) this.#whenStopped.settle();
    return this.#whenStopped.wait(options, `the ${this.kind} to stop`);
  }

  /** `stop` was called: marks it as stopped and sends the events. @returns whether it was not stopped before. */
  protected markStopped(): boolean {
    const first = !this.stopped;
    // A listener of the event that stops again is not told again.
    if (this.#stopping) return false;
    this.#stopping = true;
    this.#stopped = true;
    this.#whenStopped?.settle();
    this.#hooks.stop();
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
    if (typeof target === "string") {
      this.#checkEvent(target);
      this.guard.add(target, listener as Listener);
    } else this.#received(target).addHandler(listener as MessageHandler<never, never>);
    return this;
  }

  /** A name that is none of an event: JavaScript lets it pass, and its listener would never be called. */
  #checkEvent(name: string): void {
    // No event of a peer has a colon, and a packet may be called as an event is.
    if (name.includes(":") && this.registry.has(name)) {
      throw new TypeError(
        `"${name}" is the name of a packet, and no event; give the packet's definition, from definePacket, to on()`,
      );
    }
    checkEventName(this, this.kind, name, this.#hooks.eventNames, this.guard);
  }

  /** The packet of a definition that this side receives: for others, JavaScript would let its handler wait in vain. */
  #received(definition: AnyPacketDefinition): TypedPacket<Owner> {
    if (isDefinition(definition) && !isRequestDefinition(definition)) {
      const { name, side } = definition;
      if (side !== null && side !== this.side) {
        throw new TypeError(
          `${quoteText(name)} is received by the other side, as its option side says, and not by this one`,
        );
      }
    }
    return this.#getTyped().get(definition);
  }

  /** Calls `listener` on the next event. */
  once<K extends keyof Events & string>(event: K, listener: EventListener<Events, K>): this {
    checkListener(listener);
    if (typeof event !== "string") {
      throw new TypeError(
        "once() takes the name of an event; for a packet, use on() and off(), or messages()",
      );
    }
    this.#checkEvent(event);
    this.guard.addOnce(event, listener as Listener);
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
    if (typeof target === "string") this.guard.remove(target, listener as Listener);
    else this.#typed?.find(target)?.removeHandler(listener as MessageHandler<never, never>);
    return this;
  }

  /**
   * The packets of a definition as they arrive, for `for await`. Ends when the peer stops, or when a client is closed for good.
   *
   * @throws {@link AbortedError} from the iteration when `signal` fires; {@link ConfigError} for a `limit` that is none, and for an
   * option that does not exist.
   */
  messages<P extends ReceivedBy<Receives>>(
    packet: P,
    options: MessageStreamOptions = {},
  ): MessageStream<P, Owner> {
    const stream = new MessageStream<P, Owner>(this.#received(packet), options, {
      buffers: this.#hooks.budget,
      size: () => this.decodedSize,
      closed: (ended) => this.#hooks.streams.delete(ended as MessageStream<P, Owner>),
    });
    if (this.#hooks.atEnd) stream.end();
    else if (!stream.ended) this.#hooks.streams.add(stream);
    return stream;
  }

  /** For its parts. */
  [EMIT](event: string, args: readonly unknown[]): void {
    this.emit(event as keyof Events & string, ...(args as never));
  }

  /** Tells the listeners of an event. */
  protected emit<K extends keyof Events & string>(event: K, ...args: Extract<Events[K], unknown[]>): void {
    this.guard.emit(event, args);
  }

  /**
   * Sends an event to the engine, if there is one and `net.events.enable` does not forbid it; adds `peng`
   * and `server` or `client`, which win over `data`.
   *
   * @param event - the name; without a colon it stands behind `peng3dnet:server.` or `peng3dnet:client.`.
   * @reference `sendEvent`
   */
  sendEvent(event: string, data: Readonly<Record<string, unknown>> = {}): void {
    this.#hooks.events?.send(event, data);
  }

  /**
   * Prints a line: to the `print` option if there is one, else to the standard output. What a peer sent does not break
   * out of it.
   */
  print(...values: unknown[]): void {
    this.guard.run("print", () => {
      const { platform, print = platform.print } = this.#hooks.setup;
      return print(printLine(platform, values));
    });
  }

  /** Looks at the clock, since something was done that may have taken long. */
  protected lookAtTime(): void {
    this.#hooks.turns.look();
  }
}
