// OpenTelemetry in memory.

import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Values by name and attributes, as `name{key=value,…}`; of histograms the number of values. */
export type Values = Readonly<Record<string, number>>;

/** A meter, and what was told to it. */
export function meterInMemory() {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  const collect = async () => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw errors[0];
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  };
  return {
    meter: provider.getMeter("test"),
    collect,
    /** All values, or those of instruments whose names begin so. */
    async values(prefix = ""): Promise<Values> {
      const values: Record<string, number> = {};
      for (const { descriptor, dataPoints } of await collect()) {
        if (!descriptor.name.startsWith(prefix)) continue;
        for (const { attributes, value } of dataPoints) {
          const pairs = Object.entries(attributes).map(([key, text]) => `${key}=${text}`);
          const key = `${descriptor.name}{${pairs.sort().join(",")}}`;
          values[key] = typeof value === "number" ? value : value.count;
        }
      }
      return values;
    },
  };
}

/** A tracer, and the spans that have ended. */
export function tracerInMemory() {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  return {
    tracer: provider.getTracer("test"),
    spans: (): readonly ReadableSpan[] => exporter.getFinishedSpans(),
  };
}

/** Keeps what is active over `await`, as every program with traces does. */
export function keepContext(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}
