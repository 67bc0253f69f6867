// What is kept of long packets that are worked off, and of connections that are over.

import { type ClientOnServer, type CloseInfo, definePacket, observe, payload } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { collect } from "../support/collect.js";

const Long = definePacket({ name: "test:long", schema: payload<Uint8Array>() });
const packets = [Long];
const cfg = { "net.compress.enabled": false };
const LENGTH = 1000 * 1000;

test("of a long packet that was handled nothing is kept, although nothing more is read", async () => {
  const net = new TestNetwork();
  const server = net.server({ packets, cfg });
  const client = net.client({ packets, cfg });
  let bytes: WeakRef<object> | undefined;
  server.on(Long, (msg, { client }) => {
    bytes = new WeakRef(msg.buffer);
    client.conn.pause();
  });
  // In pieces, the packet is put together in memory of its own.
  const link = net.connect(client, server);
  link.toServer.slice = 64 * 1024;
  await net.pass(1);
  client.sendMessage(Long, new Uint8Array(LENGTH));
  await net.settle();
  await collect();
  expect(bytes).toBeDefined();
  expect(bytes?.deref()).toBeUndefined();
  server.stop();
});

test("of output that was not sent a client keeps nothing that is closed, be it kept itself", async () => {
  const net = new TestNetwork();
  const server = net.server({ packets, cfg });
  const kept: ClientOnServer[] = [];
  server.on("close", (client) => void kept.push(client));
  await collect();
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 8; count++) {
    const client = net.client({ packets, cfg });
    const link = net.connect(client, server);
    await net.pass(1);
    link.toClient.freeze();
    server.broadcast(Long, new Uint8Array(LENGTH));
    await net.settle();
    link.cut();
    await net.settle();
  }
  expect(kept).toHaveLength(8);
  await collect();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * LENGTH);
  server.stop();
});

test("how a client was closed keeps nothing of its connection", async () => {
  const net = new TestNetwork();
  const server = net.server();
  const infos: CloseInfo[] = [];
  const play = async (): Promise<WeakRef<object>> => {
    const client = net.client();
    client.on("close", (info) => void infos.push(info));
    const link = net.connect(client, server);
    await net.pass(1);
    link.cut();
    await net.settle();
    return new WeakRef(client);
  };
  const client = await play();
  await collect();
  expect(infos).toMatchObject([{ error: { code: "P3D_ERR_CONNECTION_LOST" } }]);
  expect(client.deref()).toBeUndefined();
  server.stop();
});

test("a server that is observed keeps nothing of clients that have left, be it that nobody takes a census", async () => {
  const net = new TestNetwork();
  const server = net.server();
  const observing = observe(server, {});
  observing.census();
  const play = async (): Promise<WeakRef<object>> => {
    const client = net.client();
    net.connect(client, server);
    await net.pass(1);
    const ref = new WeakRef(server.clients.get(1) as object);
    expect(ref.deref()).toBeDefined();
    void client.close("done");
    await net.pass(1);
    return ref;
  };
  const ref = await play();
  await collect();
  expect(ref.deref()).toBeUndefined();
  expect(observing.census().connections).toBe(0);
  observing.end();
  server.stop();
});
