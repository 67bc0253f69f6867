import { setTimeout as sleep } from "node:timers/promises";
import type { Server } from "@peng3dnet/core";
import { events, type HeadlessPeng } from "@peng3dnet/peng3d-events";
import type { AppName } from "./kind.js";
import { OUT, TypedIn } from "./packets.js";

/** Called with each packet. */
export type Receive = (msg: unknown, cid: number) => void | Promise<void>;
type App = (server: Server, bus: HeadlessPeng | undefined) => Receive;

/** What an application keeps for each client: the last that it said. */
function keepLast(change: (msg: unknown) => unknown): App {
  return (server) => {
    const last = new Map<number, unknown>();
    server.on("close", ({ cid }) => void last.delete(cid));
    return (msg, cid) => void last.set(cid, change(msg));
  };
}

/** Applies to the maps in a list, or to the one that there is. */
function eachMap(change: (map: object) => object): (msg: unknown) => unknown {
  const one = (value: unknown): unknown =>
    typeof value === "object" && value !== null && !(value instanceof Uint8Array) ? change(value) : value;
  return (msg) => (Array.isArray(msg) ? msg.map(one) : one(msg));
}

/** Time that a slow consumer takes for each message, in milliseconds. */
const SLOW = 20;
/** What a slow consumer does. It keeps no process alive: messages may be left when the server has shut down. */
const slowly = (): Promise<void> => sleep(SLOW, undefined, { ref: false });
/** Longer than any wait may be, in milliseconds. */
const BLOCKED = 600;
/** What is kept at most of short values, e.g. of tokens. */
const KEPT = 10_000;
/** What players are kicked for, of as many bytes as a client takes of it. */
const MISDEED = "x".repeat(256);
/** Bytes of an answer. */
const ANSWER = new Uint8Array(64 * 1024).map((_, at) => (at * 7919) >> 3);

/** What the victim's application does with packets of attackers. But for the last ones, it is what honest ones do. */
export const APPS: Readonly<Record<AppName, App>> = {
  ignore: () => () => {},
  spread: keepLast(eachMap((map) => ({ ...map }))),
  entries: keepLast(eachMap((map) => Object.fromEntries(Object.entries(map)))),
  clone: keepLast((msg) => structuredClone(msg)),
  json: keepLast((msg) => JSON.parse(JSON.stringify(msg))),
  // Takes the first value of each packet, e.g. a token, and forgets the rest.
  keep: () => {
    const kept: unknown[] = [];
    return (msg) => {
      kept.push((msg as readonly unknown[])[0]);
      if (kept.length > KEPT) kept.shift();
    };
  },
  // Kicks whoever's line breaks.
  kick: (server) => {
    server.on("suspend", (client) => void client.close(MISDEED).catch(() => {}));
    return () => {};
  },
  broadcast: (server) => (msg) => {
    server.broadcast(OUT.name, msg);
  },
  reply: (server) => (_msg, cid) => {
    server.sendMessage(OUT.name, ANSWER, cid);
  },
  // Rooms that players name; each of them is in two.
  groups: (server) => {
    const last = new Map<number, string>();
    server.on("close", ({ cid }) => void last.delete(cid));
    return (msg, cid) => {
      const client = server.clients.get(cid);
      if (client === undefined) return;
      const before = last.get(cid);
      server.group(String(msg)).add(client);
      if (before !== undefined) server.group(before).delete(client);
      last.set(cid, String(msg));
    };
  },
  throw: () => (msg) => {
    throw msg;
  },
  reject: () => async (msg) => {
    throw msg;
  },
  messages: (server) => {
    void (async () => {
      for await (const _ of server.messages(TypedIn)) await slowly();
    })();
    return () => {};
  },
  events: (server, bus) => {
    if (bus === undefined) throw new Error("without a bus there are no events");
    void (async () => {
      const options = { overflow: "dropoldest" } as const;
      for await (const _ of events(server, "peng3dnet:server.connection.recv", options)) await slowly();
    })();
    return () => {};
  },
  block: () => () => {
    // By the processor: while others have it, that is the machine's share of the wait.
    const since = process.cpuUsage();
    for (let used = process.cpuUsage(since); used.user + used.system < BLOCKED * 1000; )
      used = process.cpuUsage(since);
  },
  hoard: () => {
    const hoard: Uint8Array[] = [];
    return () => void hoard.push(new Uint8Array(64 * 1024 * 1024).fill(1));
  },
  exit: () => () => process.exit(3),
};
