import { markdownTable } from "../document.js";
import { percentile } from "../measure.js";
import { KINDS } from "./cut-plan.js";
import type { SideState } from "./side-process.js";
import type { TrialResult } from "./trial.js";

const count = (value: number): string => value.toLocaleString("en");

/** Packets that one side sent and the other did not get. */
const lost = ({ sent }: SideState, { arrivals }: SideState): number => sent.packets - arrivals.packets;

/** What has to be 0 for a contestant that loses nothing, by name. */
export function counters({ server, client }: TrialResult): Readonly<Record<string, number>> {
  const both = [server, client];
  const sum = (of: (state: SideState) => number): number =>
    both.reduce((total, state) => total + of(state), 0);
  return {
    "lost to the server": lost(client, server),
    "lost to the client": lost(server, client),
    doubled: sum(({ arrivals }) => arrivals.doubled),
    "out of order": sum(({ arrivals }) => arrivals.late),
    damaged: sum(({ arrivals }) => arrivals.damaged),
    "requests without an answer": sum(({ sent }) => sent.requests - sent.answered),
    "requests never settled": sum(({ sent }) => sent.requests - sent.answered - sent.failed),
    "handlers run twice": sum(({ arrivals }) => arrivals.repeated),
  };
}

/** Where sides stood when a trial came to an early end. */
function standing({ server, client }: TrialResult): readonly string[] {
  return Object.entries({ server, client }).flatMap(([name, { waiting, lost }]) => [
    ...lost.map((reason) => `the session ended on the ${name}: ${reason}`),
    ...(waiting === undefined
      ? []
      : [`the ${name} still waits for its line, since ${waiting.toFixed(0)} ms`]),
  ]);
}

/** What is wrong with a contestant that promises to lose nothing; what is measured of the others is not wrong. */
export function faults(result: TrialResult): readonly string[] {
  const found = result.fault === undefined ? [] : [result.fault];
  if (!result.contestant.lossless) return found;
  for (const [name, value] of Object.entries(counters(result)))
    if (value !== 0) found.push(`${name}: ${count(value)}`);
  if (result.fault !== undefined) found.push(...standing(result));
  if (!result.clean) found.push("the close was not clean");
  return found;
}

/** Milliseconds without a line, as the client noticed it: in the middle, and the 99th of a hundred. */
function waits({ client }: TrialResult): readonly string[] {
  return [0.5, 0.99].map((share) =>
    client.waits.length === 0 ? "–" : `${percentile(client.waits, share).toFixed(0)} ms`,
  );
}

const allCuts = ({ cuts }: TrialResult): number => [...cuts.values()].reduce((sum, value) => sum + value, 0);

/** One contestant, for people at a terminal. */
export function lines(result: TrialResult): string {
  const { contestant, server, client, cuts, byClock, connections, seconds, clean } = result;
  const [median, worst] = waits(result);
  const sent = [client, server].map(
    (state) => `${count(state.sent.packets)} packets, ${count(state.sent.requests)} requests`,
  );
  const kinds = KINDS.filter((kind) => cuts.has(kind)).map((kind) => `${kind} ${cuts.get(kind)}`);
  const wrong = faults(result);
  return [
    `${contestant.name}: ${contestant.title}`,
    `  sent: to the server ${sent[0]}, to the client ${sent[1]}, in ${seconds.toFixed(0)} s`,
    `  ${count(allCuts(result))} cuts: ${kinds.join(", ")}; ${byClock} of them by the clock; ${count(connections)} connections`,
    `  ${Object.entries(counters(result))
      .map(([name, value]) => `${name} ${count(value)}`)
      .join(", ")}`,
    `  suspended ${count(client.waits.length)} times on the client, ${median} in the middle, ${worst} for the 99th of a hundred; on the server ${count(server.waits.length)} times; the close was ${clean ? "" : "not "}clean`,
    ...wrong.map((fault) => `  FAILED: ${fault}`),
  ].join("\n");
}

/** Columns of the table for the docs, and the counters that are in them. */
const COLUMNS = {
  "Lost to the server": "lost to the server",
  "Lost to the client": "lost to the client",
  Doubled: "doubled",
  "Out of order": "out of order",
  "Requests without an answer": "requests without an answer",
  "Handlers run twice": "handlers run twice",
};
const HEAD = ["", ...Object.keys(COLUMNS), "Suspended, median", "99 %"];

/** What goes into the docs. */
export function markdown(results: readonly TrialResult[], seed: number): string {
  const rows = results.map((result) => {
    const values = counters(result);
    const cells = Object.values(COLUMNS).map((name) => count(values[name] ?? 0));
    return [result.contestant.title, ...cells, ...waits(result)];
  });
  const cuts = Math.max(...results.map(allCuts));
  const { packets, requests } = results[0]?.client.sent ?? { packets: 0, requests: 0 };
  const sent = `${count(packets)} packets and ${count(requests)} requests in each direction`;
  return `**${count(cuts)} cuts**, ${sent}, seed ${seed}:\n\n${markdownTable([HEAD, ...rows])}`;
}
