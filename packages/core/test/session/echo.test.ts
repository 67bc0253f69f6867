import { Client, type Server } from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { deferred, handle, startPair, startServer } from "../support/peers.js";

const PATIENT = { "net.timeout.handshake": 60, "net.timeout.close": 60 } as const;

/** A value of its own for each index, of all the kinds that packets carry. */
function item(index: number): unknown {
  switch (index % 6) {
    case 0:
      return index;
    case 1:
      return { index, text: `message ${index}`, nested: [index, [null, true]] };
    case 2:
      return `${index}: ${"äöü€🙂".repeat(index % 9)}`;
    case 3:
      return Uint8Array.of(index, index >> 8, index >> 16);
    case 4:
      return -index / 3;
    default:
      return index % 1002 === 5 ? { index, long: "x".repeat(9000) } : [index];
  }
}

/** Sends `total` values with at most `inFlight` unanswered, and checks that each comes back in its turn. */
function echoThrough(client: Client, total: number, inFlight: number): Promise<number> {
  const { promise, resolve } = deferred<number>();
  let sent = 0;
  let received = 0;
  let most = 0;
  let wrong = 0;
  handle(client, "test:echo", (msg) => {
    // A call of expect for each would take longer than the echoes.
    if (!same(msg, item(received))) wrong++;
    received++;
    if (received === total) {
      expect(wrong).toBe(0);
      resolve(most);
    } else fill();
  });
  function fill(): void {
    // In batches, as an application would that has much to say.
    if (sent - received > inFlight * 0.75) return;
    while (sent < total && sent - received < inFlight) client.sendMessage("test:echo", item(sent++));
    most = Math.max(most, sent - received);
  }
  client.once("handshakecomplete", fill);
  return promise;
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const left = Object.entries(a);
  const right = Object.entries(b);
  return (
    a.constructor === b.constructor &&
    left.length === right.length &&
    left.every(([key, entry], index) => key === right[index]?.[0] && same(entry, right[index]?.[1]))
  );
}

async function connect(server: Server, total: number, inFlight: number): Promise<number> {
  // A handshake may have to wait for its turn where everything is slow.
  const client = track(new Client({ addr: server.addr, cfg: PATIENT }));
  const done = echoThrough(client, total, inFlight);
  await client.start();
  const most = await done;
  expect((await client.close("done")).clean).toBe(true);
  return most;
}

test("100,000 echoes come back in order with 10,000 in flight", async () => {
  const server = await startServer();
  expect(await connect(server, 100_000, 10_000)).toBe(10_000);
}, 60_000);

test("200 connections at once get 500 echoes each", async () => {
  const server = await startServer({ cfg: PATIENT });
  const all = await Promise.all(Array.from({ length: 200 }, () => connect(server, 500, 100)));
  expect(all).toHaveLength(200);
  await server.shutdown();
  expect(server.clients.size).toBe(0);
}, 60_000);

test("a packet of the greatest length that is allowed goes through, one byte more is refused", async () => {
  const limit = 100_000;
  const received = deferred<unknown>();
  const { client } = await startPair({
    server: { cfg: { "net.limits.packetlength": limit, "net.compress.enabled": false } },
    client: { cfg: { "net.limits.packetlength": limit, "net.compress.enabled": false } },
    setUp: (peer) =>
      handle(peer, "test:echo", (msg, cid) => {
        if (cid === null) received.resolve(msg);
        else peer.sendMessage("test:echo", msg, cid);
      }),
  });
  // 6 bytes of header and 5 of msgpack precede the text.
  const text = "z".repeat(limit - 11);
  expect(() => client.sendMessage("test:echo", `${text}z`)).toThrow("more than the 100000 allowed");
  client.sendMessage("test:echo", text);
  expect(await received.promise).toBe(text);
});

test("handlers of both sides get what the other side sent, with its cid", async () => {
  const seen: unknown[] = [];
  const done = deferred();
  const { client, server, remote } = await startPair({
    setUp: (peer) =>
      handle(peer, "test:any", (msg, cid) => {
        seen.push([msg, cid]);
        if (seen.length === 2) done.resolve();
      }),
  });
  expect(client.sendMessage("test:any", { to: "server" })).toBe(true);
  expect(server.sendMessage(64, { to: "client" }, remote.cid)).toBe(true);
  await done.promise;
  expect(seen).toContainEqual([{ to: "server" }, remote.cid]);
  expect(seen).toContainEqual([{ to: "client" }, null]);
});
