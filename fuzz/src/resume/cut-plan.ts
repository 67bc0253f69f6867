import type { Random } from "../random.js";

/** What is done to a line, or to a process. */
export type Act =
  | "reset"
  | "end"
  | "drop-client"
  | "drop-server"
  | "black-hole"
  | "cable"
  | "freeze"
  | "stop-server"
  | "stop-client";

/** What a cut is called in the table. */
export const KINDS = [
  "reset",
  "end",
  "half-open",
  "black hole",
  "cable",
  "freeze",
  "stopped process",
  "in the resumption",
  "twice in a row",
] as const;
export type CutKind = (typeof KINDS)[number];

export type Direction = "toServer" | "toClient";

/** Where a cut happens. */
export interface Place {
  readonly direction: Direction;
  /** Bytes of that direction that still pass: since the line began, or since the cut before if the line outlived it. */
  readonly offset: number;
  /** Only on another line than that of the cut before. */
  readonly fresh: boolean;
}

export interface Cut extends Place {
  readonly kind: CutKind;
  readonly act: Act;
  /** How much more passes before, as a share of what waits to be sent: from 0 to below 1. */
  readonly share: number;
  /** Milliseconds after which what a dropped leg had sent still comes to the other side. */
  readonly late: number;
}

/** What a plan is made for. */
export interface PlanOptions {
  readonly cuts: number;
  /** Bytes until a connection is of use again, roughly. */
  readonly opening: number;
  /** Whether there is a cable between two network namespaces. */
  readonly cable: boolean;
}

/** One of these decks after another is shuffled and played. Those that are noticed by silence only take longest. */
const DECK: readonly CutKind[] = [
  ...(["reset", "reset", "reset", "end", "end", "end"] as const),
  ...(["half-open", "half-open", "black hole", "black hole", "cable", "freeze"] as const),
  ...(["stopped process", "stopped process"] as const),
  ...(["in the resumption", "in the resumption", "in the resumption"] as const),
  "twice in a row",
];

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [result[index], result[other]] = [result[other] as T, result[index] as T];
  }
  return result;
}

/** Makes a plan by chance; the same seed makes the same. */
export function cutPlan(random: Random, { cuts, opening, cable }: PlanOptions): Cut[] {
  const plan: Cut[] = [];
  let stopped = random.below(2);
  const quick = (): Act => random.pick(["reset", "end"] as const);
  const add = (kind: CutKind, act: Act, offset: number, share: number, fresh: boolean): void => {
    // What was under way from the leg that is dropped may still come to the other one.
    const towards: Partial<Record<Act, Direction>> = { "drop-client": "toServer", "drop-server": "toClient" };
    const direction = towards[act] ?? random.pick(["toServer", "toClient"] as const);
    plan.push({ kind, act, direction, offset, share, fresh, late: random.below(150) });
  };
  const anywhere = (kind: CutKind, act: Act): void => add(kind, act, 0, random.below(1000) / 1000, false);
  const early = (kind: CutKind, offset: number): void => add(kind, quick(), offset, 0, true);
  const play: Readonly<Record<CutKind, () => void>> = {
    reset: () => anywhere("reset", "reset"),
    end: () => anywhere("end", "end"),
    "half-open": () => anywhere("half-open", random.pick(["drop-client", "drop-server"] as const)),
    "black hole": () => anywhere("black hole", "black-hole"),
    cable: () => (cable ? anywhere("cable", "cable") : anywhere("black hole", "black-hole")),
    freeze: () => anywhere("freeze", "freeze"),
    // In turns, so that a short run has both.
    "stopped process": () => anywhere("stopped process", stopped++ % 2 === 0 ? "stop-server" : "stop-client"),
    "in the resumption": () => early("in the resumption", random.below(opening)),
    "twice in a row": () => {
      anywhere("twice in a row", quick());
      early("twice in a row", opening + random.below(300));
    },
  };
  while (plan.length < cuts) for (const kind of shuffled(random, DECK)) play[kind]();
  return plan.slice(0, cuts);
}
