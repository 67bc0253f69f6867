/** For how long something holds the event loop, and what of that time is its own. */
import { readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";

/** A time, in milliseconds. */
export interface Span {
  /** `performance.now()` at its beginning. */
  readonly begun: number;
  /** How long it was on the clock. */
  readonly taken: number;
  /** The same without what this thread waited for a processor, which others had: at most this. */
  readonly own: number;
}

/** Something that was done, and what the loop did meanwhile. */
export interface Stretch {
  /** From its beginning to its end, with all that came between. */
  readonly whole: Span;
  /** The pieces of it, in each of which the loop did nothing else. */
  readonly held: readonly Span[];
  /** The turn of the loop right after it, in which it works off what came meanwhile. */
  readonly after: Span;
}

/** A moment: when it was, and what this thread had waited for a processor by then. */
interface Moment {
  readonly before: number;
  readonly waited: number;
  readonly after: number;
}

/** For how long this thread had work and no processor so far, in milliseconds. 0 where the system does not say. */
function waitedForProcessor(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

function now(): Moment {
  const before = performance.now();
  const waited = waitedForProcessor();
  return { before, waited, after: performance.now() };
}

function between(from: Moment, to: Moment): Span {
  const taken = Math.max(0, to.before - from.after);
  // It may have waited while it looked, too. That is taken off a longer time, so that what is left is not too little.
  const own = to.after - from.before - (to.waited - from.waited);
  return { begun: from.after, taken, own: Math.min(taken, own) };
}

/**
 * Does something once the loop has nothing else to do.
 *
 * @param work - may let the loop turn by `setImmediate`, and by nothing else.
 */
export function stretch(work: () => unknown): Promise<Stretch> {
  return new Promise((resolve, reject) => {
    let over: Moment | undefined;
    const begins: Moment[] = [];
    const ends: Moment[] = [];
    // Two callbacks enclose that of the work in each turn of the loop, since it asks for its own between the two.
    const begin = (): void => {
      if (over === undefined) {
        begins.push(now());
        setImmediate(begin);
        return;
      }
      const [first, ended, turned] = [begins[0] as Moment, ends.at(-1) as Moment, now()];
      const held = ends.map((end, at) => between(begins[at] as Moment, end));
      resolve({ whole: between(first, over), held, after: between(ended, turned) });
    };
    const end = (): void => {
      ends.push(now());
      if (over === undefined) setImmediate(end);
    };
    // What else waits for the loop is let in first.
    setImmediate(() => {
      begin();
      const done = (): void => {
        over = now();
      };
      (async () => work())().then(done, (error) => {
        done();
        reject(error);
      });
      // A tick that is asked for among promises comes once there is nothing left to do before the loop turns.
      queueMicrotask(() => process.nextTick(end));
    });
  });
}

/** Notes when garbage is collected, which holds the loop wherever it happens to fall. */
export class Collections {
  readonly #all: { readonly from: number; readonly to: number }[] = [];
  readonly #observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      this.#all.push({ from: startTime, to: startTime + duration });
  });

  constructor() {
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  /** How long collections took within a time, of which the observer has heard by now. */
  within({ begun, taken }: Span): number {
    const ended = begun + taken;
    return this.#all.reduce(
      (sum, { from, to }) => sum + Math.max(0, Math.min(to, ended) - Math.max(from, begun)),
      0,
    );
  }

  end(): void {
    this.#observer.disconnect();
  }
}

/** Looks what the host takes of this machine's processors from now on. @returns the share so far; `undefined`: the system does not say. */
export function watchHost(): () => number | undefined {
  const look = (): { readonly all: number; readonly stolen: number } | undefined => {
    try {
      const [line = ""] = readFileSync("/proc/stat", "latin1").split("\n");
      // user, nice, system, idle, iowait, irq, softirq, steal; what follows is part of the first two.
      const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
      return { all: ticks.reduce((sum, one) => sum + one, 0), stolen: ticks[7] ?? 0 };
    } catch {
      return undefined;
    }
  };
  const before = look();
  return () => {
    const after = look();
    if (before === undefined || after === undefined || after.all === before.all) return undefined;
    return (after.stolen - before.stolen) / (after.all - before.all);
  };
}
