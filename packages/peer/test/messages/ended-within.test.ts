// An iterator that a handler ends within the very packet that it would have buffered.

import { type Client, definePacket, payload } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

const Item = definePacket({ name: "test:item", schema: payload<number>() });
const packets = [Item];

async function scene() {
  const net = new TestNetwork();
  const server = net.server({ packets });
  const client: Client<typeof Item> = net.client({ packets });
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const seen: number[] = [];
  let end = (): void => {};
  client.on(Item, (item) => {
    seen.push(item);
    end();
  });
  const say = async (item: number): Promise<void> => {
    server.broadcast(Item, item);
    await net.settle();
  };
  const onItem = (call: () => void): void => {
    end = call;
  };
  return { server, client, seen, say, onItem };
}

test("by its signal holds the connection no more", async () => {
  const { server, client, seen, say, onItem } = await scene();
  const controller = new AbortController();
  const stream = client.messages(Item, { limit: 1, signal: controller.signal });
  const next = stream.next();
  onItem(() => controller.abort());
  await say(1);
  await expect(next).rejects.toMatchObject({ code: "P3D_ERR_ABORTED" });
  await say(2);
  await say(3);
  expect(seen).toEqual([1, 2, 3]);
  client.stop();
  await server.shutdown();
});

test("by return has nothing more to give, and holds the connection no more", async () => {
  const { server, client, seen, say, onItem } = await scene();
  const stream = client.messages(Item, { limit: 1 });
  onItem(() => void stream.return());
  await say(1);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  await say(2);
  expect(seen).toEqual([1, 2]);
  client.stop();
  await server.shutdown();
});
