import { type Clock, Deferred, type Logger, type WaitOptions } from "@peng3dnet/peer";
import type { Bus, BusContext, BusListener, BusReceiver, BusSubscription } from "./bus.js";
import { BusClosedError } from "./bus-errors.js";
import { BusWatch, guardedReceiver } from "./bus-watch.js";
import type { Outbox } from "./outbox.js";
import { checkPayload, copyOf } from "./payloads.js";
import { checkSubject, SubjectPattern } from "./subjects.js";

interface Subscriber {
  readonly pattern: SubjectPattern;
  readonly receive: BusReceiver;
  /** How many subscribed before it. */
  readonly number: number;
  /** Those it is among for as long as it subscribes. */
  readonly among: Set<Subscriber>;
}

/** What carries the messages of buses in memory to each other. */
export interface MemoryCarrier {
  readonly maxPayload: number;
  publish(from: MemoryBusConnection, subject: string, payload: Uint8Array): void;
  remove(connection: MemoryBusConnection): void;
}

/** The bus of one node, in memory. */
export class MemoryBusConnection implements Bus {
  readonly name: string;
  readonly clock: Clock;
  /** Changes with each disconnection: what was under way before it does not arrive after it. */
  generation = 0;
  /** Whether messages reach it. It is so before it is connected: what was kept reaches its own subscriptions. */
  reachable = true;
  readonly #logger: Logger;
  readonly #broker: MemoryCarrier;
  readonly #watch: BusWatch;
  readonly #outbox: Outbox;
  /** By subject: a node may share thousands of groups, each of which is one. */
  readonly #bySubject = new Map<string, Set<Subscriber>>();
  readonly #withWildcards = new Set<Subscriber>();
  #subscribed = 0;
  /** Settles once the broker can be reached again. */
  #back: Deferred<void>;

  constructor(broker: MemoryCarrier, { name, clock, logger }: BusContext, outbox: Outbox) {
    this.#broker = broker;
    this.name = name;
    this.clock = clock;
    this.#logger = logger;
    this.#watch = new BusWatch(logger);
    this.#outbox = outbox;
    this.#back = new Deferred(clock);
    this.#back.settle();
  }

  get maxPayload(): number {
    return this.#broker.maxPayload;
  }

  get connected(): boolean {
    return this.#watch.state === "connected";
  }

  publish(subject: string, payload: Uint8Array): void {
    this.#checkOpen();
    checkSubject(subject);
    checkPayload(payload, this.maxPayload);
    if (this.connected) this.#broker.publish(this, subject, payload);
    else this.#outbox.add(subject, payload);
  }

  subscribe(subject: string, receive: BusReceiver): BusSubscription {
    this.#checkOpen();
    const pattern = new SubjectPattern(subject);
    const among = pattern.exact ? this.#ofSubject(subject) : this.#withWildcards;
    const number = this.#subscribed++;
    const subscriber = { pattern, receive: guardedReceiver(this.#logger, subject, receive), number, among };
    among.add(subscriber);
    return {
      unsubscribe: () => {
        among.delete(subscriber);
        if (among.size === 0 && this.#bySubject.get(subject) === among) this.#bySubject.delete(subject);
      },
    };
  }

  #ofSubject(subject: string): Set<Subscriber> {
    const known = this.#bySubject.get(subject);
    if (known !== undefined) return known;
    const subscribers = new Set<Subscriber>();
    this.#bySubject.set(subject, subscribers);
    return subscribers;
  }

  watch(listener: BusListener): () => void {
    return this.#watch.add(listener);
  }

  async flush(options: WaitOptions = {}): Promise<void> {
    this.#checkOpen();
    await this.#back.wait(options, "the flush of the bus");
  }

  async close(): Promise<void> {
    if (!this.#watch.change("closed")) return;
    this.reachable = false;
    this.#broker.remove(this);
    for (const subscribers of this.#bySubject.values()) subscribers.clear();
    this.#bySubject.clear();
    this.#withWildcards.clear();
    this.#back.fail(closedError());
    const lost = this.#outbox.clear();
    if (lost > 0)
      this.#logger.warn(`the bus closed while it was disconnected: ${lost} publications were lost`);
  }

  /** Whether something is received here. */
  wants(subject: string): boolean {
    if (this.#bySubject.has(subject)) return true;
    for (const { pattern } of this.#withWildcards) if (pattern.matches(subject)) return true;
    return false;
  }

  /** Who receives what is published to a subject, in the order in which they subscribed. */
  #receiversOf(subject: string): Subscriber[] {
    const subscribers = [...(this.#bySubject.get(subject) ?? [])];
    for (const subscriber of this.#withWildcards)
      if (subscriber.pattern.matches(subject)) subscribers.push(subscriber);
    return subscribers.sort((one, other) => one.number - other.number);
  }

  /** Hands over what arrived, unless the connection has broken since it was published. */
  deliver(subject: string, payload: Uint8Array, generation: number): void {
    if (generation !== this.generation) return;
    let own = payload;
    for (const subscriber of this.#receiversOf(subject)) {
      if (!subscriber.among.has(subscriber)) continue;
      const bytes = own;
      // The next one gets a copy, before this one can change its own.
      own = copyOf(payload);
      subscriber.receive(bytes, subject);
    }
  }

  /** Breaks the connection to the broker. */
  disconnect(): void {
    if (this.#watch.state !== "connected") return;
    this.generation++;
    this.reachable = false;
    this.#back = new Deferred(this.clock);
    this.#watch.change("disconnected");
  }

  /** The broker can be reached again. */
  reconnect(): void {
    if (this.#watch.state !== "disconnected") return;
    this.reachable = true;
    this.#outbox.drain((subject, payload) => this.#broker.publish(this, subject, payload));
    this.#watch.change("connected");
    this.#back.settle();
  }

  #checkOpen(): void {
    if (this.#watch.state === "closed") throw closedError();
  }
}

function closedError(): BusClosedError {
  return new BusClosedError("the bus is closed");
}
