// What becomes of droppable packets over a transport, with a mark that a turn's packets exceed by far.

import { type Client, type ClientOnServer, definePacket, payload, type Server } from "@peng3dnet/core";

const Position = definePacket({ name: "test:position", schema: payload<Uint8Array>(), droppable: true });
const Chat = definePacket({ name: "test:chat", schema: payload<Uint8Array>() });
export const packets = [Position, Chat] as const;
export type Scene = readonly [
  server: Server<ClientOnServer, (typeof packets)[number]>,
  client: Client<(typeof packets)[number]>,
];
/** Options of the server. */
export const cfg = {
  "net.compress.enabled": false,
  "net.limits.unsent.policy": "drop",
  "net.limits.unsent.highwater": 2048,
} as const;

const POSITION = new Uint8Array(500);
const CHAT = new Uint8Array(256 * 1024);

async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** @param connected - makes a server with {@link cfg} and a client of it, both with {@link packets}. */
export function testDroppable(connected: () => Promise<Scene>): void {
  async function scene() {
    const [server, client] = await connected();
    let came = 0;
    let wake = (): void => {};
    client.on(Position, () => {
      came++;
      wake();
    });
    client.on(Chat, () => {});
    const arrived = async (count: number): Promise<void> => {
      while (came < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    const [remote] = [...server.clients.values()] as [ClientOnServer<(typeof packets)[number]>];
    const turn = (): string[] => Array.from({ length: 10 }, () => remote.trySend(Position, POSITION));
    return { server, client, remote, turn, arrived };
  }

  test("a client that reads gets all ten positions of each turn, with a mark of four", async () => {
    const { server, turn, arrived } = await scene();
    for (let round = 1; round <= 3; round++) {
      expect(turn()).not.toContain("dropped");
      await arrived(10 * round);
    }
    expect(server.metrics.rejectedBy).toEqual({});
  });

  test("for a client that does not read, positions are dropped and others kept, until it reads again", async () => {
    const { server, client, remote, turn, arrived } = await scene();
    client.conn?.pause();
    while (remote.conn.metrics.unsent < 2 * CHAT.length) {
      remote.sendMessage(Chat, CHAT);
      await settle();
    }
    expect(turn()).toEqual(Array.from({ length: 10 }, () => "dropped"));
    expect(remote.trySend(Chat, POSITION)).toBe("behind");
    const drained = new Promise<void>((resolve) => server.once("drain", () => resolve()));
    client.conn?.resume();
    await drained;
    expect(turn()).not.toContain("dropped");
    await arrived(10);
    expect(server.metrics.rejectedBy).toEqual({ dropped: 10 });
  });
}
