import { Client, type CloseInfo, reloadKeeper, ticker } from "@peng3dnet/browser";
import { expectSame } from "../suites/same.js";
import { CLIENT_PACKETS, Echo, Move, Moved, Numbered } from "../support/client-packets.js";
import type { ClientPrograms, SessionOrder, SessionResult } from "../support/client-program-types.js";

const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code;

/** Resolves once the client is closed. */
function closeOf(client: Client<(typeof CLIENT_PACKETS)[number]>): Promise<CloseInfo> {
  return new Promise((resolve) => client.on("close", resolve));
}

async function session(order: SessionOrder): Promise<SessionResult> {
  const { url, cfg, send = 0, letters = 1, expect = 0, close } = order;
  const client = new Client({ addr: url, packets: CLIENT_PACKETS, ...(cfg && { cfg }) });
  const closed = closeOf(client);
  const received: number[] = [];
  const enough = new Promise<void>((resolve) => {
    client.on(Numbered, ({ n }) => {
      if (received.push(n) === expect) resolve();
    });
  });
  try {
    await client.start();
  } catch (error) {
    return { failure: { code: codeOf(error) ?? "none", message: String(error) }, received };
  }
  const { sslSeclevel } = client;
  const more = "x".repeat(letters);
  for (let n = 1; n <= send; n++) client.sendMessage(Numbered, { n, more });
  if (expect > 0) await Promise.race([enough, closed]);
  if (close !== undefined) await client.close(close);
  const { reason, clean, error } = await closed;
  return { received, reason, clean, error: codeOf(error), sslSeclevel };
}

/** Of each kind, and of lengths that travel in another way: compressed, in several messages. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  2 ** 40,
  -(2n ** 63n),
  2n ** 64n - 1n,
  1.5,
  Number.NaN,
  "",
  "hello",
  "h\u00e9llo \u{1f600} \ud55c\uae00 \ufeff",
  "\u{1f600}".repeat(50_000),
  new Uint8Array(0),
  Uint8Array.from({ length: 200_000 }, (_, at) => (at * 2654435761) >>> 24),
  [],
  [1, [2, [3, {}]]],
  { a: { b: { c: [null, { "k\u00e9y": "v" }] } } },
  new Date(1_700_000_000_123),
  new Map<unknown, unknown>([
    [1, "one"],
    ["two", 2],
  ]),
  Array.from({ length: 5000 }, (_, n) => ({ n, name: `player-${n}`, pos: [n * 1.25, -n] })),
];

/** What the client of `stay` has seen. */
const stay = { received: [] as number[], life: [] as string[], closed: null as string | null };

let staying: Client<(typeof CLIENT_PACKETS)[number]> | undefined;

export const clientPrograms: ClientPrograms = {
  async stay({ url, cfg = {}, resume = false, overReloads = false, saysGoodbye = false }) {
    for (const event of ["freeze", "resume"]) document.addEventListener(event, () => stay.life.push(event));
    const client = new Client({
      addr: url,
      packets: CLIENT_PACKETS,
      cfg,
      resume: overReloads ? { keeper: reloadKeeper() } : resume,
      reconnect: overReloads,
    });
    staying = client;
    if (saysGoodbye)
      addEventListener("pagehide", ({ persisted }) => {
        if (!persisted) void client.close("tab closed");
      });
    // What a person sees.
    document.title = "connected";
    client.on("suspend", () => {
      document.title = "suspended";
      stay.life.push("suspended");
    });
    client.on("resume", () => {
      document.title = "connected";
      stay.life.push("resumed");
    });
    client.on("close", ({ reason }) => {
      stay.closed = reason ?? "no reason";
    });
    client.on(Numbered, (packet) => {
      stay.received.push(packet.n);
      client.sendMessage(Numbered, packet);
    });
    await client.start();
  },

  stayed: () => ({ ...stay, hidden: document.visibilityState === "hidden", title: document.title }),

  say({ from, to }) {
    for (let n = from; n <= to; n++) staying?.sendMessage(Numbered, { n, more: "" });
  },

  session,

  async echoValues({ url }) {
    const client = new Client({ addr: url, packets: CLIENT_PACKETS });
    const closed = closeOf(client);
    const values: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      client.on(Echo, (value) => {
        if (values.push(value) === VALUES.length) resolve();
      });
    });
    await client.start();
    for (const value of VALUES) client.sendMessage(Echo, value);
    await Promise.race([all, closed]);
    await client.close();
    for (const [index, value] of VALUES.entries()) expectSame(values[index], value, `value ${index}`);
    return values.length;
  },

  async ticks({ url, hz, steps }) {
    const client = new Client({ addr: url, packets: CLIENT_PACKETS });
    const closed = closeOf(client);
    await client.start();
    const loop = ticker(client, {
      hz,
      // A busy machine may hold the page up: no step is to be left out, however late it is.
      maxSteps: 60 * hz,
      onTick: ({ tick }) => {
        if (tick <= steps) client.sendMessage(Numbered, { n: tick, more: "" });
        if (tick === steps) void client.close("enough");
      },
    });
    await closed;
    return loop.stopped;
  },

  raw({ url, protocols, messages }) {
    const socket = new WebSocket(url, [...protocols]);
    let opened = false;
    socket.onopen = () => {
      opened = true;
      for (const message of messages) {
        socket.send(typeof message === "string" ? message : Uint8Array.from(message));
      }
    };
    return new Promise((resolve) => {
      socket.onclose = ({ code, reason }) => resolve({ opened, protocol: socket.protocol, code, reason });
    });
  },

  async move({ url, x, validateSent }) {
    const client = new Client({ addr: url, packets: CLIENT_PACKETS, validateSent });
    const closed = closeOf(client);
    const moved: number[] = [];
    client.on(Moved, (move) => {
      moved.push(move.x);
    });
    await client.start();
    let thrown: string | undefined;
    for (const one of x) {
      try {
        client.sendMessage(Move, { x: one as number, who: "ada" });
      } catch (error) {
        thrown = codeOf(error);
      }
    }
    return { thrown, reason: (await closed).reason, moved };
  },
};
