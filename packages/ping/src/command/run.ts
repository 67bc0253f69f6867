import { setTimeout as sleep } from "node:timers/promises";
import { AbortedError, type Address, UsageError } from "@peng3dnet/core";
import { PingError, type PingFailure } from "../asking/ping-error.js";
import { pingServer } from "../asking/ping-server.js";
import type { Pong } from "../protocol/mixins.js";
import { type Arguments, HELP, parseArguments, type Target } from "./arguments.js";
import { style } from "./format.js";
import { inOwnWords } from "./own-words.js";
import { JsonReport, LiveReport, type Report, type Result, TextReport } from "./report.js";
import { resolveIn } from "./resolve.js";
import { Statistics } from "./statistics.js";
import { clean } from "./text.js";

/** All pings were answered. */
export const EXIT_OK = 0;
/** Some pings were not answered, or none was. */
export const EXIT_UNANSWERED = 1;
/** The arguments are wrong. */
export const EXIT_USAGE = 2;

/** The output cannot be written, e.g. since the disk is full. */
export const EXIT_OUTPUT = 3;

/** What the command needs of the process that runs it. */
export interface Surroundings {
  /** Writes results. */
  out(text: string): void;
  /** Writes messages about the command itself. */
  err(text: string): void;
  /** Whether output goes to a terminal that understands control sequences. */
  readonly terminal: boolean;
  /** Whether colours are wanted there. */
  readonly colours: boolean;
  /** Width of the terminal. */
  columns(): number;
  /** Version of this package. */
  readonly version: string;
  /** Fires when the user wants the command to stop. The results so far are then summed up. */
  readonly signal: AbortSignal;
}

function makeReport({ targets, count, watch, json, quiet }: Arguments, surroundings: Surroundings): Report {
  const out = (text: string): void => surroundings.out(text);
  if (json) return new JsonReport(out, !quiet, quiet || count > 1);
  const looks = style(surroundings.terminal && surroundings.colours);
  if (watch && surroundings.terminal && !quiet) {
    return new LiveReport(out, looks, () => surroundings.columns(), targets);
  }
  return new TextReport(out, looks, quiet);
}

/** Failures that say that nothing is at an address, so that the next one of the same name may be the right one. */
const NOTHING_THERE: readonly PingFailure[] = ["refused", "unreachable"];

/** Pings the addresses of a name one after the other, until there is something. */
async function pingInTurn(
  [first, ...others]: readonly Address[],
  pingOne: (addr: Address) => Promise<Pong>,
): Promise<Pong> {
  try {
    return await pingOne(first as Address);
  } catch (error) {
    const passed = error instanceof PingError && NOTHING_THERE.includes(error.failure);
    if (!passed || others.length === 0) throw error;
    return pingInTurn(others, pingOne);
  }
}

async function ping({ address }: Target, args: Arguments, signal: AbortSignal): Promise<Result> {
  const { data, cfg, family, timeout } = args;
  try {
    if (family === 0 || typeof address === "string") {
      return { pong: await pingServer({ addr: address, data, cfg, timeout, signal }) };
    }
    const begin = performance.now();
    const addresses = await resolveIn(family, address, timeout);
    // A certificate is issued for a name, so that TLS checks that and not the address that was found for it.
    const name = cfg["net.ssl.enabled"] === true ? (cfg["net.ssl.server_hostname"] ?? address[0]) : null;
    const named = { ...cfg, "net.ssl.server_hostname": name };
    const pingOne = (addr: Address): Promise<Pong> => {
      const left = timeout * 1000 - (performance.now() - begin);
      // A message that shows it is read by people, so that full milliseconds will do.
      return pingServer({ addr, data, cfg: named, timeout: Math.max(Math.ceil(left), 1) / 1000, signal });
    };
    return { pong: await pingInTurn(addresses, pingOne) };
  } catch (error) {
    if (!(error instanceof PingError)) throw error;
    const { failure, message, reason, cause } = error;
    return { error: new PingError(failure, inOwnWords(message), { reason, cause }) };
  }
}

async function pingRepeatedly(
  target: Target,
  args: Arguments,
  statistics: Statistics,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  for (let seq = 1; seq <= args.count && !signal.aborted; seq++) {
    const begin = performance.now();
    const result = await ping(target, args, signal);
    statistics.add("pong" in result ? result.pong.delay : undefined);
    report.result(target, seq, result, statistics);
    const wait = args.interval * 1000 - (performance.now() - begin);
    if (seq < args.count && wait > 0) await sleep(wait, undefined, { signal });
  }
}

/** Whether the user ended a wait. */
function interrupted(error: unknown): boolean {
  return error instanceof AbortedError || (error as Error | undefined)?.name === "AbortError";
}

/**
 * Runs the command.
 *
 * @param argv - the arguments, without the program's name.
 * @returns the exit code.
 */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const all = new Map<Target, Statistics>();
  // If the arguments keep one target from being pinged, they keep all from it.
  const stop = new AbortController();
  const signal = AbortSignal.any([surroundings.signal, stop.signal]);
  try {
    const args = parseArguments(argv);
    if (args === "help" || args === "version") {
      surroundings.out(args === "help" ? HELP : `${surroundings.version}\n`);
      return EXIT_OK;
    }
    for (const target of args.targets) all.set(target, new Statistics());
    const report = makeReport(args, surroundings);
    const pings = [...all].map(([target, statistics]) =>
      pingRepeatedly(target, args, statistics, report, signal).catch((error: unknown) => {
        if (interrupted(error)) return;
        stop.abort();
        throw error;
      }),
    );
    for (const { status, ...rest } of await Promise.allSettled(pings)) {
      if (status === "rejected") throw (rest as PromiseRejectedResult).reason;
    }
    report.finish(all);
    return [...all.values()].every(({ complete }) => complete) ? EXIT_OK : EXIT_UNANSWERED;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    surroundings.err(`peng3dnet-ping: ${clean(inOwnWords(error.message))}\nSee peng3dnet-ping --help.\n`);
    return EXIT_USAGE;
  }
}
