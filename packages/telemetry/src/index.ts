/**
 * Metrics and traces of peng3dnet servers and clients, for OpenTelemetry.
 *
 * @packageDocumentation
 */
export { type Instrumentation, type InstrumentOptions, instrument } from "./instrument.js";
