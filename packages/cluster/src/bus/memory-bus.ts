import type { BusFactory } from "./bus.js";
import { MemoryBroker, type MemoryBusOptions } from "./memory-broker.js";

/**
 * A bus for nodes in one process, as for tests and for programs that need no broker: each node that is given the same one joins
 * the same cluster. It keeps all that {@link Bus} promises, and loses nothing.
 *
 * @throws ConfigError
 */
export function memoryBus(options: MemoryBusOptions = {}): BusFactory {
  return new MemoryBroker(options);
}
