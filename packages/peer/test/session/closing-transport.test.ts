// A transport that asks for it is told why its connection closes: once, before it is ended or broken off.

import { ConnectionLostError, type TransportHandler } from "@peng3dnet/peer";
import { MemoryLink, type MemoryTransport, TestNetwork } from "@peng3dnet/peer/testing";

/** Writes down what a transport is told of its end. */
function watch(transport: MemoryTransport): string[] {
  const calls: string[] = [];
  for (const name of ["end", "destroyAfterWrite", "destroy"] as const) {
    const original = transport[name];
    transport[name] = () => {
      calls.push(name);
      original.call(transport);
    };
  }
  Object.assign(transport, { closing: (reason: unknown) => void calls.push(`closing ${reason}`) });
  return calls;
}

async function connected() {
  const net = new TestNetwork();
  const server = net.server({ cfg: { "net.timeout.handshake": 10 } });
  const client = net.client();
  const link = new MemoryLink();
  const calls = { server: watch(link.server), client: watch(link.client) };
  server.accept(link.server);
  client.attach(link.client);
  await client.waitForConnection();
  await net.settle();
  return { net, server, client, link, calls };
}

test("of our own close, and of the answer to it", async () => {
  const { client, net, calls } = await connected();
  await client.close("enough");
  await net.settle();
  expect(calls.client).toEqual(["closing enough", "end"]);
  expect(calls.server).toEqual(["closing enough", "end"]);
});

test("of closes that cross: each side its own", async () => {
  const { client, server, net, calls } = await connected();
  void client.close("enough");
  await Promise.all([server.closeConnection(1, "kicked"), client.waitForClose()]);
  await net.settle();
  expect(calls.client).toEqual(["closing enough", "end"]);
  expect(calls.server).toEqual(["closing kicked", "end"]);
});

test("of a close without a reason", async () => {
  const { client, net, calls } = await connected();
  await client.close();
  await net.settle();
  expect(calls.client).toEqual(["closing null", "end"]);
  expect(calls.server).toEqual(["closing null", "end"]);
});

test("of a peer that just ends its stream", async () => {
  const { link, net, calls } = await connected();
  link.toServer.endAfter(0);
  await net.settle();
  expect(calls.server).toEqual(["closing socketclose", "end"]);
});

test("of what a peer did wrong", async () => {
  const { link, net, calls } = await connected();
  link.client.write(Uint8Array.of(0, 0, 0, 1, 0));
  await net.settle();
  expect(calls.server).toEqual(["closing malformedpacket", "end"]);
});

test("of a server that is stopped", async () => {
  const { server, net, calls } = await connected();
  server.stop();
  server.stop();
  await net.settle();
  expect(calls.server).toEqual(["closing socketclose", "destroy"]);
});

test("of a failure of the transport's own", async () => {
  const { server, link, net, calls } = await connected();
  server.on("handlerError", () => {});
  const session = [...server.clients.values()][0]?.conn as unknown as TransportHandler;
  session.crashed(new Error("bug"));
  await net.settle();
  expect(calls.server).toEqual(["closing internalerror", "destroy"]);
  expect(link.server.isClosed).toBe(true);
});

test("of a handshake that takes too long, of which the peer is told, too", async () => {
  const net = new TestNetwork();
  const server = net.server({ cfg: { "net.timeout.handshake": 10 } });
  const link = new MemoryLink();
  const calls = watch(link.server);
  server.accept(link.server);
  net.clock.advance(10);
  await net.settle();
  // The last one is how a link in memory does the second.
  expect(calls).toEqual(["closing handshaketimeout", "destroyAfterWrite", "end"]);
});

test("of a peer that reads nothing any more: before it is broken off", async () => {
  const { server, client, link, net, calls } = await connected();
  link.toServer.freeze();
  link.toClient.freeze();
  void client.close("enough");
  net.clock.advance(1000);
  await net.settle();
  expect(calls.client).toEqual(["closing enough", "destroy"]);
  server.stop();
});

test("of a handshake that is given up for a newer one", async () => {
  const net = new TestNetwork();
  const server = net.server({ cfg: { "net.limits.pending": 1 } });
  const link = new MemoryLink();
  const calls = watch(link.server);
  server.accept(link.server);
  server.accept(new MemoryLink().server);
  await net.settle();
  expect(calls).toEqual(["closing serverfull", "destroy"]);
  server.stop();
});

test("of the first reason alone, where a close is cut short", async () => {
  const { client, link, net, calls } = await connected();
  link.toServer.freeze();
  void client.close("enough");
  client.stop();
  await net.settle();
  expect(calls.client).toEqual(["closing enough", "destroy"]);
});

test("not of one that is gone already", async () => {
  const { server, link, net, calls } = await connected();
  const closes: unknown[] = [];
  server.on("close", (_client, { error }) => closes.push(error));
  link.cut();
  await net.settle();
  expect(closes).toEqual([expect.any(ConnectionLostError)]);
  expect(calls.server).toEqual([]);
});
