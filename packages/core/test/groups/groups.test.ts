// Groups over sockets.

import {
  type Address,
  Client,
  type Compression,
  definePacket,
  MsgpackCodec,
  nodePlatform,
  payload,
  Server,
  SIDE_CLIENT,
} from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { countdown, LOCAL, next } from "../support/peers.js";
import { RawPeer } from "../support/raw-peer.js";

const News = definePacket({ name: "test:news", schema: payload<unknown>(), side: SIDE_CLIENT });
const MIB = 1024 * 1024;

async function reader(addr: Address, onNews: (msg: unknown) => void): Promise<Client> {
  const client = track(new Client({ addr, packets: [News] }));
  client.on(News, onNews);
  await client.start();
  return client;
}

test("a long packet is encoded and deflated once for a group, and arrives at each member", async () => {
  const counts = { encoded: 0, deflated: 0 };
  const codec = new (class extends MsgpackCodec {
    override encode(value: unknown): Uint8Array {
      counts.encoded++;
      return super.encode(value);
    }
  })();
  const compression = (level: number): Compression => {
    const zlib = nodePlatform.compression(level) as Compression;
    return {
      deflate: (bytes) => {
        counts.deflated++;
        return zlib.deflate(bytes);
      },
      inflate: (bytes, limit) => zlib.inflate(bytes, limit),
    };
  };
  const server = track(
    new Server({
      addr: LOCAL,
      codec,
      validateSent: false,
      packets: [News],
      platform: { ...nodePlatform, compression },
    }),
  );
  await server.start();
  const room = server.group("room");
  server.on("handshakecomplete", (client) => void (client.cid > 1 && room.add(client)));
  const { done, hit } = countdown(4);
  const got: unknown[][] = [[], [], []];
  for (const news of got) {
    await reader(server.addr, (msg) => {
      news.push(msg);
      hit();
    });
  }
  while (room.size < 2) await next(server, "groupenter");
  Object.assign(counts, { encoded: 0, deflated: 0 });
  const long = "news ".repeat(10_000);
  expect(room.broadcast(News, long)).toBe(2);
  expect(counts).toEqual({ encoded: 1, deflated: 1 });
  expect(server.broadcast(News, "end", { to: [2, 3, 2] })).toBe(2);
  await done;
  expect(got).toEqual([[], [long, "end"], [long, "end"]]);
});

test("a member that does not read keeps nothing from the others, and leaves the group when it is given up", async () => {
  const server = track(
    new Server({
      addr: LOCAL,
      packets: [News],
      cfg: { "net.limits.unsent": 4 * MIB, "net.compress.enabled": false },
    }),
  );
  await server.start();
  const room = server.group("room");
  server.on("handshakecomplete", (client) => void room.add(client));
  const entered = next(server, "groupenter");
  const asleep = await RawPeer.activeClient(server.addr);
  const [slow] = await entered;
  asleep.socket.pause();
  let received = 0;
  let arrived = (): void => {};
  await reader(server.addr, () => {
    received++;
    arrived();
  });
  while (room.size < 2) await next(server, "groupenter");
  const left = next(server, "groupleave");
  const noise = new Uint8Array(200_000);
  let sent = 0;
  while (room.has(slow)) {
    const got = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    expect(room.broadcast(News, noise)).toBeGreaterThan(0);
    sent++;
    // The one who reads has each packet before the next one is sent, however many the other one leaves unread.
    await got;
  }
  expect((await left)[0]).toBe(slow);
  expect(received).toBe(sent);
  expect([...room]).toHaveLength(1);
});
