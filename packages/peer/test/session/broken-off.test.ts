// A connection that the server breaks off, since its client does not read: what was dropped was not sent.

import { definePacket, payload } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

const Bulk = definePacket({ name: "test:bulk", schema: payload<Uint8Array>() });

async function pair() {
  const net = new TestNetwork();
  const cfg = {
    "net.compress.enabled": false,
    "net.limits.unsent.highwater": 100_000,
    "net.limits.unsent": 600_000,
  } as const;
  const server = net.server({ packets: [Bulk], cfg });
  const client = net.client({ packets: [Bulk], cfg: { "net.compress.enabled": false } });
  const link = net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const [remote] = [...server.clients.values()];
  if (remote === undefined) throw new Error("the client is not there");
  return { net, server, link, remote };
}

test.each([
  ["many packets", 70_000, 300_000],
  ["packets that are handed over in pieces", 1_000_000, 300_000],
  ["one packet that is too much", 1_000_000, 0],
])("whoever waits for %s to be sent is told that they were not", async (_, length, first) => {
  const { net, server, link, remote } = await pair();
  let drains = 0;
  const reasons: (string | null)[] = [];
  server.on("close", (_client, { reason }) => void reasons.push(reason));
  server.on("drain", () => void drains++);
  link.toClient.freeze();
  const bulk = new Uint8Array(length);
  if (first > 0) remote.sendMessage(Bulk, new Uint8Array(first));
  const before = first > 0 ? remote.flush() : undefined;
  while (remote.active) remote.sendMessage(Bulk, bulk);
  const behind = remote.flush();
  for (const flushed of [before ?? behind, behind]) await expect(flushed).rejects.toThrow("not handed over");
  await net.settle();
  expect(drains).toBe(0);
  expect(reasons).toEqual(["slowconsumer"]);
});
