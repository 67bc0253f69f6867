import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { clearInterval, setInterval } from "node:timers";
import type { BatchObservableResult, Meter, Observable } from "@opentelemetry/api";

/** How often the loop is looked at, in milliseconds. */
const RESOLUTION = 10;
const NANOSECONDS = 1e9;
const IN_A_MILLISECOND = 1e6;
/** A delay is kept to a hundredth of it. */
const FIGURES = 2;

/** Each value by the end of its name. */
const VALUES: Readonly<Record<string, (delays: RecordableHistogram) => number>> = {
  min: ({ min }) => min,
  max: ({ max }) => max,
  mean: ({ mean }) => mean,
  stddev: ({ stddev }) => stddev,
  p50: (delays) => delays.percentile(50),
  p90: (delays) => delays.percentile(90),
  p99: (delays) => delays.percentile(99),
};

/**
 * How late the event loop of this process is, from one collection to the next. It is looked at between `begin` and `end`.
 *
 * Node's own `monitorEventLoopDelay` keeps three figures of each delay. A collection walks several times through all that
 * it counts by, which took a third of a scrape.
 */
export class LoopDelay {
  readonly #delays = createHistogram({ figures: FIGURES });
  #timer: NodeJS.Timeout | undefined = undefined;
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
    if (this.#timer !== undefined) return;
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      // A timer may also be early after one that was late; a histogram knows nothing below one.
      this.#delays.record(Math.max(1, Math.round((now - last - RESOLUTION) * IN_A_MILLISECOND)));
      last = now;
    }, RESOLUTION).unref();
  }

  get instruments(): readonly Observable[] {
    return this.#gauges.map(([, gauge]) => gauge);
  }

  observe(result: BatchObservableResult): void {
    const delays = this.#delays;
    if (this.#timer === undefined || delays.count === 0) return;
    for (const [name, gauge] of this.#gauges)
      result.observe(gauge, (VALUES[name]?.(delays) ?? 0) / NANOSECONDS);
    delays.reset();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#delays.reset();
  }
}
