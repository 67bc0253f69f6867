import { connect, type NatsConnection, type Status } from "@nats-io/transport-node";
import { checkWait, Deferred, describeError, type Logger, type WaitOptions } from "@peng3dnet/peer";
import type { Bus, BusContext, BusListener, BusReceiver, BusSubscription } from "../bus/bus.js";
import { BusAwayError, BusClosedError, BusConnectError } from "../bus/bus-errors.js";
import { BusWatch } from "../bus/bus-watch.js";
import { costOf, Outbox } from "../bus/outbox.js";
import { checkPayload, copyOf } from "../bus/payloads.js";
import { checkSubject, SubjectPattern } from "../bus/subjects.js";
import { BrokerLog } from "./broker-log.js";
import { libraryOptions } from "./library-options.js";
import { destroySocket, writeOut } from "./library-socket.js";
import type { NatsBusOptions } from "./nats-options.js";
import { NatsSubscriptions } from "./nats-subscriptions.js";
import { Unconfirmed } from "./unconfirmed.js";

/** How long a close waits for the broker to take what was published, in seconds. */
const CLOSE_WITHIN = 3;
/** How long the client library may take to give up a connection that it has found dead, in seconds. */
const GIVE_UP_WITHIN = 1;

/**
 * The bus of one node, over NATS.
 *
 * The client library redials by itself. Meanwhile it buffers what is published, and forgets that with each attempt. So
 * nothing is handed to it from the moment when it says that the connection is broken until the broker has answered on a new one.
 */
export class NatsBusConnection implements Bus {
  readonly #context: BusContext;
  readonly #logger: Logger;
  readonly #log: BrokerLog;
  readonly #watch: BusWatch;
  readonly #outbox: Outbox;
  readonly #unconfirmed: Unconfirmed;
  readonly #subscriptions: NatsSubscriptions;
  readonly #beforeOutput: (call: () => void) => void;
  readonly #connection: NatsConnection;
  #maxPayload: number;
  /** Changes whenever the connection breaks or is found again: what was begun before is void. */
  #generation = 0;
  #giveUpTimer: unknown = undefined;
  /** Whether what was handed over will be written soon. */
  #writing = false;
  /** Flushes that were asked of the broker, or will be once it can be reached. */
  readonly #flushes = new Set<Deferred<void>>();
  #closing: Promise<void> | undefined = undefined;

  private constructor(options: NatsBusOptions, context: BusContext, connection: NatsConnection) {
    this.#context = context;
    this.#logger = context.logger;
    this.#log = new BrokerLog(context.logger);
    this.#connection = connection;
    this.#maxPayload = connection.info?.max_payload ?? 0;
    this.#watch = new BusWatch(context.logger);
    this.#outbox = new Outbox(options);
    this.#unconfirmed = new Unconfirmed(context.clock, () => connection.flush(), this.#outbox.maxKept);
    this.#subscriptions = new NatsSubscriptions(connection, context.logger, this.#log);
    this.#beforeOutput = context.beforeOutput ?? process.nextTick;
  }

  /** @throws BusConnectError */
  static async open(options: NatsBusOptions, context: BusContext): Promise<Bus> {
    const asked = libraryOptions(options, context);
    let connection: NatsConnection;
    try {
      connection = await connect(asked);
    } catch (error) {
      // The client library does not say whom it asked. No address has a user or a password: natsBus refuses those.
      const addresses = [asked.servers ?? `127.0.0.1:${asked.port ?? 4222}`].flat().join(", ");
      throw new BusConnectError(`no connection to NATS at ${addresses}: ${describeError(error)}`, {
        cause: error,
      });
    }
    const bus = new NatsBusConnection(options, context, connection);
    void bus.#follow();
    return bus;
  }

  get maxPayload(): number {
    return this.#maxPayload;
  }

  get connected(): boolean {
    return this.#watch.state === "connected";
  }

