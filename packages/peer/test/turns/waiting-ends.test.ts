// Whoever waits for packets with process() waits no more once nothing can come.

import { Client, definePacket, payload } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

const Item = definePacket({ name: "test:item", schema: payload<number>() });
const packets = [Item];

/** A client whose packets wait for `process`. */
async function scene(reconnect = false) {
  const net = new TestNetwork();
  const server = net.server({ packets });
  const client = new Client({ packets, clock: net.clock, reconnect });
  const got: number[] = [];
  client.on(Item, (number) => void got.push(number));
  client.initialize();
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  return { net, server, client, got };
}

test.each(["client", "server"])(
  "process() that waits goes on when the %s closes, and so does a later one",
  async (who) => {
    const { net, server, client } = await scene();
    const waiting = client.process({ wait: true });
    const closing = who === "client" ? client.close("enough") : server.closeConnection(1, "kicked");
    await net.settle();
    await closing;
    expect(client.stopped).toBe(false);
    // What the server closes with is a packet, too.
    expect(await waiting).toBe(who === "client" ? 0 : 1);
    expect(await client.process({ wait: true })).toBe(0);
    await server.shutdown();
  },
);

test("what came before the close is processed by a loop that ends with it", async () => {
  const { net, server, client, got } = await scene();
  for (let number = 0; number < 10; number++) server.broadcast(Item, number);
  const closing = server.closeConnection(1, "kicked");
  await net.settle();
  let closed = false;
  client.once("close", () => {
    closed = true;
  });
  let counted = 0;
  while (!closed) counted += await client.process({ wait: true });
  // The last one is what the server closes with.
  expect([counted, got]).toEqual([11, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  expect((await closing).reason).toBe("kicked");
  await server.shutdown();
});

test("it waits on while another session is awaited, and goes on when the client is closed then", async () => {
  const { net, server, client } = await scene(true);
  let over = false;
  const waiting = client.process({ wait: true }).finally(() => {
    over = true;
  });
  const lost = new Promise((resolve) => client.once("lost", resolve));
  server.stop();
  await net.settle();
  await lost;
  await net.settle();
  expect(over).toBe(false);
  await client.close("enough");
  expect(await waiting).toBe(0);
});
