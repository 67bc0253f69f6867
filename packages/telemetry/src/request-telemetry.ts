import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { ObservedNodeRequest, ObservedRequest, RequestObserver } from "@peng3dnet/peer";
import type { MeterInstruments } from "./meter-instruments.js";
import {
  ERROR_TYPE,
  NODE_ID,
  NODE_PEER_ID,
  PEER_ADDRESS,
  PEER_PORT,
  PENG3DNET,
  PROTOCOL_NAME,
  RPC_METHOD,
  RPC_STATUS,
  RPC_SYSTEM,
} from "./names.js";
import { spanOf, traceParent } from "./trace-parent.js";

/** Ends that are the fault of the side that answers. An error that a handler throws on purpose is none. */
const FAULTS_OF_ANSWERER: ReadonlySet<string> = new Set(["internalerror", "nohandler", "busy"]);

/** How requests are told. */
export interface RequestTelling {
  readonly attributes: Attributes;
  readonly instruments: MeterInstruments | undefined;
  readonly tracer: Tracer | undefined;
  /** Whether the span of a caller elsewhere becomes the parent of that of the answer; otherwise it is a link. */
  readonly parents: boolean;
}

/** Over a connection, or from one node to another one. */
type ToldRequest = ObservedRequest | ObservedNodeRequest;

/** Follows one request: the time that it takes, and its span. */
export class RequestTelemetry implements RequestObserver {
  readonly trace: string | undefined;
  readonly #telling: RequestTelling;
  readonly #request: ToldRequest;
  readonly #begun = performance.now();
  readonly #span: Span | undefined;
  readonly #context: Context | undefined;

  constructor(telling: RequestTelling, request: ToldRequest) {
    this.#telling = telling;
    this.#request = request;
    const { tracer } = telling;
    if (tracer === undefined) return;
    const asked = request.way === "asked";
    const caller = asked ? undefined : spanOf(request.trace);
    // What is active while a packet is worked off has nothing to do with it.
    let base = asked ? context.active() : ROOT_CONTEXT;
    if (caller !== undefined && telling.parents) base = trace.setSpanContext(base, caller);
    this.#span = tracer.startSpan(
      request.name,
      {
        kind: asked ? SpanKind.CLIENT : SpanKind.SERVER,
        attributes: { ...telling.attributes, ...attributesOf(request) },
        ...(caller !== undefined && !telling.parents && { links: [{ context: caller }] }),
      },
      base,
    );
    if (asked) this.trace = traceParent(this.#span.spanContext());
    else this.#context = trace.setSpan(base, this.#span);
  }

  run<T>(call: () => T): T {
    return this.#context === undefined ? call() : context.with(this.#context, call);
  }

  ended(end: string): void {
    const failed = end !== "ok";
    const how: Attributes = { [RPC_STATUS]: end, ...(failed && { [ERROR_TYPE]: end }) };
    try {
      this.#record(how);
    } finally {
      // A meter that throws keeps no span open.
      this.#endSpan(end, how);
    }
  }

  #record(how: Attributes): void {
    const { attributes, instruments } = this.#telling;
    const { name, way } = this.#request;
    instruments?.calls[way].record((performance.now() - this.#begun) / 1000, {
      ...attributes,
      [RPC_SYSTEM]: PENG3DNET,
      [RPC_METHOD]: name,
      ...how,
    });
  }

  #endSpan(end: string, how: Attributes): void {
    const span = this.#span;
    if (span === undefined) return;
    const { way } = this.#request;
    span.setAttributes(how);
    if (end !== "ok" && (way === "asked" || FAULTS_OF_ANSWERER.has(end)))
      span.setStatus({ code: SpanStatusCode.ERROR, message: end });
    span.end();
  }
}

function attributesOf(request: ToldRequest): Attributes {
  const rpc = { [RPC_SYSTEM]: PENG3DNET, [RPC_METHOD]: request.name, [PROTOCOL_NAME]: PENG3DNET };
  if ("other" in request) return { ...rpc, [NODE_ID]: request.node, [NODE_PEER_ID]: request.other };
  const [host, port] = request.connection.remoteAddress;
  return { ...rpc, [PEER_ADDRESS]: String(host), [PEER_PORT]: Number(port) };
}
