// Peers that decline compression: over sockets, beside Python peers that know nothing of that, and in a broadcast.

import { deflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { Client, type ConfigOverrides, type Server, type ServerOptions } from "@peng3dnet/core";
import { TestNetwork } from "@peng3dnet/core/testing";
import { TestNetwork as PlainNetwork } from "@peng3dnet/peer/testing";
import { track } from "../support/cleanup.js";
import { countdown, echo, handle, next, startPair, startServer } from "../support/peers.js";
import { pythonClient, pythonServer } from "../support/python-peer.js";
import { RawPeer } from "../support/raw-peer.js";
import {
  accept,
  frame,
  HANDSHAKE,
  HELLO,
  packet,
  SETTYPE,
  settype,
  value,
  type WirePacket,
} from "../support/wire.js";

const DECLINES: ConfigOverrides = { "net.compress.accept": false };
const LONG = "a".repeat(20_000);
const EXT = { compress: { accept: false } };
const ECHO = 64;

/** A client of a server that is written byte by byte, after the handshake. */
async function rawClient(server: Server, declines: boolean): Promise<RawPeer> {
  const peer = await RawPeer.connect(server.addr);
  expect((await peer.packet()).id).toBe(HELLO);
  peer.write(declines ? packet(SETTYPE, { conntype: "classic", ext: EXT }) : settype());
  const registry = await peer.packet();
  expect([registry.id, registry.flags]).toEqual([
    HANDSHAKE,
    declines || registry.bytes.length < 1000 ? 0 : 1,
  ]);
  const complete = next(server, "handshakecomplete");
  peer.write(accept());
  await complete;
  return peer;
}

test.each<[string, ConfigOverrides, ConfigOverrides]>([
  ["the client", {}, DECLINES],
  ["the server", DECLINES, {}],
  ["both", DECLINES, DECLINES],
  ["neither", {}, {}],
])("long packets arrive both ways where %s declines", async (_, server, client) => {
  const heard: unknown[] = [];
  const { done, hit } = countdown(2);
  const pair = await startPair({
    server: { cfg: server },
    client: { cfg: client },
    setUp: (peer) =>
      handle(peer, "test:long", (text) => {
        heard.push(text);
        hit();
      }),
  });
  pair.client.sendMessage("test:long", LONG);
  pair.server.sendMessage("test:long", LONG, pair.remote.cid);
  await done;
  expect(heard).toEqual([LONG, LONG]);
});

test("a server does as each client asks, also in answers", async () => {
  const server = await startServer();
  const flags: number[] = [];
  for (const declines of [true, false]) {
    const peer = await rawClient(server, declines);
    peer.write(frame(ECHO, deflateSync(encode(LONG)), 1));
    const answer = await peer.packet();
    expect(value(answer)).toBe(LONG);
    flags.push(answer.flags);
  }
  expect(flags).toEqual([0, 1]);
});

test("a long registry goes to each client as it asks, too", async () => {
  const server = await startServer({}, (peer) => {
    for (let index = 0; index < 1000; index++) handle(peer, `test:packet.${index}`);
  });
  // Looks at the flags of the handshake packet, of which a compressed one has some thousand bytes.
  for (const declines of [false, true, false]) await rawClient(server, declines);
  expect(server.clients.size).toBe(3);
});

test("a Python server ignores that a client declines, and what it compresses arrives", async () => {
  const server = await pythonServer({
    names: { "test:item": ECHO },
    raw: frame(ECHO, deflateSync(encode(LONG)), 1),
  });
  const client = track(new Client({ addr: server.addr, cfg: DECLINES }));
  const arrived = new Promise((resolve) => handle(client, "test:item", resolve));
  await client.start();
  expect(await arrived).toBe(LONG);
  client.sendMessage("test:item", LONG);
  const seen = server.closed();
  await client.close("enough");
  expect(await seen).toEqual({ received: [LONG], reason: "enough" });
});

test("a Python client ignores that a server declines, and what it compresses arrives", async () => {
  const heard: unknown[] = [];
  const server = await startServer({ cfg: DECLINES }, (peer) =>
    handle(peer, "test:item", (text) => void heard.push(text)),
  );
  const closed = next(server, "close");
  const raw = frame(ECHO, deflateSync(encode(LONG)), 1);
  const seen = await pythonClient(server.addr, { raw, closeWith: "enough" });
  expect(seen.reason).toBe("enough");
  expect((await closed)[1]).toMatchObject({ reason: "enough", error: undefined });
  expect(heard).toEqual([LONG]);
});

test("a runtime without compression is sent none, without a word in its options", async () => {
  const [node, plain] = [new TestNetwork(), new PlainNetwork()];
  const [server, client] = [node.server(), plain.client()];
  echo(server);
  const echoed = new Promise((resolve) => handle(client, "test:echo", resolve));
  plain.connect(client, server);
  await client.waitForConnection();
  client.sendMessage("test:echo", LONG);
  expect(await echoed).toBe(LONG);
  expect(client.metrics.rejectedBy).toEqual({});
});

describe("a broadcast", () => {
  /** A value that counts how often it is encoded. */
  function counted(text: string): { readonly value: object; readonly encoded: () => number } {
    let count = 0;
    return {
      value: {
        get text() {
          count++;
          return text;
        },
      },
      encoded: () => count,
    };
  }

  async function audience(declining: readonly boolean[], options: ServerOptions = {}) {
    const server = await startServer(options, echo);
    const peers: RawPeer[] = [];
    for (const declines of declining) peers.push(await rawClient(server, declines));
    return { server, peers };
  }

  test("is encoded once for those who decline, and once for the others", async () => {
    const { server, peers } = await audience([false, true, true, false, true]);
    const { value: message, encoded } = counted(LONG);
    expect(server.broadcast("test:echo", message)).toBe(5);
    expect(encoded()).toBe(2);
    const packets: WirePacket[] = [];
    for (const peer of peers) packets.push(await peer.packet());
    expect(packets.map(({ flags }) => flags)).toEqual([1, 0, 0, 1, 0]);
    expect(packets.map(value)).toEqual(Array(5).fill({ text: LONG }));
  });

  test("is encoded once where nobody declines, or all do", async () => {
    for (const declines of [true, false]) {
      const { server, peers } = await audience([declines, declines]);
      const { value: message, encoded } = counted(LONG);
      server.broadcast("test:echo", message);
      expect(encoded()).toBe(1);
      expect((await peers[1]?.packet())?.flags).toBe(declines ? 0 : 1);
    }
  });

  test("that is too long for those who decline reaches the others; they are counted", async () => {
    const cfg = { "net.limits.packetlength": 10_000 };
    const { server, peers } = await audience([true, false, true], { cfg });
    expect(server.broadcast("test:echo", LONG)).toBe(1);
    expect(value(await (peers[1] as RawPeer).packet())).toBe(LONG);
    expect(server.metrics.rejectedBy).toEqual({ packettoolong: 2 });
    expect(server.broadcast("test:echo", "short")).toBe(3);
    expect(value(await (peers[0] as RawPeer).packet())).toBe("short");
  });

  test("that is too long for the others, too, is an error, and nobody gets it", async () => {
    const cfg = { "net.limits.packetlength": 10_000, "net.limits.inflated": 15_000 };
    const { server, peers } = await audience([true, false], { cfg });
    expect(() => server.broadcast("test:echo", LONG)).toThrow("net.limits.inflated");
    expect(server.broadcast("test:echo", "short")).toBe(2);
    expect(value(await (peers[0] as RawPeer).packet())).toBe("short");
  });

  test("that cannot be encoded reaches nobody, whoever comes first", async () => {
    const { server, peers } = await audience([true, false]);
    let count = 0;
    const message = {
      get text() {
        count++;
        if (count === 2) throw new Error("changed its mind");
        return LONG;
      },
    };
    expect(() => server.broadcast("test:echo", message)).toThrow();
    server.broadcast("test:echo", "short");
    for (const peer of peers) expect(value(await peer.packet())).toBe("short");
  });
});
