// A session that goes from one kind of line to another: over TCP at first, then over WebSocket, and back.

import { Client, type Connector, definePacket, payload, Server, tcpConnector } from "@peng3dnet/core";
import { serveWebSocket } from "@peng3dnet/websocket";
import { WebSocket } from "ws";
import { webSocketConnector } from "../../browser/src/websocket/connector.js";
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
    webSocketConnector(`ws://127.0.0.1:${address[1]}/`, {
      WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
    }),
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
  expect(used).toEqual(Array.from({ length: ROUNDS + 1 }, (_, n) => n % 2));
}, 60_000);
