/**
 * The test kit: servers and clients over links in memory, with a clock that the test turns and faults on
 * demand. For tests of programs and of plugins.
 *
 * @packageDocumentation
 */
export { ManualClock } from "./testing/manual-clock.js";
export { Direction, MemoryLink, MemoryTransport } from "./testing/memory-link.js";
export { closedWith, type ExpectedClose, type TestConnectOptions, TestNetwork } from "./testing/network.js";
