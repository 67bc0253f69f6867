/**
 * For tests: a bus in memory with faults on demand, and the tests that every bus passes.
 *
 * @packageDocumentation
 */
export type { Passage } from "./bus/memory-broker.js";
export {
  type BusCase,
  type BusConformanceOptions,
  busConformance,
} from "./testing/conformance/bus-conformance.js";
export type { BusUnderTest } from "./testing/conformance/scene.js";
export { TestBus } from "./testing/test-bus.js";
