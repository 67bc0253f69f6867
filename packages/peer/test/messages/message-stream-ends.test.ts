// An iterator of a client ends with the client, not only when that is stopped: nothing can come any more.

import { Client, definePacket, payload } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

const Item = definePacket({ name: "test:item", schema: payload<number>() });
const packets = [Item];
const END = { done: true, value: undefined };

async function scene(reconnect = false) {
  const net = new TestNetwork();
  const server = net.server({ packets });
  const client: Client<typeof Item> = net.client({ packets, reconnect });
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  return { net, server, client };
}

test.each(["client", "server"])(
  "an iterator ends when the %s closes, and so does a later one",
  async (who) => {
    const { net, server, client } = await scene();
    const next = client.messages(Item).next();
    const closing = who === "client" ? client.close("enough") : server.closeConnection(1, "kicked");
    await net.settle();
    await closing;
    expect(client.stopped).toBe(false);
    expect(await next).toEqual(END);
    expect(await client.messages(Item).next()).toEqual(END);
    client.stop();
    await server.shutdown();
  },
);

test.each([1, 2, 64])("with a limit of %d, all that came before the close is read first", async (limit) => {
  const { net, server, client } = await scene();
  const stream = client.messages(Item, { limit });
  for (let number = 0; number < 10; number++) server.broadcast(Item, number);
  const closing = server.closeConnection(1, "kicked");
  await net.settle();
  const read: number[] = [];
  for await (const { msg } of stream) {
    read.push(msg);
    await net.settle();
  }
  expect(read).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect((await closing).reason).toBe("kicked");
  await server.shutdown();
});

test("one that is full when its own client closes keeps what it has, and then ends", async () => {
  const { net, server, client } = await scene();
  const stream = client.messages(Item, { limit: 2 });
  for (let number = 0; number < 10; number++) server.broadcast(Item, number);
  await net.settle();
  const closing = client.close("enough");
  await net.settle();
  await closing;
  const read: number[] = [];
  for await (const { msg } of stream) read.push(msg);
  expect(read).toEqual([0, 1]);
  await server.shutdown();
});

test("it outlives a session that is lost, and ends with the client that is closed between two", async () => {
  const { net, server, client } = await scene(true);
  const stream = client.messages(Item);
  let ended = false;
  const next = stream.next().finally(() => {
    ended = true;
  });
  const lost = new Promise((resolve) => client.once("lost", resolve));
  server.stop();
  await lost;
  await net.settle();
  expect(ended).toBe(false);
  await client.close("enough");
  expect(await next).toEqual(END);
});

test.each(["close", "connect"] as const)(
  "one of a client that never had a session ends with its %s",
  async (how) => {
    const client = new Client({ packets });
    const next = client.messages(Item).next();
    if (how === "close") await client.close();
    else await expect(client.start()).rejects.toThrow();
    expect(await next).toEqual(END);
  },
);
