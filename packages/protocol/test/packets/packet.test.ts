import {
  DefinedPacket,
  definePacket,
  type InvalidAction,
  InvalidSmartPacketActionError,
  Packet,
  PacketRegistry,
  type Peer,
  PrintPacket,
  SmartPacket,
} from "@peng3dnet/protocol";
import { activePair, FakePeer } from "../support/pair.js";

const peer = new FakePeer(1);

test("a packet keeps what it was made with, and has no conditions", () => {
  const registry = new PacketRegistry();
  const packet = new Packet(registry, peer, "mine");
  expect(packet).toMatchObject({ reg: registry, peer, obj: "mine" });
  expect(packet.name).toBeUndefined();
  expect(packet.rule()).toBeNull();
  expect(packet.receive("x", 1)).toBeUndefined();
  expect(packet.send(new Uint8Array(0), 1)).toBeUndefined();
});

test("_receive and _send pass on to receive and send", () => {
  const seen: unknown[] = [];
  class Seeing extends Packet<string> {
    override receive(...args: [string, number | null]): void {
      seen.push(["receive", ...args]);
    }
    override send(...args: [Uint8Array, number | null]): void {
      seen.push(["send", ...args]);
    }
  }
  const packet = new Seeing(peer.registry, peer);
  void packet._receive("msg", 3);
  void packet._send(new Uint8Array(2), null);
  expect(seen).toEqual([
    ["receive", "msg", 3],
    ["send", new Uint8Array(2), null],
  ]);
});

test("PrintPacket writes what it receives, and on a server from whom", () => {
  const lines: unknown[][] = [];
  const pair = activePair((peer) => {
    const print = new PrintPacket(peer.registry, peer, (...values) => lines.push(values));
    peer.registry.register(print, "print");
  });
  pair.client.connection.send("print", { a: 1 });
  pair.server.connection.send("print", "b");
  pair.pump();
  expect(lines).toEqual([["b"], ["1:", { a: 1 }]]);
});

test("PrintPacket prints where its peer does, and is silent where that prints nowhere", () => {
  const lines: unknown[][] = [];
  class Printing extends FakePeer {
    print(...values: unknown[]): void {
      lines.push(values);
    }
  }
  const printing = new Printing(1);
  new PrintPacket(printing.registry, printing).receive("x", 3);
  new PrintPacket(printing.registry, printing).receive({ a: 1 }, null);
  new PrintPacket(peer.registry, peer).receive("nowhere", null);
  expect(lines).toEqual([["3:", "x"], [{ a: 1 }]]);
});

test("a SmartPacket's conditions, by default and by override", () => {
  expect(new SmartPacket(peer.registry, peer).rule()).toMatchObject({
    droppable: false,
    state: 64,
    mode: null,
    side: null,
    conntype: null,
    minSslsecLevel: 0,
    invalidAction: "ignore",
  });
  class Own extends SmartPacket {
    override readonly state = null;
    override readonly mode = 4;
    override readonly side = 1;
    override readonly conntype = "x";
    override readonly minSslsecLevel = 3;
    override readonly invalidAction = "close";
  }
  expect(new Own(peer.registry, peer).rule()).toMatchObject({
    droppable: false,
    state: null,
    mode: 4,
    side: 1,
    conntype: "x",
    minSslsecLevel: 3,
    invalidAction: "close",
  });
});

test.each(["drop", "", undefined, null])("the action %p is refused when it is registered", (action) => {
  class Wrong extends SmartPacket {
    override readonly invalidAction = action as InvalidAction;
  }
  const registry = new PacketRegistry();
  const register = () => registry.register(new Wrong(registry, {} as Peer), "wrong");
  expect(register).toThrow(InvalidSmartPacketActionError);
  expect(register).toThrow(/use "ignore", "close", "error"/);
  expect(registry.has("wrong")).toBe(false);
});

const CONDITIONS: readonly [key: string, value: unknown, shown: string][] = [
  ["side", "server", '"server"'],
  ["side", 7, "7"],
  ["state", "active", '"active"'],
  ["state", Number.NaN, "NaN"],
  ["mode", "chat", '"chat"'],
  ["conntype", 5, "5"],
  ["minSslsecLevel", Number.NaN, "NaN"],
  ["minSslsecLevel", "encrypted", '"encrypted"'],
  ["minSslsecLevel", 5, "5"],
  ["minSslsecLevel", -1, "-1"],
  ["droppable", "yes", '"yes"'],
];

test.each(CONDITIONS)("the condition %s: %p is refused when it is registered", (key, value, shown) => {
  class Own extends SmartPacket {}
  const registry = new PacketRegistry();
  const own = Object.assign(new Own(registry, peer), { [key]: value });
  const defined = new DefinedPacket(registry, peer, definePacket({ name: "own", [key]: value }));
  for (const packet of [own, defined]) {
    expect(() => registry.register(packet, "own")).toThrow(
      expect.objectContaining({
        code: "P3D_ERR_CONFIG",
        key,
        message: expect.stringContaining(
          `the packet "own": the option "${key}" cannot be ${shown}; allowed: `,
        ),
      }),
    );
    expect(registry.has("own")).toBe(false);
  }
});
