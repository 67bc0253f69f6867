/**
 * Metrics and traces of peng3dnet servers, clients and nodes of clusters, for OpenTelemetry.
 *
 * @packageDocumentation
 */
export { type Instrumentation, type InstrumentOptions, instrument } from "./instrument.js";
