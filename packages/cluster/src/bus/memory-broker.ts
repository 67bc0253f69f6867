import { ConfigError } from "@peng3dnet/peer";
import type { Bus, BusContext, BusFactory } from "./bus.js";
import { MemoryBusConnection, type MemoryCarrier } from "./memory-bus-connection.js";
import { type OfflineOptions, Outbox } from "./outbox.js";
import { copyOf } from "./payloads.js";

/** Limits of a bus in memory. */
export interface MemoryBusOptions extends OfflineOptions {
  /** The longest payload, in bytes. Default: 1 MiB, as a NATS server has it. */
  readonly maxPayload?: number | undefined;
}

/** Something published, on its way from one node to another one. */
export interface Passage {
  /** Name of the node that published it. */
  readonly from: string;
  /** Name of the node that has subscribed. */
  readonly to: string;
  readonly subject: string;
  readonly payload: Uint8Array;
}

/** What becomes of a passage: it arrives, now or later, or does not. */
export type Faults = (passage: Passage) => { readonly lost: boolean; readonly delay: number };

const noFaults: Faults = () => ({ lost: false, delay: 0 });

/** Messages that are late, between two nodes. */
interface Link {
  readonly waiting: (() => void)[];
}

/** What all buses in memory of one {@link MemoryBusOptions} share. */
export class MemoryBroker implements BusFactory, MemoryCarrier {
  readonly maxPayload: number;
  readonly #options: MemoryBusOptions;
  readonly #faults: Faults;
  readonly #connections = new Set<MemoryBusConnection>();
  readonly #links = new Map<string, Link>();
  #deliveries: (() => void)[] = [];
  #underWay = 0;
  #passages = 0;
  #settled: (() => void)[] = [];

  /** @throws ConfigError */
  constructor(options: MemoryBusOptions = {}, faults: Faults = noFaults) {
    new Outbox(options);
    this.#options = options;
    this.#faults = faults;
    const { maxPayload = 1024 * 1024 } = options;
    if (!(typeof maxPayload === "number" && maxPayload > 0))
      throw new ConfigError("maxPayload", 'the option "maxPayload" is a number of bytes above 0');
    this.maxPayload = maxPayload;
  }

  /** The buses that are open. */
  get connections(): ReadonlySet<MemoryBusConnection> {
    return this.#connections;
  }

  /** How many messages have gone from one bus to another one, lost ones not included. */
  get passages(): number {
    return this.#passages;
  }

  async connect(context: BusContext): Promise<Bus> {
    const connection = new MemoryBusConnection(this, context, new Outbox(this.#options));
    this.#connections.add(connection);
    return connection;
  }

  remove(connection: MemoryBusConnection): void {
    this.#connections.delete(connection);
  }

  /** Brings something to all who have subscribed to it. */
  publish(from: MemoryBusConnection, subject: string, payload: Uint8Array): void {
    for (const to of this.#connections) {
      if (!to.reachable || !to.wants(subject)) continue;
      const { lost, delay } = this.#faults({ from: from.name, to: to.name, subject, payload });
      if (lost) continue;
      if (to !== from) this.#passages++;
      const copy = copyOf(payload);
      const { generation } = to;
      this.#underWay++;
      this.#bring(from, to, delay, () => to.deliver(subject, copy, generation));
    }
  }

  /** Resolves once nothing is under way that is not delayed by a clock that stands still. */
  settled(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  /** Keeps the order between two nodes, whatever the delays. */
  #bring(from: MemoryBusConnection, to: MemoryBusConnection, delay: number, deliver: () => void): void {
    const key = JSON.stringify([from.name, to.name]);
    const link = this.#links.get(key);
    if (delay <= 0 && link === undefined) {
      this.#soon(deliver);
      return;
    }
    const { waiting } = link ?? { waiting: [] };
    if (link === undefined) this.#links.set(key, { waiting });
    waiting.push(deliver);
    from.clock.setTimeout(() => {
      const next = waiting.shift();
      if (waiting.length === 0) this.#links.delete(key);
      if (next !== undefined) this.#soon(next);
    }, delay * 1000);
  }

  #soon(deliver: () => void): void {
    this.#deliveries.push(deliver);
    if (this.#deliveries.length > 1) return;
    setImmediate(() => {
      const deliveries = this.#deliveries;
      this.#deliveries = [];
      for (const call of deliveries) {
        call();
        this.#underWay--;
      }
      if (this.#underWay > 0) return;
      const settled = this.#settled;
      this.#settled = [];
      for (const resolve of settled) resolve();
    });
  }
}
