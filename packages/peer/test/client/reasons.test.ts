// Whoever sends to a client that is closed learns the reason that the close itself tells.

import { Client, type ClientOptions, definePacket, payload } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

const Item = definePacket({ name: "test:item", schema: payload<number>() });
const packets = [Item];

/** What `sendMessage` throws, which is to be thrown by `flush` and `request`, too. */
function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

const REASONS = ["enough", "", null];

test.each(REASONS)("of a client that has closed for the reason %j", async (reason) => {
  const net = new TestNetwork();
  const server = net.server({ packets });
  const client = net.client({ packets });
  net.connect(client, server);
  await client.waitForConnection();
  const closing = client.close(reason);
  expect(thrownBy(() => client.sendMessage(Item, 1))).toMatchObject({ reason });
  await net.settle();
  expect(await closing).toMatchObject({ reason, clean: true });
  expect(thrownBy(() => client.sendMessage(Item, 1))).toMatchObject({ reason });
  client.stop();
  await server.shutdown();
});

test.each(REASONS)("of a client that a server closed for the reason %j", async (reason) => {
  const net = new TestNetwork();
  const server = net.server({ packets });
  const client = net.client({ packets });
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const closing = server.closeConnection(1, reason);
  await net.settle();
  expect(await closing).toMatchObject({ reason, clean: true });
  expect(await client.waitForClose()).toMatchObject({ reason, clean: true });
  expect(thrownBy(() => client.sendMessage(Item, 1))).toMatchObject({ reason });
  client.stop();
  await server.shutdown();
});

test.each(REASONS)("of a client that was closed before it connected, for the reason %j", async (reason) => {
  const options: ClientOptions<typeof Item> = { packets };
  const client = new Client(options);
  expect(await client.close(reason)).toMatchObject({ reason });
  expect(thrownBy(() => client.sendMessage(Item, 1))).toMatchObject({ reason });
  await expect(client.flush()).rejects.toMatchObject({ reason });
});

test("one that just ended tells that it did", async () => {
  const net = new TestNetwork();
  const server = net.server({ packets });
  const client = net.client({ packets });
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  server.stop();
  await net.settle();
  expect(thrownBy(() => client.sendMessage(Item, 1))).toMatchObject({ reason: "socketclose" });
});
