import { fork, type StdioOptions } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Child } from "../../ipc.js";
import type { Attacked } from "./attacker-process.js";
import type { Honest } from "./honest.js";
import type { Kind } from "./kind.js";
import { forgetPeak, PeakWatch, residentMemory } from "./process-stats.js";
import { MEMORY_CEILING, type Result, WAIT_CEILING } from "./result.js";
import type { Ports, State } from "./victim.js";

/** Heap of the victim, in MiB. */
const HEAP = 256;
/** Characters that the logger may get during an attack. */
const LOG_CEILING = 1024 * 1024;
/** Keys that `metrics.rejectedBy` may have: the reasons of this library, and one for all others. */
const REASONS_CEILING = 64;
/** Seconds that echoes are waited for after the attack, and that the server has to be idle again. */
const PATIENCE = 2;
const IDLE = 5;

/** An attack that shows nothing. */
const WEAK = "the attack did not get going";
/** The attacker's own reset, and its door that is closed once the attack is over. */
const ATTACKERS_OWN = ["P3D_ERR_CONNECTION_LOST", "P3D_ERR_CONNECTION_REFUSED"];

/** Connections of the honest client. */
const honestCount = ({ victim }: Kind): number => (victim?.webSocket === undefined ? 1 : 2);

const sleep = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
const brief = (text: string): string => (text.length > 160 ? `${text.slice(0, 160)}…` : text);

/** Asks the server until only the honest client is left, or the time is over. */
async function idleState(kind: Kind, victim: Child): Promise<State> {
  const until = performance.now() + IDLE * 1000;
  for (;;) {
    const state = await victim.ask<State>("state", undefined, IDLE);
    const open = kind.victim?.client === true ? 0 : state.sockets;
    if (Math.max(state.clients, open) <= honestCount(kind) || performance.now() > until) return state;
    await sleep(50);
  }
}

function faultsOf(kind: Kind, state: State): string[] {
  const faults: string[] = [];
  const left = state.clients - honestCount(kind);
  if (left > 0) faults.push(`${left} connections are left`);
  // A victim that is a client has some of its own.
  const open = kind.victim?.client === true ? 0 : state.sockets - honestCount(kind);
  if (open > 0) faults.push(`${open} sockets are left`);
  if (state.raw !== null) faults.push(`raw text in a log: ${brief(state.raw)}`);
  if (state.logged > LOG_CEILING) faults.push(`${(state.logged / 2 ** 20).toFixed(1)} MiB logged`);
  if (state.reasons > REASONS_CEILING) faults.push(`${state.reasons} reasons counted`);
  const others = Object.keys(state.codes).filter(
    (code) => code !== kind.code && !ATTACKERS_OWN.includes(code),
  );
  const undocumented = Object.keys(state.codes).find((code) => !code.startsWith("P3D_ERR_"));
  if (undocumented !== undefined)
    faults.push(`a connection ended with an undocumented error: ${undocumented}`);
  if (kind.code !== undefined && (state.codes[kind.code] === undefined || others.length > 0)) {
    faults.push(`ended with ${Object.keys(state.codes).join(", ") || "nothing"}, not ${kind.code}`);
  }
  return faults;
}

/** Starts a program of this folder in a process of its own. */
function start(program: string, kind: string, folder: string, execArgv: string[], loud: boolean): Child {
  const stdio: StdioOptions = ["ignore", "ignore", loud ? "inherit" : "ignore", "ipc"];
  return new Child(
    fork(fileURLToPath(new URL(program, import.meta.url)), [kind, folder], { execArgv, stdio }),
  );
}

/** Runs an attack against a fresh server. */
export async function attempt(kind: Kind, folder: string, loud: boolean): Promise<Result> {
  const victim = start("victim.js", kind.name, folder, [`--max-old-space-size=${HEAP}`], loud);
  const attacker = start("attacker-process.js", kind.name, folder, [], loud);
  const honest = start("honest.js", kind.name, folder, [], loud);
  try {
    const ports = await victim.ask<Ports>("start");
    const port = ports.webSocketPort ?? ports.port;
    const target = await attacker.ask<number>("prepare", undefined, 30);
    await honest.ask("start", ports);
    await victim.ask("settle");
    const before = residentMemory(victim.pid);
    forgetPeak(victim.pid);
    const watch = new PeakWatch(victim.pid);
    const faults: string[] = [];

    await honest.ask("measure", { ports, victim: victim.pid });
    await victim.ask("visit", target);
    const { bytes: sent, shortfall } = await attacker.ask<Attacked>("attack", port, 30);
    const seen = await honest.ask<Honest>("stop", PATIENCE, PATIENCE + 5);
    if (kind.stays !== true) await attacker.ask("drop");
    if (sent === 0 && kind.mute !== true) faults.push(`${WEAK}: nothing was sent`);
    else if (shortfall !== null) faults.push(`${WEAK}: ${shortfall}`);
    if (seen.closed !== undefined) faults.push(`the honest client was cut off: ${brief(seen.closed)}`);
    else if (seen.longest > WAIT_CEILING) faults.push("wait");
    if (seen.refused.length > 0) {
      const total = seen.refused.length + seen.newcomers.length;
      faults.push(`${seen.refused.length} of ${total} newcomers not in: ${brief(seen.refused[0] ?? "")}`);
    }
    let state: State | undefined;
    try {
      state = await idleState(kind, victim);
      faults.push(...faultsOf(kind, state));
      await victim.ask("shutdown", undefined, IDLE);
      if (!(await victim.leave(2))) faults.push("the process does not end after a shutdown");
    } catch (error) {
      faults.push(
        `the server ${victim.exit === undefined ? "hangs" : "died"}: ${victim.exit ?? (error as Error).message}`,
      );
    }
    const memory = Math.max(0, watch.peak() - before);
    watch.stop();
    if (Math.max(memory, state?.heap ?? 0) > MEMORY_CEILING) faults.push("memory");
    return {
      kind,
      sent,
      wait: seen.closed === undefined ? seen.longest : undefined,
      machine: seen.machine,
      newcomer: seen.newcomers.length === 0 ? undefined : Math.max(...seen.newcomers),
      memory,
      state,
      faults,
    };
  } finally {
    await Promise.all([victim.kill(), attacker.kill(), honest.kill()]);
  }
}

/** As `attempt`, once more if nothing but times were too long: it may have been the machine. */
export async function trial(kind: Kind, folder: string, loud = false): Promise<Result> {
  const first = await attempt(kind, folder, loud);
  const slow = (fault: string): boolean =>
    fault === "wait" || fault.includes("newcomers") || fault.startsWith(WEAK);
  if (first.faults.length === 0 || !first.faults.every(slow)) return first;
  return { ...(await attempt(kind, folder, loud)), again: true };
}
