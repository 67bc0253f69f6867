// What stands between both sides, such as a proxy that is restarted, ends both of its streams in order while one side closes, and
// has bytes that the other side does not have.

import type { MemoryLink } from "@peng3dnet/peer/testing";
import { Number_, openScene, Scene } from "./scene.js";

const SIDES = ["client", "server"] as const;

/** Has a side send a number and close, of which nothing arrives any more; then both sides see the end of the other one's stream. */
async function closeAndEnd(scene: Scene, side: (typeof SIDES)[number]) {
  const { toClient, toServer } = scene.link;
  for (const direction of [toClient, toServer]) direction.freeze();
  const { client, remote } = scene;
  if (side === "client") client.sendMessage(Number_, 7);
  else remote.sendMessage(Number_, 7);
  const closed = side === "client" ? client.close("bye") : remote.close("bye");
  await scene.settle();
  for (const direction of [toClient, toServer]) {
    direction.endAfter(direction.delivered);
    direction.thaw();
  }
  await scene.settle();
  return closed;
}

test.each(SIDES)(
  "as the %s closes: the line broke, and what was sent last arrives over another one",
  async (side) => {
    const scene = await openScene();
    const { atClient, atServer } = scene;
    const closed = closeAndEnd(scene, side);
    await scene.pass(0.01, 0.001);
    const other = side === "client" ? atServer : atClient;
    expect(other.numbers).toEqual([7]);
    expect(other.closes).toEqual([{ reason: "bye", error: undefined, clean: true }]);
    await expect(closed).resolves.toEqual({ reason: "bye", error: undefined, clean: true });
    expect([atClient.events, atServer.events]).toEqual([
      ["suspend", "resume", "close"],
      ["suspend", "resume", "close"],
    ]);
    expect(scene.faults).toEqual([]);
  },
);

test.each(SIDES)(
  "as the %s closes, and no other line comes: the close is not clean, after net.timeout.close",
  async (side) => {
    const timeouts = { "net.timeout.close": 5 };
    const scene = await openScene({ cfg: timeouts, clientCfg: timeouts });
    scene.online = false;
    const closed = closeAndEnd(scene, side);
    await scene.pass(5, 0.5);
    await expect(closed).resolves.toMatchObject({ reason: "bye", clean: false });
  },
);

test("as the server shuts down, it counts as unclean at once, since nobody can come back", async () => {
  const scene = await openScene();
  const { toClient, toServer } = scene.link;
  toClient.freeze();
  const shutDown = scene.server.shutdown({ reason: "restart" });
  await scene.settle();
  toServer.endAfter(toServer.delivered);
  await scene.settle();
  await expect(shutDown).resolves.toMatchObject({ clean: 0, unclean: 1 });
});

test("without resumption, the end is taken for the answer, since the other side says no more", async () => {
  const scene = await openScene({ client: { resume: false } });
  await expect(closeAndEnd(scene, "server")).resolves.toMatchObject({ reason: "bye", clean: true });
  expect(scene.atClient.numbers).toEqual([]);
});

test("in a handshake that is not complete, nothing is acknowledged, and the end is the answer", async () => {
  // The client has its ticket, and the server not yet what completes the handshake.
  let writes = 0;
  const prepare = ({ client, toServer }: MemoryLink): void => {
    const { write } = client;
    client.write = (bytes) => {
      if (++writes === 2) toServer.freeze();
      return write.call(client, bytes);
    };
  };
  const scene = new Scene({ prepare });
  await scene.client.connect();
  await scene.settle();
  expect([writes, scene.remote.active]).toEqual([2, false]);
  const closed = scene.remote.close("notnow");
  await scene.settle();
  scene.link.toServer.thaw();
  await expect(closed).resolves.toMatchObject({ reason: "notnow", clean: true });
  await expect(scene.client.waitForClose()).resolves.toMatchObject({ reason: "notnow", clean: true });
});
