// A session that goes from one kind of line to another: over TCP at first, then over WebSocket, and back; and to another server.

import {
  CLUSTER_HOST,
  Client,
  type Connector,
  definePacket,
  payload,
  type RedirectedConnector,
  Server,
  tcpConnector,
} from "@peng3dnet/core";
import { serveWebSocket, webSocketConnector } from "@peng3dnet/websocket";
import { WebSocket } from "ws";
import { webSocketConnector as browserConnector } from "../../browser/src/websocket/connector.js";
import { track } from "../../core/test/support/cleanup.js";
import { next } from "../../core/test/support/peers.js";

const Number_ = definePacket({ name: "lines:number", schema: payload<number>() });
const Text = definePacket({ name: "lines:text", schema: payload<string>() });
const packets = [Number_, Text];
const ROUNDS = 6;
const EACH = 200;

test("a session goes on over WebSocket, and over TCP again, with nothing missing either way", async () => {
  const server = track(new Server({ addr: "127.0.0.1:0", packets, cfg: { "net.resume.window": 60 } }));
  await server.start();
  const { address } = await serveWebSocket(server, { port: 0, origins: "*" });
  const ways: Connector[] = [
    tcpConnector,
    browserConnector(`ws://127.0.0.1:${address[1]}/`, {
      WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
    }),
    webSocketConnector(`ws://127.0.0.1:${address[1]}/`),
  ];
  const used: number[] = [];
  const connector: Connector = {
    connect(request) {
      const way = used.length % ways.length;
      used.push(way);
      return (ways[way] as Connector).connect(request);
    },
  };
  const client = track(new Client({ addr: server.addr, packets, resume: { delay: 0.01 }, connector }));
  const came = { client: [] as number[], server: [] as number[] };
  const broadcasts: string[] = [];
  client.on(Number_, (number) => void came.client.push(number));
  client.on(Text, (text) => void broadcasts.push(text));
  const last = new Promise<void>((resolve) => {
    server.on(Number_, (number) => {
      if (came.server.push(number) === ROUNDS * EACH) resolve();
    });
  });
  const accepted = next(server, "handshakecomplete");
  await client.start();
  const [remote] = await accepted;
  const long = "long ".repeat(4000);
  for (let round = 0; round < ROUNDS; round++) {
    const resumed = new Promise((resolve) => client.once("resume", resolve));
    for (let number = round * EACH; number < (round + 1) * EACH; number++) {
      client.sendMessage(Number_, number);
      remote.sendMessage(Number_, number);
    }
    server.broadcast(Text, `${long}${round}`);
    // The server's end: it is a socket of Node's over either way.
    (remote.sock as { destroy(): void } | undefined)?.destroy();
    await resumed;
  }
  await last;
  await expect(remote.close()).resolves.toMatchObject({ clean: true });
  const all = Array.from({ length: ROUNDS * EACH }, (_, number) => number);
  expect(came.client).toEqual(all);
  expect(came.server).toEqual(all);
  expect(broadcasts).toEqual(Array.from({ length: ROUNDS }, (_, round) => `${long}${round}`));
  expect(used).toEqual(Array.from({ length: ROUNDS + 1 }, (_, n) => n % ways.length));
}, 60_000);

/** A client whose session is at `a` comes to `b`, which says where it is. @param to - what `b` says. */
async function ledBack(to: (url: string) => string) {
  const cfg = { "net.resume.window": 20 };
  const [a, b] = [0, 1].map(() => track(new Server({ addr: "127.0.0.1:0", packets, cfg }))) as [
    Server,
    Server,
  ];
  const urls: string[] = [];
  for (const [name, server] of Object.entries({ a, b })) {
    server[CLUSTER_HOST].resumeAmong({
      mark: new TextEncoder().encode(name.repeat(8)),
      addressOf: async () => to(urls[0] as string),
    });
    await server.start();
    const { address } = await serveWebSocket(server, { port: 0 });
    urls.push(`ws://127.0.0.1:${address[1]}/`);
  }
  const first = webSocketConnector(urls[0] as string);
  const second = webSocketConnector(urls[1] as string);
  let dialled = 0;
  const connector: Connector = {
    connect: (request) => (dialled++ === 0 ? first : second).connect(request),
    redirected: (address) => second.redirected?.(address) as RedirectedConnector,
  };
  const texts: string[] = [];
  a.on(Text, (text) => void texts.push(text));
  const accepted = next(a, "handshakecomplete");
  const client = track(new Client({ packets, resume: { delay: 0.01, redirect: true }, connector }));
  await client.start();
  const [remote] = await accepted;
  const suspended = new Promise<void>((resolve) => client.once("suspend", () => resolve()));
  const outcome = Promise.race([
    new Promise<string>((resolve) => client.once("resume", () => resolve("resume"))),
    client.waitForClose().then(({ reason, error }) => `${reason}: ${error?.message}`),
  ]);
  (remote.sock as { destroy(): void } | undefined)?.destroy();
  await suspended;
  client.sendMessage(Text, "after");
  return { outcome: await outcome, client, texts };
}

test("a session goes on at the WebSocket that another server names", async () => {
  const { outcome, client, texts } = await ledBack((url) => url);
  expect(outcome).toBe("resume");
  await client.close();
  expect(texts).toEqual(["after"]);
});

test("what is named and is no WebSocket ends it", async () => {
  const { outcome } = await ledBack((url) => url.replace("ws://", ""));
  expect(outcome).toMatch(/^resumeelsewhere: .*begins with wss:\/\/ or ws:\/\//);
});
