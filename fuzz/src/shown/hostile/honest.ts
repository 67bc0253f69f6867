// The honest client, in a process of its own: echoes all the time over one connection, and comes in over others.

import { setTimeout as sleep } from "node:timers/promises";
import { Client, Packet } from "@peng3dnet/core";
import { Handler } from "../../exchange.js";
import { clientTls } from "./certificate.js";
import { answer } from "./ipc.js";
import { kindOf } from "./kinds.js";
import { enter } from "./newcomer.js";
import { DEADLINES, ECHO, IN, Issues, OUT, Points, RULED, ruled } from "./packets.js";

/** Times in milliseconds. */
export interface Honest {
  /** From when an echo was due to its answer, or to the end. */
  readonly longest: number;
  /** How late this process itself was at most: the machine's share. */
  readonly late: number;
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
const due = new Map<number, number>();
let client: Client | undefined;
let started = 0;
let sent = 0;
let answered = 0;
let longest = 0;
let late = 0;
let closed: string | undefined;
let over = false;
const newcomers: number[] = [];
const refused: string[] = [];

function heard(number: unknown): void {
  const since = due.get(number as number);
  if (since === undefined) return;
  due.delete(number as number);
  answered++;
  longest = Math.max(longest, performance.now() - since);
}

function tick(): void {
  if (over || client === undefined || closed !== undefined) return;
  const now = performance.now();
  for (let at = started + sent * INTERVAL; at <= now; at = started + sent * INTERVAL) {
    late = Math.max(late, now - at);
    due.set(sent, at);
    client.sendMessage(ECHO.name, sent++);
  }
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
    await sleep(300);
  },
  measure(port: number): void {
    longest = 0;
    late = 0;
    answered = 0;
    void comeIn(port);
  },
  /** Waits for what is outstanding, up to some seconds. */
  async stop(patience: number): Promise<Honest> {
    over = true;
    const until = performance.now() + patience * 1000;
    while (due.size > 0 && closed === undefined && performance.now() < until) await sleep(5);
    for (const since of due.values()) longest = Math.max(longest, performance.now() - since);
    return { longest, late, answered, newcomers, refused, ...(closed !== undefined && { closed }) };
  },
});
