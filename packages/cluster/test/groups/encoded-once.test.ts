// What goes to many nodes is encoded and compressed once, and each server sends it under its own id, as its rules say.

import { nodePlatform } from "@peng3dnet/core";
import {
  type Compression,
  definePacket,
  MODE_NOTSET,
  MODE_PLAY,
  MsgpackCodec,
  type PacketRef,
  type Platform,
  payload,
  SIDE_CLIENT,
} from "@peng3dnet/peer";
import { z } from "zod";
import { News, TestCluster } from "../support/cluster.js";

class CountingCodec extends MsgpackCodec {
  encodes = 0;
  override encode(value: unknown): Uint8Array {
    this.encodes++;
    return super.encode(value);
  }
}

/** A platform that counts what it deflates. */
function counting(): { readonly platform: Platform; readonly count: { deflated: number } } {
  const count = { deflated: 0 };
  const compression = (level: number): Compression => {
    const real = nodePlatform.compression(level)!;
    return {
      deflate: (bytes) => {
        count.deflated++;
        return real.deflate(bytes);
      },
      inflate: (bytes, limit) => real.inflate(bytes, limit),
    };
  };
  return { platform: { ...nodePlatform, compression }, count };
}

const LONG = "abc".repeat(5000);

test("a packet is encoded once for all nodes", async () => {
  const cluster = new TestCluster();
  const codec = new CountingCodec();
  const [a, b, c] = await cluster.joinAll(["a", "b", "c"], { codec, validateSent: false });
  const guests = [await a.enter(), await b.enter(), await b.enter(), await c.enter()];
  for (const [place, { node }] of [a, b, b, c].entries()) node.group("room").add(guests[place]!.remote);
  await cluster.settle();
  codec.encodes = 0;
  a.node.group("room").broadcast(News, { n: 1 });
  await cluster.settle();
  expect([guests.map(({ news }) => news), codec.encodes]).toEqual([guests.map(() => [{ n: 1 }]), 1]);
  a.node.send(guests[3]!.id, News, 2);
  await cluster.settle();
  expect([guests[3]!.news, codec.encodes]).toEqual([[{ n: 1 }, 2], 2]);
});

test("it is compressed once, and travels compressed; who takes nothing compressed gets it whole", async () => {
  const { platform, count } = counting();
  const cluster = new TestCluster(platform);
  const [a, b, c] = await cluster.joinAll(["a", "b", "c"]);
  const guests = [
    await a.enter(),
    await b.enter(),
    await b.enter({ cfg: { "net.compress.accept": false } }),
    await c.enter({ cfg: { "net.compress.accept": false } }),
  ];
  for (const [place, { node }] of [a, b, b, c].entries()) node.group("room").add(guests[place]!.remote);
  await cluster.settle();
  count.deflated = 0;
  const before = a.node.metrics.bytesOut;
  const bytes = guests.map(({ remote }) => remote.conn.metrics.bytesOut);
  a.node.group("room").broadcast(News, LONG);
  await cluster.settle();
  expect(guests.map(({ news }) => news)).toEqual(guests.map(() => [LONG]));
  expect(count.deflated).toBe(1);
  expect(a.node.metrics.bytesOut - before).toBeLessThan(1000);
  const sent = guests.map(({ remote }, place) => remote.conn.metrics.bytesOut - bytes[place]! > LONG.length);
  expect(sent).toEqual([false, false, true, true]);
});

test("a server that compresses nothing passes nothing compressed on", async () => {
  const cluster = new TestCluster(nodePlatform);
  const a = await cluster.join("a");
  const b = await cluster.join("b", { cfg: { "net.compress.enabled": false } });
  await cluster.turn(3);
  const guest = await b.enter({ cfg: { "net.compress.accept": false } });
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  a.node.group("room").broadcast(News, LONG);
  await cluster.settle();
  expect([guest.news, guest.remote.active]).toEqual([[LONG], true]);
});

