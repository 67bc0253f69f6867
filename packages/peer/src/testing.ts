/**
 * The test kit: servers and clients over links in memory, with a clock that the test turns and faults on
 * demand. For tests of programs and of plugins.
 *
 * @packageDocumentation
 */
export type { CreatePair, PairControl, PairHandover } from "./testing/conformance/scene.js";
export {
  type ConformanceCase,
  type TransportConformanceOptions,
  transportConformance,
} from "./testing/conformance/transport-conformance.js";
export type { Role } from "./testing/conformance/transport-end.js";
export { ManualClock } from "./testing/manual-clock.js";
export { Direction, MemoryLink, MemoryTransport } from "./testing/memory-link.js";
export { closedWith, type ExpectedClose, type TestConnectOptions, TestNetwork } from "./testing/network.js";
