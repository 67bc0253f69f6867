import type { Random } from "../random.js";

/** What the numbers of a request tell its handler to do. */
export const HOW = ["at once", "soon", "refuse", "fail", "when told", "never", "when aborted"] as const;
/** Signals that callers of a scene share. */
export const SIGNALS = 3;

/** What happens in a scene. */
export type Act =
  /** Some requests are made. */
  | {
      readonly do: "ask";
      readonly count: number;
      readonly fromServer: boolean;
      /** An index into {@link HOW}. */
      readonly how: number;
      readonly timeout: number | undefined;
      readonly aborts: boolean;
    }
  /** All that is on its way arrives. */
  | { readonly do: "settle" }
  /** Handlers that wait for it answer. */
  | { readonly do: "tell" }
  | { readonly do: "abort"; readonly which: number }
  | { readonly do: "wait"; readonly seconds: number }
  /** What goes to the server stands still. */
  | { readonly do: "freeze" }
  | { readonly do: "thaw" };

/** How a connection ends. */
export const ENDS = [
  "client closes",
  "server closes",
  "cut",
  "client stops",
  "server stops",
  "cut within",
] as const;

export interface RequestPlan {
  readonly acts: readonly Act[];
  readonly end: (typeof ENDS)[number];
  /** Where a link that is cut within a packet is cut. */
  readonly at: number;
}

/** Seconds that callers wait; `undefined`: they do not say. */
export const TIMEOUTS = [undefined, 0.5, 2, 30, Number.POSITIVE_INFINITY] as const;
export const WAITS = [0.1, 0.5, 3, 12] as const;
export const MOST_AT_ONCE = 12;
export const MOST_AT = 4000;
const ACTS = { least: 5, most: 40 };

/** How often each kind of act comes, against the others. */
export const WEIGHTS = { ask: 20, go: 16, abort: 4, wait: 4, stop: 2 } as const;
const KINDS = Object.entries(WEIGHTS).flatMap(([kind, weight]) =>
  Array<keyof typeof WEIGHTS>(weight).fill(kind as keyof typeof WEIGHTS),
);

function randomAct(random: Random): Act {
  switch (random.pick(KINDS)) {
    case "ask":
      return {
        do: "ask",
        count: 1 + random.below(MOST_AT_ONCE),
        fromServer: random.oneIn(2),
        how: random.below(HOW.length),
        timeout: random.pick(TIMEOUTS),
        aborts: random.oneIn(2),
      };
    case "go":
      return { do: random.oneIn(2) ? "settle" : "tell" };
    case "abort":
      return { do: "abort", which: random.below(SIGNALS) };
    case "wait":
      return { do: "wait", seconds: random.pick(WAITS) };
    case "stop":
      return { do: random.oneIn(2) ? "freeze" : "thaw" };
  }
}

export function randomRequestPlan(random: Random): RequestPlan {
  const count = ACTS.least + random.below(ACTS.most - ACTS.least + 1);
  return {
    acts: Array.from({ length: count }, () => randomAct(random)),
    end: random.pick(ENDS),
    at: random.below(MOST_AT + 1),
  };
}
