// The honest client, in a process of its own: echoes all the time over one connection, and over a WebSocket beside it where
// the server has a door for these; and comes in over others, through either door in turn.

import { setTimeout as sleep } from "node:timers/promises";
import { webSocketConnector } from "@peng3dnet/browser";
import { Client, type ClientOptions, Packet } from "@peng3dnet/core";
import { WebSocket } from "ws";
import { Handler } from "../../exchange.js";
import { answer } from "../../ipc.js";
import { clientTls } from "./certificate.js";
import { Echoes } from "./echoes.js";
import { kindOf } from "./kinds.js";
import { enter } from "./newcomer.js";
import { DEADLINES, ECHO, IN, Issues, OUT, Points, RULED, ruled } from "./packets.js";
import { answerQuiz } from "./requests.js";
import type { Ports } from "./victim.js";

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

/** From one newcomer to the next. */
const BREAK = 100;

const [name = "", folder = ""] = process.argv.slice(2);
const tls = kindOf(name).victim?.tls === true;

let all: readonly Echoes[] = [];
let over = false;
const newcomers: number[] = [];
const refused: string[] = [];

/** Connects, and echoes from then on. */
async function echoing(options: ClientOptions, label: string): Promise<Echoes> {
  const made = new Client({ ...options, cfg: { ...DEADLINES, ...(tls && clientTls(folder)) } });
  const echoes = new Echoes(made, label);
  made.registerPacket(ECHO.name, new Handler(made, (number) => echoes.heard(number)));
  made.registerPacket(IN.name, new Packet(made.registry, made));
  made.registerPacket(OUT.name, new Packet(made.registry, made));
  made.registerPacket(RULED.name, ruled(made));
  made.register(Points);
  made.register(Issues);
  answerQuiz(made);
  await made.start();
  return echoes;
}

function overWebSocket(port: number): ClientOptions {
  const connector = webSocketConnector(`ws://127.0.0.1:${port}/`, { WebSocket });
  return { connector, addr: connector.address };
}

async function comeIn({ port, webSocketPort }: Ports): Promise<void> {
  for (let turn = 0; !over; turn++) {
    const since = performance.now();
    try {
      if (webSocketPort !== undefined && turn % 2 === 0) await enter(webSocketPort, "websocket");
      else await enter(port, tls ? "tls" : "tcp");
      newcomers.push(performance.now() - since);
    } catch (error) {
      // The end is nobody's fault.
      if (!over) refused.push((error as Error).message);
    }
    await sleep(BREAK);
  }
}

answer({
  async start({ port, webSocketPort }: Ports): Promise<void> {
    const made = [await echoing({ addr: ["127.0.0.1", port] }, "")];
    await enter(port, tls ? "tls" : "tcp");
    if (webSocketPort !== undefined) {
      made.push(await echoing(overWebSocket(webSocketPort), "over WebSocket: "));
      await enter(webSocketPort, "websocket");
    }
    all = made;
    for (const echoes of all) echoes.start();
    // Code that runs for the first time is slow on both sides.
    await sleep(200);
  },
  measure({ ports, victim }: { readonly ports: Ports; readonly victim: number }): void {
    for (const echoes of all) echoes.measure(victim);
    void comeIn(ports);
  },
  /** Waits for what is outstanding, up to some seconds. */
  async stop(patience: number): Promise<Honest> {
    over = true;
    for (const echoes of all) echoes.stop();
    const until = performance.now() + patience * 1000;
    while (all.some(({ outstanding }) => outstanding) && performance.now() < until) await sleep(5);
    for (const echoes of all) echoes.giveUp();
    const closed = all.flatMap((echoes) => echoes.closed ?? [])[0];
    return {
      longest: Math.max(...all.map(({ longest }) => longest)),
      machine: Math.max(...all.map(({ machine }) => machine)),
      answered: all.reduce((sum, { answered }) => sum + answered, 0),
      newcomers,
      refused,
      ...(closed !== undefined && { closed }),
    };
  },
});
