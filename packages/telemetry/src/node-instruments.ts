import type { Attributes, BatchObservableCallback, BatchObservableResult, Meter } from "@opentelemetry/api";
import { MeterInstruments } from "./meter-instruments.js";
import { BUS_KIND, BUS_STATE, IO_DIRECTION, OTHER, REQUEST_WAY } from "./names.js";
import { NodeSeries } from "./node-series.js";
import { seriesOf } from "./series.js";

/** What is told of nodes when metrics are collected. */
function observables(meter: Meter) {
  const counter = (name: string, unit: string, description: string) =>
    meter.createObservableCounter(name, { unit, description });
  const level = (name: string, unit: string, description: string) =>
    meter.createObservableUpDownCounter(name, { unit, description });
  return {
    nodes: level("peng3dnet.nodes", "{node}", "Other nodes that are there."),
    groups: level(
      "peng3dnet.groups.shared",
      "{group}",
      "Groups that have members here, and that nodes share.",
    ),
    buses: level("peng3dnet.bus.connections", "{connection}", "Connections of nodes to their bus, by state."),
    messages: counter("peng3dnet.bus.messages", "{message}", "Messages of the bus by kind."),
    io: counter("peng3dnet.bus.io", "By", "Bytes of these messages."),
    gaps: counter("peng3dnet.gaps", "{gap}", "How often messages to groups were missing."),
    missed: counter("peng3dnet.gap.messages", "{message}", "Messages to groups that were missing."),
  };
}

const instruments = new WeakMap<Meter, NodeInstruments>();

/** The instruments of one meter that nodes of clusters share. A program without a node has none of them. */
export class NodeInstruments {
  /** Those of requests, which nodes share with servers and clients. */
  readonly common: MeterInstruments;
  readonly #observables: ReturnType<typeof observables>;
  readonly #series = new Map<string, NodeSeries>();

  /** Those of a meter. */
  static of(meter: Meter): NodeInstruments {
    let found = instruments.get(meter);
    if (found === undefined) {
      found = new NodeInstruments(meter);
      instruments.set(meter, found);
    }
    return found;
  }

  private constructor(meter: Meter) {
    this.common = MeterInstruments.of(meter);
    this.#observables = observables(meter);
    // It stays: what is told no more would stand at its last value for ever, and not at zero.
    meter.addBatchObservableCallback(this.#observe, [
      ...Object.values(this.#observables),
      this.common.activeRequests,
    ]);
  }

  /** The series with these attributes. */
  series(attributes: Attributes): NodeSeries {
    return seriesOf(this.#series, attributes, () => new NodeSeries(attributes));
  }

  readonly #observe: BatchObservableCallback = (result) => {
    for (const series of this.#series.values()) this.#observeSeries(result, series);
  };

  #observeSeries(result: BatchObservableResult, series: NodeSeries): void {
    const { attributes, messages } = series;
    const told = this.#observables;
    const sum = series.sum();
    result.observe(told.nodes, sum.nodes, attributes);
    result.observe(told.groups, sum.groups, attributes);
    result.observe(told.buses, sum.connected, { ...attributes, [BUS_STATE]: "connected" });
    result.observe(told.buses, sum.disconnected, { ...attributes, [BUS_STATE]: "disconnected" });
    result.observe(told.gaps, sum.gaps, attributes);
    result.observe(told.missed, sum.missed, attributes);
    const { activeRequests } = this.common;
    result.observe(activeRequests, sum.asked, { ...attributes, [REQUEST_WAY]: "asked" });
    result.observe(activeRequests, sum.answering, { ...attributes, [REQUEST_WAY]: "answered" });
    for (const [kind, count] of [...messages.types, [OTHER, messages.rest] as const]) {
      if (count.received + count.sent === 0) continue;
      const received = { ...attributes, [IO_DIRECTION]: "receive", [BUS_KIND]: kind };
      const sent = { ...attributes, [IO_DIRECTION]: "transmit", [BUS_KIND]: kind };
      result.observe(told.messages, count.received, received);
      result.observe(told.messages, count.sent, sent);
      result.observe(told.io, count.receivedBytes, received);
      result.observe(told.io, count.sentBytes, sent);
    }
  }
}
