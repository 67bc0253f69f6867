import { setImmediate as turnOfLoop } from "node:timers/promises";
import type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  Counter,
  Histogram,
  Meter,
  Observable,
} from "@opentelemetry/api";
import { LoopDelay } from "./loop-delay.js";
import { CONNECTION_STATE, ERROR_TYPE, IO_DIRECTION, OTHER, PACKET_TYPE, REQUEST_WAY } from "./names.js";
import { Series, type Source, seriesOf } from "./series.js";

/** Bounds of the durations of calls, as the semantic conventions advise. */
const CALLS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** Bounds of round trips. */
const TRIPS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2.5];
/** Bounds of the times for which sessions are suspended: from a client that dials at once to long windows. */
const SUSPENSIONS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];

function histogram(meter: Meter, name: string, description: string, bounds: readonly number[]): Histogram {
  return meter.createHistogram(name, {
    unit: "s",
    description,
    advice: { explicitBucketBoundaries: [...bounds] },
  });
}

/** Values that are told before the loop turns: half a millisecond. */
const AT_ONCE = 100;

/** What is told when metrics are collected. */
function observables(meter: Meter) {
  const counter = (name: string, unit: string, description: string) =>
    meter.createObservableCounter(name, { unit, description });
  const level = (name: string, unit: string, description: string) =>
    meter.createObservableUpDownCounter(name, { unit, description });
  return {
    connections: level("peng3dnet.connections", "{connection}", "Connections that are not closed."),
    networkIo: counter("peng3dnet.network.io", "By", "Bytes of the streams, whatever they are part of."),
    packets: counter("peng3dnet.packets", "{packet}", "Packets by type."),
    packetIo: counter(
      "peng3dnet.packet.io",
      "By",
      "Bytes of the application's packets on the wire, by type.",
    ),
    rejections: counter(
      "peng3dnet.rejections",
      "{rejection}",
      "Connections that were refused or ended because of an error, and packets that were dropped.",
    ),
    unsent: level("peng3dnet.unsent", "By", "Bytes accepted for sending that are not with the kernel."),
    kept: level("peng3dnet.kept", "By", "Bytes kept until the other side has acknowledged them."),
    unprocessed: level("peng3dnet.unprocessed", "By", "Bytes received that are not worked off."),
    queued: level("peng3dnet.unprocessed.packets", "{packet}", "Packets that wait for process()."),
    requests: level("peng3dnet.requests.active", "{request}", "Requests that are under way."),
    groups: level("peng3dnet.groups", "{group}", "Groups that have members."),
    memberships: level("peng3dnet.group.memberships", "{membership}", "Members of all groups together."),
  };
}

const instruments = new WeakMap<Meter, MeterInstruments>();

/** The instruments of one meter, which all peers share that are told by it. */
export class MeterInstruments {
  readonly handshakes: Counter;
  readonly roundTrips: Histogram;
  /** Resumptions by outcome, how long sessions were suspended, and what was sent again. */
  readonly resumptions: Counter;
  readonly suspensions: Histogram;
  readonly sentAgain: Counter;
  /** Durations of requests that this side asks, and of those that it answers. */
  readonly calls: Readonly<Record<"asked" | "answered", Histogram>>;

  readonly #observables: ReturnType<typeof observables>;
  readonly #series = new Map<string, Series>();
  readonly #loop: LoopDelay;

  /** Those of a meter. */
  static of(meter: Meter): MeterInstruments {
    let found = instruments.get(meter);
    if (found === undefined) {
      found = new MeterInstruments(meter);
      instruments.set(meter, found);
    }
    return found;
  }

  private constructor(meter: Meter) {
    this.#observables = observables(meter);
    this.#loop = new LoopDelay(meter);
    // It stays: what is told no more would stand at its last value for ever, and not at zero.
    meter.addBatchObservableCallback(this.#observe, [
      ...Object.values(this.#observables),
      ...this.#loop.instruments,
    ]);
    this.handshakes = meter.createCounter("peng3dnet.handshakes", {
      unit: "{handshake}",
      description: "Handshakes that are over, by outcome.",
    });
    this.roundTrips = histogram(
      meter,
      "peng3dnet.connection.rtt",
      "How long heartbeats took, there and back.",
      TRIPS,
    );
    this.resumptions = meter.createCounter("peng3dnet.resumptions", {
      unit: "{resumption}",
      description: "Resumptions of sessions that are over, by outcome.",
    });
    this.suspensions = histogram(
      meter,
      "peng3dnet.resumption.duration",
      "How long sessions were suspended until they went on, or ended.",
      SUSPENSIONS,
    );
    this.sentAgain = meter.createCounter("peng3dnet.resumption.packets", {
      unit: "{packet}",
      description: "Packets that this side sent again.",
    });
    this.calls = {
      asked: histogram(meter, "rpc.client.call.duration", "How long requests took of this side.", CALLS),
      answered: histogram(meter, "rpc.server.call.duration", "How long handlers of requests took.", CALLS),
    };
  }