test("where it is too long for one client uncompressed, the others get it", async () => {
  const cluster = new TestCluster(nodePlatform);
  const a = await cluster.join("a");
  const b = await cluster.join("b", { cfg: { "net.limits.packetlength": 4000 } });
  await cluster.turn(3);
  const guests = [await b.enter(), await b.enter({ cfg: { "net.compress.accept": false } })];
  for (const { remote } of guests) b.node.group("room").add(remote);
  await cluster.settle();
  a.node.group("room").broadcast(News, LONG);
  await cluster.settle();
  expect(guests.map(({ news }) => news)).toEqual([[LONG], []]);
  expect(b.server.metrics.rejectedBy).toMatchObject({ packettoolong: 1 });
});

test("each server heeds the conditions of the packet, and hooks see what was sent", async () => {
  const OnlyGame = definePacket({
    name: "test:game",
    schema: payload<number>(),
    side: SIDE_CLIENT,
    mode: MODE_PLAY,
  });
  const cluster = new TestCluster();
  const packets = [News, OnlyGame];
  const [a, b] = await cluster.joinAll(["a", "b"], { packets });
  const guests = [await b.enter(), await b.enter()] as const;
  const seen: unknown[] = [];
  for (const { client, remote } of guests) {
    client.on(OnlyGame, (n) => void seen.push(n));
    b.node.group("room").add(remote);
  }
  const sent: unknown[] = [];
  guests[1].remote.onSend = (packet: PacketRef, msg: unknown) => void sent.push([packet, msg]);
  guests[1].remote.mode = MODE_PLAY;
  guests[1].client.mode = MODE_PLAY;
  expect(guests[0].remote.mode).toBe(MODE_NOTSET);
  await cluster.settle();
  a.node.group("room").broadcast(OnlyGame, 5);
  await cluster.settle();
  expect([seen, sent]).toEqual([[5], [["test:game", 5]]]);
  expect(b.server.metrics.rejectedBy).toMatchObject({ smartpacketinvalid: 1 });
});

test("where payloads are validated on sending, a server looks at those of others, too", async () => {
  const packet = (schema: z.ZodType) => definePacket({ name: "test:typed", schema, side: SIDE_CLIENT });
  const [Loose, Strict] = [packet(z.unknown()), packet(z.number())];
  const cluster = new TestCluster();
  const a = await cluster.join("a", { packets: [Loose] });
  const b = await cluster.join("b", { packets: [Strict], validateSent: true });
  await cluster.turn(3);
  const guest = await b.enter({ cfg: { "net.registry.missingpacketaction": "ignore" } });
  const seen: unknown[] = [];
  guest.client.on(Strict, (value) => void seen.push(value));
  b.node.group("room").add(guest.remote);
  await cluster.settle();
  a.node.group("room").broadcast(Loose, "text");
  a.node.group("room").broadcast(Loose, 5);
  await cluster.settle();
  expect([seen, b.node.metrics.refused, b.gaps]).toEqual([[5], 1, []]);
  expect(b.warnings.join()).toMatch(/test:typed/);
});

test("a server whose broadcast is overridden has it called, for its own and for those of others", async () => {
  const cluster = new TestCluster();
  const codec = new CountingCodec();
  const [a, b] = await cluster.joinAll(["a", "b"], { codec, validateSent: false });
  const guests = [await a.enter(), await b.enter()] as const;
  for (const [place, { node }] of [a, b].entries()) node.group("room").add(guests[place]!.remote);
  const calls: unknown[] = [];
  for (const { server } of [a, b]) {
    const broadcast = server.broadcast.bind(server);
    server.broadcast = (ptype: never, data: never, options) => {
      calls.push([ptype, data]);
      return broadcast(ptype, data, options);
    };
  }
  await cluster.settle();
  codec.encodes = 0;
  a.node.group("room").broadcast(News, 1);
  await cluster.settle();
  expect([calls.length, codec.encodes]).toEqual([2, 1]);
  expect(calls[1]).toEqual([News.name, 1]);
  expect(guests.map(({ news }) => news)).toEqual([[1], [1]]);
});
