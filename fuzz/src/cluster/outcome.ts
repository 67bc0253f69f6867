import type { Fault } from "./faults.js";

/** Seconds from the end of a fault until each node knows of all others, and no more. */
export const AGREE_WITHIN = 20;
/** Seconds from then, and from when all clients are connected again, until all nodes know the same of who is in the groups. */
export const SAME_WITHIN = 10;
/** Seconds from when nothing more is sent until each client is at the end of each sequence. */
export const COMPLETE_WITHIN = 20;
/** By how much what a process uses may grow from the first third of the rounds to the last one, in bytes. */
export const GROWTH = 8 * 1024 * 1024;

/** A fault, and what came of it. */
export interface Round {
  readonly fault: Fault;
  /** Seconds; `undefined`: not in time. */
  readonly agreed: number | undefined;
  readonly members: number | undefined;
  readonly complete: number | undefined;
  /** What clients were told to be missing since the round before. */
  readonly gaps: number;
  readonly missed: number;
}

const middle = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

/** From the middle of the first third of some samples to that of the last. */
export function growth(samples: readonly number[]): readonly [before: number, after: number] {
  const third = Math.max(1, Math.floor(samples.length / 3));
  return [middle(samples.slice(0, third)), middle(samples.slice(-third))];
}

export const seconds = (time: number | undefined): string =>
  time === undefined ? "not in time" : `${time.toFixed(1)} s`;

/** The longest of some times; `undefined` where one was too long. */
function longest(times: readonly (number | undefined)[]): number | undefined {
  return times.reduce(
    (most, time) => (most === undefined || time === undefined ? undefined : Math.max(most, time)),
    0,
  );
}

const HEAD = [
  "Fault",
  "Times",
  "Nodes agree after",
  "Members the same after",
  "Views complete after",
  "Gaps told",
  "Messages missed",
];

/** The table for the docs, as the formatter would have it. */
export function markdown(rounds: readonly Round[]): string {
  const faults = [...new Set(rounds.map(({ fault }) => fault))];
  const rows = faults.map((fault) => {
    const those = rounds.filter((round) => round.fault === fault);
    const sum = (key: "gaps" | "missed"): string =>
      those.reduce((all, round) => all + round[key], 0).toLocaleString("en");
    return [
      fault.what,
      String(those.length),
      seconds(longest(those.map(({ agreed }) => agreed))),
      seconds(longest(those.map(({ members }) => members))),
      seconds(longest(those.map(({ complete }) => complete))),
      sum("gaps"),
      sum("missed"),
    ];
  });
  const widths = HEAD.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const row = (texts: readonly string[]): string =>
    `| ${texts.map((text, at) => text.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [row(HEAD), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(row)].join(
    "\n",
  );
}