  /** Requests that are under way, for whoever else tells of some. */
  get activeRequests(): Observable {
    return this.#observables.requests;
  }

  /** The series with these attributes. */
  series(attributes: Attributes): Series {
    return seriesOf(this.#series, attributes, () => new Series(attributes));
  }

  /** A peer becomes a part of a series. */
  join(series: Series, source: Source): void {
    this.#loop.begin();
    series.add(source);
  }

  /** A peer is a part of its series no more. After the last one, the loop is looked at no more. */
  leave(series: Series, source: Source): void {
    series.remove(source);
    if ([...this.#series.values()].every(({ empty }) => empty)) this.#loop.end();
  }

  readonly #observe: BatchObservableCallback = async (result) => {
    this.#loop.observe(result);
    let told = 0;
    const counted: BatchObservableResult = {
      observe: (metric, value, attributes) => {
        told++;
        result.observe(metric, value, attributes);
      },
    };
    for (const series of this.#series.values()) {
      this.#observeSeries(counted, series);
      if (told < AT_ONCE) continue;
      // What a reader makes of many values holds the loop as long again, and that is one piece.
      await turnOfLoop();
      told = 0;
    }
  };

  #observeSeries(result: BatchObservableResult, series: Series): void {
    const { attributes, packets } = series;
    const told = this.#observables;
    const sum = series.sum();
    const receive = { ...attributes, [IO_DIRECTION]: "receive" };
    const transmit = { ...attributes, [IO_DIRECTION]: "transmit" };
    result.observe(told.connections, sum.active, { ...attributes, [CONNECTION_STATE]: "active" });
    result.observe(told.connections, sum.handshaking, { ...attributes, [CONNECTION_STATE]: "handshake" });
    result.observe(told.connections, sum.suspended, { ...attributes, [CONNECTION_STATE]: "suspended" });
    result.observe(told.networkIo, sum.bytesIn, receive);
    result.observe(told.networkIo, sum.bytesOut, transmit);
    const others = packets.others(sum.packetsIn, sum.packetsOut);
    result.observe(told.packets, others.received, { ...receive, [PACKET_TYPE]: OTHER });
    result.observe(told.packets, others.sent, { ...transmit, [PACKET_TYPE]: OTHER });
    result.observe(told.packetIo, packets.rest.receivedBytes, { ...receive, [PACKET_TYPE]: OTHER });
    result.observe(told.packetIo, packets.rest.sentBytes, { ...transmit, [PACKET_TYPE]: OTHER });
    for (const [type, count] of packets.types) {
      // A type goes one way, mostly: there is no series for the other one.
      if (count.received > 0) {
        result.observe(told.packets, count.received, { ...receive, [PACKET_TYPE]: type });
        result.observe(told.packetIo, count.receivedBytes, { ...receive, [PACKET_TYPE]: type });
      }
      if (count.sent > 0) {
        result.observe(told.packets, count.sent, { ...transmit, [PACKET_TYPE]: type });
        result.observe(told.packetIo, count.sentBytes, { ...transmit, [PACKET_TYPE]: type });
      }
    }
    for (const [reason, count] of sum.rejectedBy)
      result.observe(told.rejections, count, { ...attributes, [ERROR_TYPE]: reason });
    result.observe(told.unsent, sum.unsent, attributes);
    result.observe(told.kept, sum.kept, attributes);
    result.observe(told.unprocessed, sum.unprocessed, attributes);
    result.observe(told.queued, sum.queued, attributes);
    result.observe(told.requests, sum.asked, { ...attributes, [REQUEST_WAY]: "asked" });
    result.observe(told.requests, sum.answering, { ...attributes, [REQUEST_WAY]: "answered" });
    result.observe(told.groups, sum.groups, attributes);
    result.observe(told.memberships, sum.memberships, attributes);
  }
}
