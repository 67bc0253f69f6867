// A session that is saved with every byte offset of its streams as the last one that arrived: nothing is missing or doubled.

import { Reloading, Said, saved, Told } from "./support/reloading.js";

const COUNT = 4;
const SENT = Array.from({ length: COUNT }, (_, index) => index + 1);
const LATER = [COUNT + 1, COUNT + 2];

/** Has a direction stop with the byte at an offset of what it has not delivered yet. */
function stopAt(link: ReturnType<Awaited<ReturnType<Reloading["started"]>>["link"]>, bytes: number): void {
  for (const [direction, end] of [
    [link.toClient, link.client],
    [link.toServer, link.server],
  ] as const) {
    const last = direction.delivered + bytes;
    const take = end.takeData.bind(end);
    direction.slice = 1;
    end.takeData = (chunk) => {
      take(chunk);
      if (direction.delivered >= last) direction.freeze();
    };
    if (bytes === 0) direction.freeze();
  }
}

/** One run. @returns how many bytes came that were not worked off, and how many were sent that had not arrived. */
async function run(offset: number, processes: boolean, noticed: boolean): Promise<readonly number[]> {
  const world = new Reloading();
  const one = world.program();
  if (processes) one.client.processAsync();
  await one.client.runAsync();
  await one.client.waitForConnection();
  await world.net.settle();
  const link = one.link();
  stopAt(link, offset);
  for (const n of SENT) {
    world.server.broadcast(Told, n);
    one.client.sendMessage(Said, n);
  }
  await world.net.settle();
  if (noticed) {
    // Both sides acknowledge meanwhile what they have.
    world.net.clock.advance(2);
    await world.net.settle();
  }
  const waiting = [link.toClient.waiting, link.toServer.waiting];
  const { client, told } = await world.started(saved(one));
  for (const n of LATER) {
    world.server.broadcast(Told, n);
    client.sendMessage(Said, n);
  }
  await world.net.settle();
  expect([...one.told, ...told]).toEqual([...SENT, ...LATER]);
  expect(world.said).toEqual([...SENT, ...LATER]);
  return waiting;
}

describe.each([
  ["processes packets as they come", true],
  ["leaves them to process()", false],
])("a client that %s", (_name, processes) => {
  test.each([
    ["before anything of it is acknowledged", false],
    ["once what came is acknowledged, a part of a packet included", true],
  ])("is saved at every offset, %s", async (_when, noticed) => {
    let offset = 0;
    for (let waiting: readonly number[] = [1]; Math.max(...waiting) > 0; offset++)
      waiting = await run(offset, processes, noticed);
    // All of the packets were gone through, and there were enough bytes of them.
    expect(offset).toBeGreaterThan(COUNT * 10);
  });
});
