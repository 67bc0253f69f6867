// Clients that know nothing of resumption, as those of the reference, on a server that has it.

import { observe } from "@peng3dnet/peer";
import { tap } from "./raw-client.js";
import { Double, Filled, Number_, openScene, range, type Scene } from "./scene.js";

/** What a client without resumption and a server write, packet by packet. */
async function spoken(window: number): Promise<{ toClient: Buffer; toServer: Buffer; scene: Scene }> {
  const taps: ReturnType<typeof tap>[] = [];
  const scene = await openScene({
    cfg: { "net.resume.window": window },
    client: { resume: false },
    prepare: (link) => void taps.push(tap(link)),
  });
  scene.server.answer(Double, (number) => 2 * number);
  for (const number of range(0, 20)) {
    scene.client.sendMessage(Number_, number);
    scene.remote.sendMessage(Filled, [number, new Uint8Array(5000)]);
  }
  await scene.settle();
  await expect(scene.client.request(Double, 4)).resolves.toBe(8);
  await scene.pass(5, 1);
  const { toClient, toServer } = taps[0] as ReturnType<typeof tap>;
  return { toClient: Buffer.concat(toClient), toServer: Buffer.concat(toServer), scene };
}

test("but for the hello, not a byte is another one", async () => {
  const [off, on] = [await spoken(0), await spoken(30)];
  expect(on.toServer).toEqual(off.toServer);
  const behindHello = (bytes: Buffer): Buffer => bytes.subarray(4 + bytes.readUInt32BE(0));
  expect(behindHello(on.toClient)).toEqual(behindHello(off.toClient));
  expect(on.toClient.length).toBeGreaterThan(off.toClient.length);
});

test("when its line breaks it is over, on both sides, at once", async () => {
  const { scene } = await spoken(30);
  await scene.cut();
  const { atClient, atServer, server } = scene;
  expect([atClient.events, atServer.events, server.clients.size]).toEqual([["close"], ["close"], 0]);
  expect([...atClient.closes, ...atServer.closes].map(({ reason }) => reason)).toEqual([
    "socketclose",
    "socketclose",
  ]);
  expect(scene.net.clock.timers).toBe(0);
});

test("a client with resumption on a server without it is as any other", async () => {
  const scene = await openScene({ cfg: { "net.resume.window": 0 } });
  scene.client.sendMessage(Number_, 0);
  await scene.settle();
  // Nobody acknowledges what would be kept.
  const looking = observe(scene.client, {});
  expect(looking.census().kept).toBe(0);
  void looking.end();
  await scene.cut();
  await scene.pass(5, 1);
  expect([scene.atServer.numbers, scene.links.length]).toEqual([[0], 1]);
  expect([scene.atClient.events, scene.atServer.events]).toEqual([["close"], ["close"]]);
});

test("a client that comes back to a server that was started anew learns it at once", async () => {
  const [before, after] = [await openScene(), await openScene({ cfg: { "net.resume.window": 0 } })];
  before.online = false;
  await before.cut();
  const link = before.link;
  expect(link.client.isClosed).toBe(true);
  const { MemoryLink } = await import("@peng3dnet/peer/testing");
  const next = new MemoryLink();
  after.server.accept(next.server);
  before.client.attach(next.client);
  await before.settle();
  expect(before.atClient.closes).toMatchObject([{ reason: "resumeunknown" }]);
});
