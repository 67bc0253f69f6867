import type { Attributes, Meter, Tracer } from "@opentelemetry/api";
import { type NodeObserver, type ObservableNode, observe } from "@peng3dnet/peer";
import { SIDE } from "./names.js";
import { NodeInstruments } from "./node-instruments.js";
import type { NodeSeries } from "./node-series.js";
import { RequestTelemetry } from "./request-telemetry.js";

/** How a node is told. */
export interface NodeTelling {
  readonly meter?: Meter | undefined;
  readonly tracer?: Tracer | undefined;
  readonly attributes?: Attributes | undefined;
  readonly trustCallers?: boolean | undefined;
}

/** Tells of one node of a cluster. @returns what ends that. */
export function tellOfNode(
  node: ObservableNode,
  { meter, tracer, attributes: more, trustCallers = true }: NodeTelling,
): () => void {
  const attributes: Attributes = { ...more, [SIDE]: "node" };
  const instruments = meter && NodeInstruments.of(meter);
  const series = instruments?.series(attributes);
  series?.checkNew(node);
  const telling = { attributes, instruments: instruments?.common, tracer, parents: trustCallers };
  const observing = observe(node, {
    request: (request) => new RequestTelemetry(telling, request),
    ...(series && messagesOf(series)),
  });
  const source = { peer: node, census: () => observing.census(), before: observing.census() };
  series?.add(source);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    series?.remove(source);
    observing.end();
  };
}

function messagesOf({ messages }: NodeSeries): NodeObserver {
  return {
    published: (kind, bytes) => messages.sent(kind, bytes),
    arrived: (kind, bytes) => messages.received(kind, bytes),
  };
}
