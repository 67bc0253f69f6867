/** Medians and spread of a few rounds. NaN stands for a round without a figure. */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

function known(values: readonly number[]): number[] {
  return values.filter((value) => !Number.isNaN(value));
}

export function median(values: readonly number[]): number {
  const sorted = known(values).sort((a, b) => a - b);
  if (sorted.length === 0) {
    return Number.NaN;
  }
  const upper = sorted.length >> 1;
  const high = sorted[upper] as number;
  return sorted.length % 2 === 1 ? high : (high + (sorted[upper - 1] as number)) / 2;
}

export function spread(values: readonly number[]): Spread {
  const present = known(values);
  return { median: median(present), min: Math.min(...present), max: Math.max(...present) };
}

/**
 * The ratio of two series, measured in the same rounds: each round's own ratio, as what disturbs a round
 * disturbs both. `a[k]` and `b[k]` belong together.
 */
export function ratio(a: readonly number[], b: readonly number[]): Spread {
  const count = Math.min(a.length, b.length);
  return spread(Array.from({ length: count }, (_, index) => (a[index] as number) / (b[index] as number)));
}
