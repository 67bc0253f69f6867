import { markdownTable } from "../../document.js";
import { MEMORY_CEILING, type Result, WAIT_CEILING } from "./result.js";

const MIB = 1024 * 1024;

/** Bytes for people. */
function size(bytes: number): string {
  if (bytes < 10_000) return `${bytes} B`;
  return bytes < MIB ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}

const time = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? "–" : `${milliseconds.toFixed(0)} ms`;

function verdict({ faults, again }: Result): string {
  const what = faults.length === 0 ? "ok" : `FAILED: ${faults.join("; ")}`;
  return again === true ? `${what} (2nd try)` : what;
}

function cells(result: Result): readonly string[] {
  const { sent, wait, newcomer, memory, state } = result;
  return [
    size(sent),
    time(wait),
    time(newcomer),
    size(memory),
    state === undefined ? "–" : size(state.heap),
    verdict(result),
  ];
}

const WIDTHS = [11, 9, 9, 11, 11];
const pad = (texts: readonly string[]): string =>
  texts.map((text, at) => (WIDTHS[at] === undefined ? text : text.padStart(WIDTHS[at]))).join("  ");

export const heading = (): string =>
  `${"kind".padEnd(18)}${pad(["sent", "wait", "newcomer", "memory", "heap", "result"])}`;

export const line = (result: Result): string => {
  const machine =
    result.machine > WAIT_CEILING / 3 ? ` (without ${time(result.machine)} of the machine)` : "";
  return `${result.kind.name.padEnd(18)}${pad(cells(result))}${machine}`;
};

const HEAD = ["Kind", "What", "Connections", "Sent", "Longest wait", "Newcomer in", "Memory", "Result"];

/** The table for the docs. */
export function markdown(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { kind } = result;
    const [sent = "", wait = "", newcomer = "", memory = ""] = cells(result);
    const connections = String(kind.connections);
    return [`\`${kind.name}\``, kind.title, connections, sent, wait, newcomer, memory, verdict(result)];
  });
  return markdownTable([HEAD, ...rows]);
}

/** What all of it came to. */
export function summary(results: readonly Result[]): string {
  const bad = results.filter(({ faults }) => faults.length > 0);
  // Where the honest client was cut off, there is none.
  const waits = results.map(({ wait }) => wait ?? 0);
  const memory = results.map((result) => result.memory);
  const worst = `longest wait ${time(Math.max(...waits))} of ${WAIT_CEILING}, most memory ${size(Math.max(...memory))} of ${size(MEMORY_CEILING)}`;
  return `${results.length - bad.length} of ${results.length} kinds as they should be; ${worst}`;
}
