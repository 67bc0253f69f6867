import { ACKNOWLEDGE_ID } from "@peng3dnet/protocol";
import { tap } from "./raw-client.js";
import { Filled, Number_, openScene, range } from "./scene.js";

/** The ids of the packets that a piece of a stream consists of. */
function idsIn(piece: Uint8Array): number[] {
  const bytes = Buffer.from(piece);
  const ids: number[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) ids.push(bytes.readUInt32BE(at + 4));
  return ids;
}

test("what is sent before, while and after the line is broken arrives once and in order, both ways", async () => {
  const scene = await openScene();
  const { client, remote, atServer, atClient } = scene;
  for (const number of range(0, 10)) {
    client.sendMessage(Number_, number);
    remote.sendMessage(Number_, number);
  }
  await scene.cut();
  expect([client.suspended, remote.suspended]).toEqual([true, true]);
  for (const number of range(10, 20)) {
    client.sendMessage(Number_, number);
    remote.sendMessage(Number_, number);
  }
  await scene.pass(0.001);
  expect([client.suspended, remote.suspended]).toEqual([false, false]);
  for (const number of range(20, 30)) {
    client.sendMessage(Number_, number);
    remote.sendMessage(Number_, number);
  }
  await scene.settle();
  expect(atServer).toEqual({ numbers: range(0, 30), events: ["suspend", "resume"], closes: [] });
  expect(atClient).toEqual({ numbers: range(0, 30), events: ["suspend", "resume"], closes: [] });
  expect(scene.attempts).toEqual(["resumed"]);
  expect(scene.faults).toEqual([]);
});

test("a client that reads slowly what is sent again gets on, and is not broken off for it", async () => {
  let lost = false;
  const scene = await openScene({
    cfg: { "net.timeout.unsent": 3, "net.resume.bytes": 2 * 1024 * 1024 },
    prepare: (link, index) => {
      if (index === 0) {
        const { write } = link.server;
        // The network took it, and it came nowhere.
        link.server.write = (bytes) => lost || write.call(link.server, bytes);
        return;
      }
      // It takes a little, and then waits.
      const { takeData } = link.client;
      let taken = 0;
      link.client.takeData = (chunk) => {
        takeData.call(link.client, chunk);
        taken += chunk.length;
        if (taken < 100_000) return;
        taken = 0;
        link.client.pause();
      };
    },
  });
  lost = true;
  for (const number of range(0, 100)) scene.remote.sendMessage(Filled, [number, new Uint8Array(10_000)]);
  await scene.settle();
  await scene.cutAndResume();
  for (let second = 0; second < 60 && scene.atClient.numbers.length < 100; second++) {
    scene.link.client.resume();
    await scene.pass(1, 0.5);
  }
  expect(scene.atServer.closes).toEqual([]);
  expect(scene.links).toHaveLength(2);
  expect(scene.atClient.numbers).toEqual(range(0, 100));
  // One that takes nothing more is, as ever.
  scene.link.client.pause();
  for (const number of range(100, 200)) scene.remote.sendMessage(Filled, [number, new Uint8Array(10_000)]);
  await scene.pass(5, 0.5);
  expect(scene.atServer.closes.map(({ reason }) => reason)).toEqual(["slowconsumer"]);
});

test("an acknowledgement leaves together with the answers to what comes", async () => {
  let written: readonly Uint8Array[] = [];
  const scene = await openScene({
    prepare: (link) => {
      written = tap(link).toClient;
    },
  });
  scene.server.on(Filled, ([number], { client }) => void client.sendMessage(Number_, number));
  for (const number of range(0, 50)) {
    scene.client.sendMessage(Filled, [number, new Uint8Array(5000)]);
    await scene.settle();
  }
  expect(scene.atClient.numbers).toEqual(range(0, 50));
  const acknowledging = written.map(idsIn).filter((ids) => ids.includes(ACKNOWLEDGE_ID));
  // 250,000 bytes came.
  expect(acknowledging.length).toBeGreaterThanOrEqual(3);
  for (const ids of acknowledging) expect(ids).toHaveLength(2);
});
