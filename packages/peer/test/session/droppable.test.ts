// Which droppable packets are dropped: those for a peer that does not take what it was sent, and not what a turn sends to one
// that does.

import { definePacket, payload } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

const Position = definePacket({ name: "test:position", schema: payload<Uint8Array>(), droppable: true });
const Chat = definePacket({ name: "test:chat", schema: payload<Uint8Array>() });
const packets = [Position, Chat] as const;
const POSITION = new Uint8Array(500);
/** Bytes that a link holds before its sender has to wait. */
const CAPACITY = 256 * 1024;

async function pair(highwater = 2048) {
  const net = new TestNetwork();
  const cfg = {
    "net.compress.enabled": false,
    "net.limits.unsent.policy": "drop",
    "net.limits.unsent.highwater": highwater,
  } as const;
  const server = net.server({ packets, cfg });
  const client = net.client({ packets, cfg });
  let came = 0;
  client.on(Position, () => void came++);
  const link = net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const [remote] = [...server.clients.values()];
  const turn = async (count = 10): Promise<string[]> => {
    const outcomes = Array.from({ length: count }, () => remote!.trySend(Position, POSITION));
    await net.settle();
    return outcomes;
  };
  return { net, server, client, link, remote: remote!, turn, came: () => came };
}

/** Fills what the link holds by itself, so that its sender has to wait from now on. */
async function fillLink({ net, link, remote }: Awaited<ReturnType<typeof pair>>): Promise<void> {
  link.toClient.freeze();
  remote.sendMessage(Chat, new Uint8Array(CAPACITY));
  await net.settle();
}

test("a client that reads gets all that a turn sends, far above the mark", async () => {
  const { turn, came, server } = await pair();
  for (let round = 0; round < 3; round++) expect(await turn()).not.toContain("dropped");
  expect(came()).toBe(30);
  expect(server.metrics.rejectedBy).toEqual({});
});

test("a broadcast counts as what is sent to one", async () => {
  const { server, came, net } = await pair();
  for (let count = 0; count < 10; count++) expect(server.broadcast(Position, POSITION)).toBe(1);
  await net.settle();
  expect(came()).toBe(10);
});

test("a client that does not read is dropped for from the mark on, and not once it has read again", async () => {
  const scene = await pair();
  const { link, turn, came, net, remote } = scene;
  await fillLink(scene);
  expect(await turn(3)).toEqual(["sent", "sent", "sent"]);
  // The fourth crosses the mark; this turn is accepted, as nobody knows yet.
  expect(await turn(3)).toEqual(["behind", "behind", "behind"]);
  expect(await turn()).toEqual(Array.from({ length: 10 }, () => "dropped"));
  expect(remote.conn.metrics.unsent).toBeLessThan(2048 + 3 * 520);
  link.toClient.thaw();
  await net.settle();
  expect(await turn()).not.toContain("dropped");
  expect(came()).toBe(16);
  // The same once more.
  await fillLink(scene);
  expect(await turn(5)).toContain("behind");
  expect(await turn()).toEqual(Array.from({ length: 10 }, () => "dropped"));
});

test("a broadcast is not counted for those for whom it was dropped, and who is behind is told to go on", async () => {
  const scene = await pair();
  const { server, net, link } = scene;
  const drained: unknown[] = [];
  server.on("drain", (client) => void drained.push(client));
  await fillLink(scene);
  for (let count = 0; count < 6; count++) expect(server.broadcast(Position, POSITION)).toBe(1);
  await net.settle();
  expect(server.broadcast(Position, POSITION)).toBe(0);
  expect(drained).toEqual([]);
  link.toClient.thaw();
  await net.settle();
  expect(drained).toEqual([scene.remote]);
  expect(server.broadcast(Position, POSITION)).toBe(1);
});

test("one turn may not pile up more than 64 KiB beyond what the peer takes", async () => {
  const scene = await pair();
  await fillLink(scene);
  const outcomes = await scene.turn(1000);
  expect(outcomes.filter((outcome) => outcome !== "dropped")).toHaveLength(Math.ceil((64 * 1024) / 516));
  expect(outcomes.at(-1)).toBe("dropped");
});

test("packets that may not be dropped make a client be behind, as ever", async () => {
  const scene = await pair();
  await fillLink(scene);
  scene.remote.sendMessage(Chat, new Uint8Array(3000));
  await scene.net.settle();
  expect(await scene.turn(1)).toEqual(["dropped"]);
  expect(scene.remote.trySend(Chat, POSITION)).toBe("behind");
});
