// Over a transport whose writes are messages, each of which costs something, what belongs together leaves as one.

import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";
import { definePacket, payload } from "@peng3dnet/protocol";

const Ask = definePacket({ name: "test:ask", schema: payload<number>() });
const Answer = definePacket({ name: "test:answer", schema: payload<unknown>() });

interface Work {
  readonly inMessages: boolean;
  /** Packets that a client sends at once. Default: one. */
  readonly asks?: number;
  /** What each of them is answered by: so many packets of so many letters. */
  readonly answers: number;
  readonly letters: number;
}

/** How long the pieces are that a server writes its answers in. */
async function written({ inMessages, asks = 1, answers, letters }: Work): Promise<number[]> {
  const net = new TestNetwork();
  const packets = [Ask, Answer];
  const cfg = { "net.compress.enabled": false };
  const server = net.server({ packets, cfg });
  const client = net.client({ packets, cfg });
  server.on(Ask, (_, { client: asking }) => {
    for (let index = 0; index < answers; index++) asking.sendMessage(Answer, "x".repeat(letters));
  });
  let answered = 0;
  client.on(Answer, () => void answered++);
  const link = new MemoryLink();
  Object.assign(link.server, { inMessages });
  Object.assign(link.client, { inMessages: true });
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
  for (let index = 0; index < asks; index++) client.sendMessage(Ask, 1);
  await net.settle();
  expect(answered).toBe(asks * answers);
  return lengths;
}

test("short packets that one packet gave rise to leave together", async () => {
  expect((await written({ inMessages: false, answers: 100, letters: 10 })).length).toBeGreaterThan(1);
  expect(await written({ inMessages: true, answers: 100, letters: 10 })).toHaveLength(1);
});

test("the other end has answers to work on while the rest of a batch is worked off", async () => {
  const pieces = await written({ inMessages: true, asks: 64, answers: 1, letters: 10 });
  expect(pieces.length).toBeGreaterThan(1);
  // A message that is short costs more than the other end has to do by it.
  const whole = await written({ inMessages: true, asks: 12, answers: 1, letters: 10 });
  for (const piece of pieces) expect(piece).toBeGreaterThanOrEqual(whole[0] as number);
});

test("a batch is not cut in two just before its end", async () => {
  expect(await written({ inMessages: true, asks: 16, answers: 1, letters: 10 })).toHaveLength(1);
});

test("what is long does not wait", async () => {
  const lengths = await written({ inMessages: true, answers: 50, letters: 1000 });
  expect(lengths.length).toBeGreaterThan(2);
  for (const length of lengths.slice(0, -1)) expect(length).toBeGreaterThanOrEqual(16 * 1024);
});
