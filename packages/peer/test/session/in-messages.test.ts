// Over a transport whose writes are messages, each of which costs something, what belongs together leaves as one.

import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";
import { definePacket, payload } from "@peng3dnet/protocol";

const Ask = definePacket({ name: "test:ask", schema: payload<number>() });
const Answer = definePacket({ name: "test:answer", schema: payload<unknown>() });

/** A server that answers so many packets of so many letters to one, and what it writes then. */
async function written(inMessages: boolean, count: number, letters: number): Promise<number[]> {
  const net = new TestNetwork();
  const packets = [Ask, Answer];
  const cfg = { "net.compress.enabled": false };
  const server = net.server({ packets, cfg });
  const client = net.client({ packets, cfg });
  server.on(Ask, (_, { client: asking }) => {
    for (let index = 0; index < count; index++) asking.sendMessage(Answer, "x".repeat(letters));
  });
  let answers = 0;
  client.on(Answer, () => void answers++);
  const link = new MemoryLink();
  Object.assign(link.server, { inMessages });
  server.accept(link.server);
  client.attach(link.client);
  await client.waitForConnection();
  await net.settle();
  const lengths: number[] = [];
  const write = link.server.write;
  link.server.write = (bytes) => {
    lengths.push(bytes.length);
    return write.call(link.server, bytes);
  };
  client.sendMessage(Ask, 1);
  await net.settle();
  expect(answers).toBe(count);
  return lengths;
}

test("short packets of a batch leave together", async () => {
  expect((await written(false, 100, 10)).length).toBeGreaterThan(1);
  expect(await written(true, 100, 10)).toHaveLength(1);
});

test("what is long does not wait", async () => {
  const lengths = await written(true, 50, 1000);
  expect(lengths.length).toBeGreaterThan(2);
  for (const length of lengths.slice(0, -1)) expect(length).toBeGreaterThanOrEqual(16 * 1024);
});
