// The honest client, in a process of its own: echoes all the time over one connection, and comes in over others.

import { setTimeout as sleep } from "node:timers/promises";
import { Client, Packet } from "@peng3dnet/core";
import { Handler } from "../../exchange.js";
import { clientTls } from "./certificate.js";
import { answer } from "./ipc.js";
import { kindOf } from "./kinds.js";
import { enter } from "./newcomer.js";
import { DEADLINES, ECHO, IN, Issues, OUT, Points, RULED, ruled } from "./packets.js";
import { starved } from "./process-stats.js";

/** Times in milliseconds. */
export interface Honest {
  /** From when an echo was due to its answer, or to the end. */
  readonly longest: number;
  /** Of such a wait, how long server or client had no processor at most. It is left out of `longest`. */
  readonly machine: number;
  readonly answered: number;
  /** Why the connection was closed; undefined if it is there. */
  readonly closed?: string;
  /** Of those who came in meanwhile. */
  readonly newcomers: readonly number[];
  /** Of those who did not: why. */
  readonly refused: readonly string[];
}

const INTERVAL = 20;
/** From one newcomer to the next. */
const BREAK = 100;

const [name = "", folder = ""] = process.argv.slice(2);
const tls = kindOf(name).victim?.tls === true;
/** How long processes have been without a processor so far, in milliseconds. */
interface Starved {
  readonly victim: number;
  readonly own: number;
}

interface Echo {
  readonly since: number;
  readonly starved: Starved;
}

/** Echoes without an answer. */
const due = new Map<number, Echo>();
let client: Client | undefined;
let started = 0;
let sent = 0;
let answered = 0;
let longest = 0;
let machine = 0;
let victim = 0;
let closed: string | undefined;
let over = false;
let lastStarved: Starved = { victim: 0, own: 0 };
const newcomers: number[] = [];
const refused: string[] = [];

const starvedUntilNow = (): Starved => ({ victim: starved(victim), own: starved(process.pid) });

/** The wait for an echo that was answered, or never was, is over. */
function waited(echo: Echo): void {
  const wait = performance.now() - echo.since;
  // Short ones are of no interest, and not worth looking.
  if (wait <= longest) return;
  const now = starvedUntilNow();
  // Both may be without at the same time, and one of them alone is waited for: so not the sum.
  const share = Math.min(wait, Math.max(now.victim - echo.starved.victim, now.own - echo.starved.own));
  machine = Math.max(machine, share);
  longest = Math.max(longest, wait - share);
}

function heard(number: unknown): void {
  const echo = due.get(number as number);
  if (echo === undefined) return;
  due.delete(number as number);
  answered++;
  waited(echo);
}

function tick(): void {
  if (over || client === undefined || closed !== undefined) return;
  const now = performance.now();
  for (let since = started + sent * INTERVAL; since <= now; since = started + sent * INTERVAL) {
    due.set(sent, { since, starved: lastStarved });
    client.sendMessage(ECHO.name, sent++);
  }
  // Taken now for the next one, which may be sent late.
  lastStarved = starvedUntilNow();
  setTimeout(tick, Math.max(0, started + sent * INTERVAL - performance.now()));
}

async function comeIn(port: number): Promise<void> {
  while (!over) {
    const since = performance.now();
    try {
      await enter(port, tls);
      newcomers.push(performance.now() - since);
    } catch (error) {
      // The end is nobody's fault.
      if (!over) refused.push((error as Error).message);
    }
    await sleep(BREAK);
  }
}

answer({
  async start(port: number): Promise<void> {
    const made = new Client({
      addr: ["127.0.0.1", port],
      cfg: { ...DEADLINES, ...(tls && clientTls(folder)) },
    });
    made.registerPacket(ECHO.name, new Handler(made, heard));
    made.registerPacket(IN.name, new Packet(made.registry, made));
    made.registerPacket(OUT.name, new Packet(made.registry, made));
    made.registerPacket(RULED.name, ruled(made));
    made.register(Points);
    made.register(Issues);
    made.on("close", ({ reason }) => {
      closed = reason ?? "without a reason";
    });
    await made.start();
    await enter(port, tls);
    client = made;
    started = performance.now();
    tick();
    // Code that runs for the first time is slow on both sides.
    await sleep(200);
  },
  measure({ port, victim: pid }: { readonly port: number; readonly victim: number }): void {
    victim = pid;
    lastStarved = starvedUntilNow();
    due.clear();
    longest = 0;
    machine = 0;
    answered = 0;
    void comeIn(port);
  },
  /** Waits for what is outstanding, up to some seconds. */
  async stop(patience: number): Promise<Honest> {
    over = true;
    const until = performance.now() + patience * 1000;
    while (due.size > 0 && closed === undefined && performance.now() < until) await sleep(5);
    for (const echo of due.values()) waited(echo);
    return { longest, machine, answered, newcomers, refused, ...(closed !== undefined && { closed }) };
  },
});
