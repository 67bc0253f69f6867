import type { Bus, BusContext, BusFactory } from "../bus/bus.js";
import { MemoryBroker, type MemoryBusOptions, type Passage } from "../bus/memory-broker.js";
import type { MemoryBusConnection } from "../bus/memory-bus-connection.js";

/**
 * A bus in memory with faults on demand. Nodes are called by the names that they join with.
 *
 * @example
 * ```ts no-run
 * const bus = new TestBus();
 * const one = await joinCluster(server, { bus, name: "one" });
 * const two = await joinCluster(other, { bus, name: "two" });
 * bus.partition("one", "two"); // neither hears the other
 * bus.heal();
 * ```
 */
export class TestBus implements BusFactory {
  readonly #broker: MemoryBroker;
  readonly #cut = new Set<string>();
  readonly #delays = new Map<string, number>();
  #drop: (passage: Passage) => boolean = () => false;

  constructor(options: MemoryBusOptions = {}) {
    this.#broker = new MemoryBroker(options, (passage) => {
      const link = linkOf(passage.from, passage.to);
      const lost = this.#cut.has(link) || this.#drop(passage);
      return { lost, delay: this.#delays.get(link) ?? 0 };
    });
  }

  connect(context: BusContext): Promise<Bus> {
    return this.#broker.connect(context);
  }

  /** How many messages have gone from one node to another one, lost ones not included. */
  get passages(): number {
    return this.#broker.passages;
  }

  /** What one node publishes does not reach the other one any more, in both directions. Both still take themselves for connected. */
  partition(one: string, other: string): void {
    this.#cut.add(linkOf(one, other));
    this.#cut.add(linkOf(other, one));
  }

  /** Ends all partitions, drops and delays. */
  heal(): void {
    this.#cut.clear();
    this.#delays.clear();
    this.#drop = () => false;
  }

  /** Loses each message that a function returns true for; it is asked for each node that a message goes to. */
  drop(drop: (passage: Passage) => boolean): void {
    this.#drop = drop;
  }

  /** What one node publishes reaches the other one later by so many seconds of the publisher's clock, in order. */
  delay(from: string, to: string, seconds: number): void {
    this.#delays.set(linkOf(from, to), seconds);
  }

  /**
   * Breaks a node's connection to the bus, or those of all: their state is `"disconnected"`. What is under way to them is lost.
   * A node that is never given it back is dead to the others.
   */
  disconnect(name?: string): void {
    for (const connection of this.#of(name)) connection.disconnect();
  }

  /** Gives a node its connection back, or all. */
  reconnect(name?: string): void {
    for (const connection of this.#of(name)) connection.reconnect();
  }

  #of(name: string | undefined): MemoryBusConnection[] {
    return [...this.#broker.connections].filter(
      (connection) => name === undefined || connection.name === name,
    );
  }

  /** Resolves once all that was published has arrived, and what was published upon that, too. Delays need their clock turned. */
  settled(): Promise<void> {
    return this.#broker.settled();
  }
}

function linkOf(from: string, to: string): string {
  return JSON.stringify([from, to]);
}
