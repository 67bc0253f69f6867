// Heartbeats of a session that goes on over another line: the time between says nothing of either side.

import { openScene, type Scene } from "../resume/scene.js";

const cfg = { "net.heartbeat.interval": 1, "net.heartbeat.timeout": 3, "net.resume.window": 60 };

/** A session with heartbeats, which have run for a while. */
async function beating(): Promise<Scene> {
  const scene = await openScene({ cfg, clientCfg: cfg });
  await scene.pass(5, 0.5);
  return scene;
}

/** Breaks the line, and lets the client come back when much time has passed. */
async function away(scene: Scene): Promise<void> {
  scene.online = false;
  await scene.cut();
  await scene.pass(20, 0.5);
  scene.online = true;
  for (let step = 0; scene.client.suspended; step++) {
    expect(step).toBeLessThan(1000);
    await scene.pass(0.1);
  }
}

test("nobody beats while there is no line, and both go on with the next one", async () => {
  const scene = await beating();
  scene.online = false;
  await scene.cut();
  const unsent = (): number[] => [scene.server.metrics.unsent, scene.client.metrics.unsent];
  const before = unsent();
  await scene.pass(20, 0.5);
  expect(unsent()).toEqual(before);
  scene.online = true;
  await scene.pass(10, 0.5);
  expect([scene.atServer.events, scene.atClient.events]).toEqual([
    ["suspend", "resume"],
    ["suspend", "resume"],
  ]);
  scene.online = false;
  scene.link.toClient.freeze();
  scene.link.toServer.freeze();
  await scene.pass(4.5, 0.5);
  expect([scene.remote.suspended, scene.client.suspended]).toEqual([true, true]);
  for (const peer of [scene.client, scene.server]) peer.stop();
  await scene.settle();
  expect(scene.net.clock.timers).toBe(0);
});

test("a client that was silent before the line broke has all of the time-out on the next one", async () => {
  const scene = await beating();
  scene.link.toServer.freeze();
  await scene.pass(2.5, 0.5);
  scene.server.once("resume", () => scene.link.toServer.freeze());
  await away(scene);
  expect(scene.atServer.events).toEqual(["suspend", "resume"]);
  await scene.pass(2.4, 0.2);
  expect(scene.atServer.events).toEqual(["suspend", "resume"]);
  await scene.pass(2, 0.2);
  expect(scene.atServer.events.slice(0, 3)).toEqual(["suspend", "resume", "suspend"]);
});

test.each(["toClient", "toServer"] as const)(
  "what was under way when the line broke is no round trip: %s",
  async (direction) => {
    const scene = await beating();
    scene.link[direction].freeze();
    await scene.pass(1.5, 0.5);
    await away(scene);
    const trips: (number | undefined)[] = [];
    for (let look = 0; look < 40; look++) {
      trips.push(scene.client.rtt?.latest, scene.remote.rtt?.latest);
      await scene.pass(0.1);
    }
    expect(trips).toEqual(trips.map(() => 0));
  },
);