  publish(subject: string, payload: Uint8Array): void {
    this.#checkOpen();
    checkSubject(subject);
    checkPayload(payload, this.#maxPayload);
    if (this.connected) {
      this.#outbox.checkRoom(this.#unconfirmed.bytes, costOf(subject, payload), "the broker is slow");
      this.#handOver(subject, copyOf(payload));
    } else {
      this.#outbox.add(subject, payload);
    }
  }

  subscribe(subject: string, receive: BusReceiver): BusSubscription {
    this.#checkOpen();
    new SubjectPattern(subject);
    return this.#subscriptions.add(subject, receive);
  }

  watch(listener: BusListener): () => void {
    return this.#watch.add(listener);
  }

  async flush(options: WaitOptions = {}): Promise<void> {
    this.#checkOpen();
    checkWait(options);
    const flushed = new Deferred<void>(this.#context.clock);
    this.#flushes.add(flushed);
    if (this.connected) this.#askFor(flushed);
    try {
      await flushed.wait(options, "the flush of the bus");
    } finally {
      this.#flushes.delete(flushed);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { connected } = this;
    if (!this.#end()) return;
    if (connected) {
      const { count } = this.#unconfirmed;
      const taken = new Deferred<void>(this.#context.clock);
      this.#connection.flush().then(
        () => taken.settle(),
        () => taken.fail(away()),
      );
      try {
        await taken.wait({ timeout: CLOSE_WITHIN }, "the broker");
      } catch {
        this.#logger.warn(`the broker did not confirm ${count} publications before the bus closed`);
      }
    }
    this.#unconfirmed.reset();
    await this.#connection.close();
    // One to a broker that took the connection, and says nothing, is left open.
    destroySocket(this.#connection);
  }

  /** Hears what becomes of the connection, to its end. */
  async #follow(): Promise<void> {
    for await (const status of this.#connection.status()) this.#told(status);
    const error = await this.#connection.closed();
    if (!this.#end()) return;
    const why = error instanceof Error ? `: ${describeError(error)}` : "";
    this.#logger.error(`the client of NATS gave up, as its options tell it, and the bus is closed${why}`);
  }

  #told(status: Status): void {
    switch (status.type) {
      case "disconnect":
        this.#context.clock.clearTimeout(this.#giveUpTimer);
        this.#lost();
        return;
      case "staleConnection":
      case "forceReconnect":
        this.#lost();
        this.#giveUpSoon();
        return;
      case "reconnect":
        void this.#answering();
        return;
      case "error":
        this.#log.error(`the broker complains: ${describeError(status.error)}`);
        return;
      case "ldm":
        this.#logger.info("the broker is about to stop");
        return;
      default:
    }
  }

  /** The connection is broken. */
  #lost(): void {
    this.#generation++;
    if (!this.connected) return;
    const unconfirmed = this.#unconfirmed.reset();
    this.#failFlushes(away);
    this.#logger.warn(
      `the connection to the broker broke: of what was published, it may not have got the last ${unconfirmed}`,
    );
    this.#watch.change("disconnected", unconfirmed);
  }

  /** There is a connection again: once the broker answers on it, what was kept is published, and then what comes. */
  async #answering(): Promise<void> {
    const generation = ++this.#generation;
    try {
      await this.#connection.flush();
    } catch {
      // It broke again, and the client library goes on.
      return;
    }
    if (generation !== this.#generation || this.#watch.state !== "disconnected") return;
    this.#maxPayload = this.#connection.info?.max_payload ?? this.#maxPayload;
    this.#log.clear();
    this.#subscriptions.repeat();
    this.#publishKept();
    this.#logger.info("the broker is there again");
    this.#watch.change("connected");
    for (const flushed of this.#flushes) this.#askFor(flushed);
  }

  #publishKept(): void {
    let tooLong = 0;
    this.#outbox.drain((subject, payload) => {
      if (payload.length > this.#maxPayload) tooLong++;
      else this.#handOver(subject, payload);
    });
    if (tooLong === 0) return;
    this.#logger.error(
      `${tooLong} publications that were kept are lost: the broker now takes payloads of ${this.#maxPayload} bytes at most`,
    );
  }

  /**
   * The client library ends a dead connection, and dials, only once it has written what waits on it, which may be never. So it is
   * helped after a time.
   */
  #giveUpSoon(): void {
    const { clock } = this.#context;
    clock.clearTimeout(this.#giveUpTimer);
    this.#giveUpTimer = clock.setTimeout(() => destroySocket(this.#connection), GIVE_UP_WITHIN * 1000);
  }

  /** Hands something to the client library, which gathers it. */
  #handOver(subject: string, payload: Uint8Array): void {
    try {
      this.#connection.publish(subject, payload);
    } catch (error) {
      throw new BusAwayError(`the client of NATS took nothing: ${describeError(error)}`, { cause: error });
    }
    this.#unconfirmed.add(costOf(subject, payload));
    if (this.#writing) return;
    this.#writing = true;
    // Other nodes get it while this one writes to its own clients.
    this.#beforeOutput(this.#write);
  }

  readonly #write = (): void => {
    this.#writing = false;
    if (this.connected) writeOut(this.#connection);
  };

  #askFor(flushed: Deferred<void>): void {
    this.#unconfirmed.ask().then(
      () => flushed.settle(),
      () => flushed.fail(away()),
    );
  }

  #failFlushes(error: () => Error): void {
    for (const flushed of this.#flushes) flushed.fail(error());
  }

  /** Nothing is published or received any more. @returns whether that is new. */
  #end(): boolean {
    if (!this.#watch.change("closed")) return false;
    this.#context.clock.clearTimeout(this.#giveUpTimer);
    this.#subscriptions.clear();
    this.#failFlushes(closed);
    const lost = this.#outbox.clear();
    if (lost > 0)
      this.#logger.warn(`the bus closed while it was disconnected: ${lost} publications are lost`);
    return true;
  }

  #checkOpen(): void {
    if (this.#watch.state === "closed") throw closed();
  }
}

function away(): BusAwayError {
  return new BusAwayError("the connection to the broker broke before it answered");
}

function closed(): BusClosedError {
  return new BusClosedError("the bus is closed");
}
