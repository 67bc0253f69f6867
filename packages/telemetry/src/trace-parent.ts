import { isSpanContextValid, type SpanContext } from "@opentelemetry/api";

const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Where a span is, as text that goes along with a request: the `traceparent` of W3C Trace Context. `undefined` for none. */
export function traceParent(span: SpanContext): string | undefined {
  if (!isSpanContextValid(span)) return undefined;
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & 0xff).toString(16).padStart(2, "0")}`;
}

/** What such a text says; `undefined` if it is none. */
export function spanOf(text: string | undefined): SpanContext | undefined {
  const [, traceId = "", spanId = "", flags = ""] = FORM.exec(text ?? "") ?? [];
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(span) ? span : undefined;
}
