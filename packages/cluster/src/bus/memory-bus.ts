import { checkKnownOptions, type OptionNames } from "@peng3dnet/peer";
import type { BusFactory } from "./bus.js";
import { MemoryBroker, type MemoryBusOptions } from "./memory-broker.js";

const OPTIONS: OptionNames<MemoryBusOptions> = { offline: true, maxKept: true, maxPayload: true };

/**
 * A bus for nodes in one process, as for tests and for programs that need no broker: each node that is given the same one joins
 * the same cluster. It keeps all that {@link Bus} promises, and loses nothing.
 *
 * @throws ConfigError
 */
export function memoryBus(options: MemoryBusOptions = {}): BusFactory {
  checkKnownOptions("memoryBus", options, OPTIONS);
  return new MemoryBroker(options);
}
