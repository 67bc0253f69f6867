import type { PingError } from "../asking/ping-error.js";
import type { PingData } from "../protocol/data.js";
import type { Pong } from "../protocol/mixins.js";
import type { Target } from "./arguments.js";
import {
  answerLine,
  barChart,
  dataLines,
  failureLine,
  messageOf,
  milliseconds,
  type Style,
  summaryLines,
  usersOf,
} from "./format.js";
import type { Statistics } from "./statistics.js";
import { clean, cutTo, json, width } from "./text.js";

/** The outcome of one ping: an answer or a failure. */
export type Result = { readonly pong: Pong } | { readonly error: PingError };

/** Shows results to the user. */
export interface Report {
  /** Shows that a ping was answered, or that it failed. */
  result(target: Target, seq: number, result: Result, statistics: Statistics): void;
  /** Shows the summaries, after all results. */
  finish(all: ReadonlyMap<Target, Statistics>): void;
}

type Write = (text: string) => void;

function summaries(all: ReadonlyMap<Target, Statistics>, style: Style): string {
  const blocks = [...all].map(([{ label }, statistics]) => summaryLines(label, statistics, style).join("\n"));
  return `${blocks.join("\n")}\n`;
}

/** Writes lines for people. */
export class TextReport implements Report {
  readonly #write: Write;
  readonly #style: Style;
  readonly #quiet: boolean;
  /** The data that were shown last, by target. The same data are not shown again. */
  readonly #shown = new Map<Target, string>();

  constructor(write: Write, style: Style, quiet: boolean) {
    this.#write = write;
    this.#style = style;
    this.#quiet = quiet;
  }

  result(target: Target, seq: number, result: Result): void {
    if (this.#quiet) return;
    if ("error" in result) {
      this.#write(`${failureLine(target.label, seq, result.error, this.#style)}\n`);
      return;
    }
    const lines = [answerLine(target.label, seq, result.pong, this.#style)];
    const data = dataLines(result.pong);
    const text = data.join("\n");
    if (this.#shown.get(target) !== text) lines.push(...data);
    this.#shown.set(target, text);
    this.#write(`${lines.join("\n")}\n`);
  }

  finish(all: ReadonlyMap<Target, Statistics>): void {
    this.#write(`${this.#quiet ? "" : "\n"}${summaries(all, this.#style)}`);
  }
}

/** The server's data, without the keys that this side has added. */
function serverData({ recvtime: _recvtime, delay: _delay, ...data }: Pong): PingData {
  return data;
}

/** Writes JSON for programs, one object a line. */
export class JsonReport implements Report {
  readonly #write: Write;
  readonly #results: boolean;
  readonly #summaries: boolean;

  /**
   * @param results - whether to write the results.
   * @param summaries - whether to write the summaries.
   */
  constructor(write: Write, results: boolean, summaries: boolean) {
    this.#write = write;
    this.#results = results;
    this.#summaries = summaries;
  }

  result(target: Target, seq: number, result: Result): void {
    if (!this.#results) return;
    const head = { target: target.label, seq };
    if ("error" in result) {
      const { failure: code, message, reason } = result.error;
      this.#write(`${json({ ...head, ok: false, error: { code, message, reason } })}\n`);
      return;
    }
    const { delay, recvtime } = result.pong;
    this.#write(`${json({ ...head, ok: true, delay, recvtime, data: serverData(result.pong) })}\n`);
  }

  finish(all: ReadonlyMap<Target, Statistics>): void {
    if (!this.#summaries) return;
    for (const [{ label }, { sent, received, loss, min, avg, max, stddev }] of all) {
      const delay = received > 0 ? { min, avg, max, stddev } : null;
      this.#write(`${json({ target: label, summary: { sent, received, loss, delay } })}\n`);
    }
  }
}

/** How many delays the chart shows at most. */
const CHART = 24;
/** How many columns are kept free for the delay, behind the chart. */
const DELAY = 11;
/** Which part of the columns a target's name may take. */
const LABEL = 0.4;

interface Row {
  /** Delays of the last pings, as many as the chart shows. */
  readonly delays: (number | undefined)[];
  /** What came of the last ping, and all of them summed up; `undefined` before the first. */
  last: { readonly result: Result; readonly statistics: Statistics } | undefined;
}

/** Writes one line for each target, on a terminal, and writes it again with each result. */
export class LiveReport implements Report {
  readonly #write: Write;
  readonly #style: Style;
  readonly #columns: () => number;
  readonly #rows: Map<Target, Row>;
  #drawn = false;

  /** @param columns - returns how wide the terminal is. */
  constructor(write: Write, style: Style, columns: () => number, targets: readonly Target[]) {
    this.#write = write;
    this.#style = style;
    this.#columns = columns;
    this.#rows = new Map(targets.map((target): [Target, Row] => [target, { delays: [], last: undefined }]));
    this.#draw();
  }

  result(target: Target, _seq: number, result: Result, statistics: Statistics): void {
    const row = this.#rows.get(target) as Row;
    row.delays.push("pong" in result ? result.pong.delay : undefined);
    if (row.delays.length > CHART) row.delays.shift();
    row.last = { result, statistics };
    this.#draw();
  }

  finish(all: ReadonlyMap<Target, Statistics>): void {
    this.#write(`\n${summaries(all, this.#style)}`);
  }

  #draw(): void {
    // Lines are shorter than the terminal is wide: one that wraps takes two lines, and the next drawing would miss them.
    const columns = Math.max(this.#columns() - 1, 0);
    const labels = Math.max(...[...this.#rows.keys()].map(({ label }) => width(label)));
    const labelColumns = Math.min(labels, Math.floor(columns * LABEL));
    const lines = [...this.#rows].map(
      ([{ label }, row]) => `\x1b[2K${this.#line(cutTo(label, labelColumns), labelColumns, row, columns)}\n`,
    );
    this.#write(`${this.#drawn ? `\x1b[${this.#rows.size}A\r` : ""}${lines.join("")}`);
    this.#drawn = true;
  }

  #line(label: string, labelColumns: number, { delays, last }: Row, columns: number): string {
    const head = `${label}${" ".repeat(labelColumns - width(label))}  `;
    if (last === undefined) return head;
    const { result, statistics } = last;
    const { strong, faint, bad } = this.#style;
    const room = Math.max(columns - width(head) - DELAY, 0);
    const chartColumns = Math.min(CHART, room);
    const shown = chartColumns > 0 ? delays.slice(-chartColumns) : [];
    const chart = `${head}${barChart(shown, this.#style)}${" ".repeat(chartColumns - shown.length)}`;
    const rest = columns - width(head) - chartColumns;
    const lost = `${Math.round(statistics.loss * 100)} % lost`.padStart(12);
    if ("error" in result) {
      const { failure, message } = result.error;
      return `${chart}${bad(cutTo(`  ${failure.padEnd(DELAY - 2)}${lost}  ${clean(message)}`, rest))}`;
    }
    const delay = `${milliseconds(result.pong.delay)} ms`.padStart(DELAY);
    const about = [usersOf(result.pong), messageOf(result.pong)].filter((part) => part !== undefined);
    const more = [`${lost}  avg ${milliseconds(statistics.avg)} ms`, ...about].join("  ");
    return `${chart}${strong(cutTo(delay, rest))}${faint(cutTo(more, Math.max(rest - DELAY, 0)))}`;
  }
}
