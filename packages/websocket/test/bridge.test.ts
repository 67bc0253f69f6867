// A client over WebSocket reaches a server that has only TCP, through a bridge that knows nothing of peng3dnet.

import { connect } from "node:net";
import { type Address, Client } from "@peng3dnet/core";
import { webSocketConnector } from "@peng3dnet/websocket";
import { WebSocketServer } from "ws";
import { onCleanup, track } from "../../core/test/support/cleanup.js";
import { next } from "../../core/test/support/peers.js";
import { addressOf, Echo, echoed, echoServer, httpServer, webSocketClient } from "./support/http.js";

/** What websockify does: bytes of messages go on over TCP, and back; where one side closes, so does the other. */
async function bridge([host, port]: Address): Promise<Address> {
  const http = await httpServer();
  const wss = new WebSocketServer({ server: http });
  wss.on("connection", (ws) => {
    const tcp = connect({ host, port });
    ws.on("message", (data: Buffer) => tcp.write(data));
    ws.on("close", () => tcp.end());
    tcp.on("data", (data) => ws.send(data));
    tcp.on("end", () => ws.close(1000));
    tcp.on("error", () => ws.terminate());
  });
  onCleanup(() => {
    for (const ws of wss.clients) ws.terminate();
  });
  return addressOf(http);
}

/** A client of ours, by the connector for Node. */
async function ownClient([host, port]: Address) {
  const connector = webSocketConnector(`ws://${host}:${port}/`, { bridge: true });
  const client = track(new Client({ packets: [Echo], connector }));
  await client.start();
  return client;
}

const CLIENTS = [
  { name: "a WebSocket of ws", clientAt: (address: Address) => webSocketClient(address, { protocols: [] }) },
  { name: "our own connector", clientAt: ownClient },
];

describe.each(CLIENTS)("with $name", ({ clientAt }) => {
  test("packets of all lengths go through it, both ways", async () => {
    const server = await echoServer();
    const client = await clientAt(await bridge(server.addr));
    for (const length of [0, 1, 1000, 300_000, 1_000_000]) {
      const bytes = new Uint8Array(length).map((_, index) => index * 7);
      expect(Buffer.compare(bytes, (await echoed(client, bytes)) as Uint8Array)).toBe(0);
    }
  });

  test("a client's close, and all that it sent before, reach the server", async () => {
    const server = await echoServer();
    const client = await clientAt(await bridge(server.addr));
    const heard: unknown[] = [];
    server.on(Echo, (message) => void heard.push(message));
    for (let n = 0; n < 100; n++) client.sendMessage(Echo, n);
    const closed = next(server, "close");
    const info = await client.close("bye");
    expect([info.reason, (await closed)[1].reason]).toEqual(["bye", "bye"]);
    expect(heard).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  test("a server's reason reaches the client, behind all that it sent before", async () => {
    const server = await echoServer();
    const accepted = next(server, "handshakecomplete");
    const client = await clientAt(await bridge(server.addr));
    const heard: unknown[] = [];
    client.on(Echo, (message) => void heard.push(message));
    const [remote] = await accepted;
    for (let n = 0; n < 100; n++) remote.sendMessage(Echo, n);
    await server.shutdown({ reason: "maintenance" });
    expect((await client.waitForClose()).reason).toBe("maintenance");
    expect(heard).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });
});
