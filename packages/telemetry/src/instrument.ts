/// <reference lib="esnext.disposable" preserve="true" />
// Whoever uses the package need not name that library of types.
import type { Attributes, Meter, Tracer } from "@opentelemetry/api";
import {
  type Client,
  ConfigError,
  checkKnownOptions,
  type Observable,
  type ObservableNode,
  type Observing,
  type OptionNames,
  observe,
  type PeerObserver,
  SIDE_CLIENT,
} from "@peng3dnet/peer";
import { MeterInstruments } from "./meter-instruments.js";
import { HANDSHAKE_OUTCOME, RESUMPTION_OUTCOME, SIDE } from "./names.js";
import { tellOfNode } from "./node-telemetry.js";
import { RequestTelemetry } from "./request-telemetry.js";
import type { Series } from "./series.js";

/** Most types of packets that have series of their own, unless the option says otherwise. */
const PACKET_TYPES = 100;

/** Options of {@link instrument}. */
export interface InstrumentOptions {
  /** Where metrics go, e.g. `metrics.getMeter("game")` of `@opentelemetry/api`. Left out: there are none. */
  readonly meter?: Meter | undefined;
  /** Where spans of requests go, e.g. `trace.getTracer("game")`. Left out: there are none. */
  readonly tracer?: Tracer | undefined;
  /** Is added to all metrics and spans, e.g. to tell several servers of one process apart. Default: nothing. */
  readonly attributes?: Attributes | undefined;
  /** How many types of packets have series of their own, those that come first; the rest count as `other`. Default 100. */
  readonly packetTypes?: number | undefined;
  /**
   * Whether the span of a caller is the parent of that of its answer, so that both are of one trace, and the caller's side decides
   * whether it is recorded. If not, it is a link. Default: true on a client, which trusts its server, and on a node, which trusts the
   * others; false on a server.
   */
  readonly trustCallers?: boolean | undefined;
}

const OPTIONS: OptionNames<InstrumentOptions> = {
  meter: true,
  tracer: true,
  attributes: true,
  packetTypes: true,
  trustCallers: true,
};

/** Ends what {@link instrument} began, when it is called or disposed of. Further calls do nothing. */
export interface Instrumentation extends Disposable {
  (): void;
}

/**
 * Tells OpenTelemetry what a server, a client or a node of a cluster does: metrics from now on, and a span for each request. Peers with
 * the same attributes on one meter are told as one. That of a client ends when it is closed for good.
 *
 * @param peer - a `Server` or `Client`, be it running or not, or what `joinCluster` returned. Traces are linked over connections that
 * begin after this, and between nodes at once.
 * @returns what ends it. What was counted stays counted.
 * @throws TypeError if `peer`, `meter` or `tracer` is none, or if there is neither `meter` nor `tracer`; {@link ConfigError} for
 * `packetTypes` and `trustCallers`, and for an option that there is not; InvalidStateError if the meter is told of the peer already, with the same attributes.
 */
export function instrument(
  peer: (Observable & { readonly side: number }) | ObservableNode,
  options: InstrumentOptions,
): Instrumentation {
  checkKnownOptions("instrument", options, OPTIONS);
  const { meter, tracer, packetTypes = PACKET_TYPES, trustCallers } = options;
  if (meter === undefined && tracer === undefined)
    throw new TypeError("instrument() needs the option meter, tracer, or both");
  if (meter !== undefined && typeof Object(meter).createObservableUpDownCounter !== "function")
    throw new TypeError('the option meter is a Meter, such as provider.getMeter("game")');
  if (tracer !== undefined && typeof Object(tracer).startSpan !== "function")
    throw new TypeError('the option tracer is a Tracer, such as provider.getTracer("game")');
  if (!Number.isInteger(packetTypes) || packetTypes < 0)
    throw new ConfigError(
      "packetTypes",
      `the option packetTypes is a whole number from 0, and not ${packetTypes}`,
    );
  if (trustCallers !== undefined && typeof trustCallers !== "boolean")
    throw new ConfigError("trustCallers", "the option trustCallers is true or false");
  // What is neither is refused by observe().
  const observed = Object(peer) as typeof peer;
  if ("side" in observed) return new PeerTelemetry(observed, options, packetTypes).ending;
  return endingBy(tellOfNode(observed, options));
}

function endingBy(end: () => void): Instrumentation {
  return Object.assign(end, { [Symbol.dispose]: end });
}

/** Tells of one peer. */
class PeerTelemetry {
  readonly ending: Instrumentation;
  readonly #observing: Observing;
  #leave: () => void = () => {};

  constructor(
    peer: Observable & { readonly side: number },
    { meter, tracer, attributes: more, trustCallers }: InstrumentOptions,
    packetTypes: number,
  ) {
    const isClient = peer.side === SIDE_CLIENT;
    const attributes: Attributes = { ...more, [SIDE]: isClient ? "client" : "server" };
    const instruments = meter && MeterInstruments.of(meter);
    const series = instruments?.series(attributes);
    series?.checkNew(peer);
    series?.packets.allow(packetTypes);
    const telling = { attributes, instruments, tracer, parents: trustCallers ?? isClient };
    const end = (): void => this.#end();
    this.ending = endingBy(end);
    this.#observing = observe(peer, {
      traces: tracer !== undefined,
      request: (request) => new RequestTelemetry(telling, request),
      ...(instruments && metricsOf(instruments, attributes)),
      ...(series && packetsOf(series)),
    });
    // Whoever makes client after client need not end each. One that connects again by itself is not closed meanwhile.
    if (isClient) void (peer as Partial<Client>).waitForClose?.().then(end, end);
    if (instruments === undefined || series === undefined) return;
    const source = { peer, census: () => this.#observing.census(), before: this.#observing.census() };
    instruments.join(series, source);
    this.#leave = () => instruments.leave(series, source);
  }

  #end(): void {
    this.#leave();
    this.#leave = () => {};
    this.#observing.end();
  }
}

function metricsOf(instruments: MeterInstruments, attributes: Attributes): PeerObserver {
  return {
    handshake(_connection, outcome) {
      instruments.handshakes.add(1, { ...attributes, [HANDSHAKE_OUTCOME]: outcome });
    },
    resumption(_connection, { outcome, seconds, again }) {
      const how = { ...attributes, [RESUMPTION_OUTCOME]: outcome };
      instruments.resumptions.add(1, how);
      if (seconds !== undefined) instruments.suspensions.record(seconds, how);
      instruments.sentAgain.add(again.packets, attributes);
    },
    roundTrip(seconds) {
      instruments.roundTrips.record(seconds, attributes);
    },
  };
}

function packetsOf({ packets }: Series): PeerObserver {
  return {
    received: (packet, bytes) => packets.received(packet, bytes),
    sent: (packet, bytes) => packets.sent(packet, bytes),
  };
}
