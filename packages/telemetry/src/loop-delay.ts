import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { BatchObservableResult, Meter, Observable } from "@opentelemetry/api";

/** How often the loop is looked at, in milliseconds. */
const RESOLUTION = 10;
const NANOSECONDS = 1e9;

/** Each value by the end of its name. */
const VALUES: Readonly<Record<string, (delays: IntervalHistogram) => number>> = {
  min: ({ min }) => min,
  max: ({ max }) => max,
  mean: ({ mean }) => mean,
  stddev: ({ stddev }) => stddev,
  p50: (delays) => delays.percentile(50),
  p90: (delays) => delays.percentile(90),
  p99: (delays) => delays.percentile(99),
};

/** How late the event loop of this process is, from one collection to the next. It is looked at between `begin` and `end`. */
export class LoopDelay {
  #delays: IntervalHistogram | undefined = undefined;
  readonly #gauges: readonly (readonly [name: string, gauge: Observable])[];

  constructor(meter: Meter) {
    this.#gauges = Object.keys(VALUES).map((name) => [
      name,
      meter.createObservableGauge(`nodejs.eventloop.delay.${name}`, {
        unit: "s",
        description: `How late the event loop was since the last collection: ${name}.`,
      }),
    ]);
  }

  begin(): void {
    this.#delays ??= monitorEventLoopDelay({ resolution: RESOLUTION });
    this.#delays.enable();
  }

  get instruments(): readonly Observable[] {
    return this.#gauges.map(([, gauge]) => gauge);
  }

  observe(result: BatchObservableResult): void {
    const delays = this.#delays;
    if (delays === undefined || delays.count === 0) return;
    for (const [name, gauge] of this.#gauges) {
      const value = (VALUES[name]?.(delays) ?? 0) / NANOSECONDS;
      // Node tells the time from one look to the next, which is that of the timer when nothing is late.
      result.observe(gauge, name === "stddev" ? value : Math.max(0, value - RESOLUTION / 1000));
    }
    delays.reset();
  }

  end(): void {
    this.#delays?.disable();
    this.#delays = undefined;
  }
}
