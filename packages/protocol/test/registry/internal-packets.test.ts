import {
  AlreadyRegisteredError,
  Packet,
  type PacketRegistry,
  registerInternalPackets,
} from "@peng3dnet/protocol";
import { FakePeer, Pair } from "../support/pair.js";

const HELLO = "peng3dnet:internal.hello";
const CLOSE = "peng3dnet:internal.closeconn";
const NAMES = [
  HELLO,
  "peng3dnet:internal.settype",
  "peng3dnet:internal.handshake",
  "peng3dnet:internal.handshake.accept",
  CLOSE,
];

/** A peer with the protocol's own packets between two of its own. */
function peerWithOwn(): FakePeer {
  const peer = new FakePeer(1);
  peer.registry.register(new Packet(peer.registry, peer), "test:before");
  registerInternalPackets(peer.registry, peer);
  peer.registry.register(new Packet(peer.registry, peer), "test:behind");
  return peer;
}

test("the protocol's own packets are each peer's own, whichever way one looks at them", () => {
  const ways: ((registry: PacketRegistry) => Packet | undefined)[] = [
    (registry) => registry.getObj(HELLO),
    (registry) => registry.getObj(1),
    (registry) => registry.find(HELLO)?.obj,
    (registry) => registry.findId(1)?.obj,
    (registry) => registry.entry(1).obj,
    (registry) => registry.getAll(HELLO)[0],
    (registry) => [...registry].find(({ name }) => name === HELLO)?.obj,
  ];
  for (const look of ways) {
    const [one, other] = [peerWithOwn(), peerWithOwn()];
    const packet = look(one.registry);
    expect([packet?.peer, packet?.reg]).toEqual([one, one.registry]);
    for (const again of ways) expect(again(one.registry)).toBe(packet);
    expect(look(other.registry)?.peer).toBe(other);
  }
});

test("they have their place in the order of registration, and count", () => {
  const expected = ["test:before", ...NAMES, "test:behind"];
  const [counted, named, listed, mapped] = [peerWithOwn(), peerWithOwn(), peerWithOwn(), peerWithOwn()];
  expect(counted.registry.size).toBe(7);
  expect(named.registry.names()).toEqual(expected);
  expect([...listed.registry].map(({ name }) => name)).toEqual(expected);
  expect(Object.keys(mapped.registry.toMap())).toEqual(expected);
  expect(listed.registry.names()).toEqual(expected);
  expect(listed.registry.size).toBe(7);
});

test("also among more than are looked for one by one", () => {
  const peer = new FakePeer(1);
  const names = Array.from({ length: 40 }, (_, at) => `test:${at}`);
  const add = (some: readonly string[]): void => {
    for (const name of some) peer.registry.register(new Packet(peer.registry, peer), name);
  };
  add(names.slice(0, 14));
  registerInternalPackets(peer.registry, peer);
  add(names.slice(14));
  expect([...peer.registry].map(({ name }) => name)).toEqual([
    ...names.slice(0, 14),
    ...NAMES,
    ...names.slice(14),
  ]);
  for (const { name, id, obj } of peer.registry) {
    expect(peer.registry.getID(name)).toBe(id);
    expect(peer.registry.getObj(id)).toBe(obj);
    expect(peer.registry.getName(obj)).toBe(name);
  }
});

test("looking at them changes neither names nor ids", () => {
  const { registry } = peerWithOwn();
  const { revision } = registry;
  expect(registry.getName(16)).toBe(CLOSE);
  expect(registry.revision).toBe(revision);
});

test("registering them does", () => {
  const peer = new FakePeer(1);
  const { revision } = peer.registry;
  registerInternalPackets(peer.registry, peer);
  expect(peer.registry.revision).not.toBe(revision);
});

test("nobody can have their names or ids beside them", () => {
  const { registry } = peerWithOwn();
  const packet = new Packet(registry, new FakePeer(1));
  expect(() => registry.register(packet, HELLO, 1)).toThrow(`the name "${HELLO}" is registered already`);
  expect(() => registry.register(packet, CLOSE)).toThrow(AlreadyRegisteredError);
  expect(registry.size).toBe(7);
});

test("they are refused where one of them is there already", () => {
  const peer = new FakePeer(1);
  peer.registry.register(new Packet(peer.registry, peer), CLOSE, 16);
  expect(() => registerInternalPackets(peer.registry, peer)).toThrow(AlreadyRegisteredError);
  expect(() => registerInternalPackets(peerWithOwn().registry, peer)).toThrow(AlreadyRegisteredError);
});

test("one of them can be taken out and replaced by another one", () => {
  const pair = new Pair();
  const { registry } = pair.client.peer;
  const heard: unknown[] = [];
  class Noted extends Packet {
    override _receive(msg: unknown): void {
      heard.push(msg);
    }
  }
  registry.deleteObj(HELLO);
  expect(registry.has(HELLO)).toBe(false);
  registry.register(new Noted(registry, pair.client.peer), HELLO, 1);
  pair.open();
  expect(heard).toMatchObject([{ protoversion: 2 }]);
});

test("a connection uses those of its own peer once somebody has looked at them, and not those of others", () => {
  const [first, second] = [new Pair(), new Pair()];
  const heard: unknown[] = [];
  const hello = first.client.peer.registry.getObj(HELLO);
  const receive = hello._receive;
  hello._receive = (msg, cid) => {
    heard.push(msg);
    return receive.call(hello, msg, cid);
  };
  first.open();
  second.open();
  expect(heard).toHaveLength(1);
  for (const { client } of [first, second]) expect(client.connection.active).toBe(true);
});

test.each([true, false])(
  "a client takes over a server's ids, whether somebody has looked at them: %p",
  (look) => {
    const setUp = (names: readonly string[]) => (peer: FakePeer) => {
      for (const name of names) peer.registry.register(new Packet(peer.registry, peer), name);
    };
    const cfg = { "net.registry.missingpacketaction": "ignore" } as const;
    const pair = new Pair(
      { setUp: setUp(["test:b", "test:c", "test:a"]) },
      { setUp: setUp(["test:d", "test:a", "test:b"]), cfg },
    );
    const { registry } = pair.client.peer;
    if (look) registry.getObj(HELLO);
    pair.open();
    expect(pair.client.errors).toEqual([]);
    for (const name of ["test:a", "test:b", ...NAMES])
      expect(registry.getID(name)).toBe(pair.server.peer.registry.getID(name));
    expect(registry.names()).toEqual(["test:d", "test:a", "test:b", ...NAMES]);
    expect(registry.lacking).toEqual(new Set(["test:d"]));
    expect(registry.getObj(HELLO).peer).toBe(pair.client.peer);
  },
);
