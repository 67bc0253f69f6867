// Extensions, which hello and settype declare (clause 6.8), and the first of them: compression that a peer declines.

import {
  type Codec,
  type ConfigOverrides,
  Connection,
  type ConnectionContext,
  FLAG_COMPRESSED,
  HELLO_ID,
  Packet,
  SETTYPE_ID,
  SIDE_CLIENT,
  SIDE_SERVER,
  STATE_HANDSHAKE_WAIT1,
  ValueCodec,
} from "@peng3dnet/protocol";
import { readExtensions } from "../../src/handshake/extensions.js";
import { concat, hex, packet } from "../support/bytes.js";
import { activePair, End, type EndOptions, type FakePeer, type Pair, type Passed } from "../support/pair.js";
import { zlib } from "../support/zlib.js";

const LONG = "a".repeat(10_000);
const DECLINES: ConfigOverrides = { "net.compress.accept": false };
const codec = new ValueCodec();

function setUp(peer: FakePeer): void {
  peer.registry.register(new Packet(peer.registry, peer), "echo:echo");
}

const body = (value: unknown): string => hex(codec.encode(value));
const HELLO = { version: "0.2.0", protoversion: 2 };
const SETTYPE = { conntype: "classic" };

/** The packets of a direction, taken apart. */
function packetsOf(passed: readonly Passed[], dir: Passed["dir"]) {
  const bytes = Buffer.from(concat(...passed.filter((one) => one.dir === dir).map((one) => one.bytes)));
  const packets: { readonly id: number; readonly flags: number; readonly body: Buffer }[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    packets.push({
      id: bytes.readUInt32BE(at + 4),
      flags: bytes.readUInt16BE(at + 8),
      body: bytes.subarray(at + 10, at + 4 + bytes.readUInt32BE(at)),
    });
  }
  return packets;
}

/** What hello and settype said, as hexadecimal digits. */
function said(pair: Pair): (string | undefined)[] {
  return [
    packetsOf(pair.passed, "S>C")
      .find(({ id }) => id === HELLO_ID)
      ?.body.toString("hex"),
    packetsOf(pair.passed, "C>S")
      .find(({ id }) => id === SETTYPE_ID)
      ?.body.toString("hex"),
  ];
}

/** Flags of a long packet in both directions. */
function flagsOf(pair: Pair): number[] {
  pair.passed.length = 0;
  pair.server.peer.sendMessage("echo:echo", LONG, 1);
  pair.client.peer.sendMessage("echo:echo", LONG);
  pair.pump();
  expect(pair.client.received).toEqual([LONG]);
  expect(pair.server.received).toEqual([LONG]);
  return (["S>C", "C>S"] as const).map((dir) => packetsOf(pair.passed, dir)[0]?.flags ?? -1);
}

const ext = { compress: { accept: false } };

test.each<[string, EndOptions, EndOptions, unknown[], number[]]>([
  ["nobody says a word, and both compress", {}, {}, [HELLO, SETTYPE], [1, 1]],
  [
    "a server that declines is sent no compressed packets",
    { cfg: DECLINES },
    {},
    [{ ...HELLO, ext }, SETTYPE],
    [1, 0],
  ],
  ["so is a client", {}, { cfg: DECLINES }, [HELLO, { ...SETTYPE, ext }], [0, 1]],
  [
    "both",
    { cfg: DECLINES },
    { cfg: DECLINES },
    [
      { ...HELLO, ext },
      { ...SETTYPE, ext },
    ],
    [0, 0],
  ],
  [
    "a peer that cannot inflate declines by itself",
    {},
    { compression: undefined },
    [HELLO, { ...SETTYPE, ext }],
    [0, 0],
  ],
  [
    "whoever declines to one that does not compress changes nothing",
    { cfg: { "net.compress.enabled": false } },
    { cfg: DECLINES },
    [HELLO, { ...SETTYPE, ext }],
    [0, 1],
  ],
])("%s", (_, server, client, words, flags) => {
  const pair = activePair(setUp, server, client);
  expect(said(pair)).toEqual(words.map(body));
  expect(flagsOf(pair)).toEqual(flags);
});

test("what both named is known on both sides once settype is through", () => {
  const both = activePair(setUp, { cfg: DECLINES }, { cfg: DECLINES });
  const one = activePair(setUp, { cfg: DECLINES });
  const ends = [both.server, both.client, one.server, one.client];
  expect(ends.map(({ connection }) => connection.agreed("compress"))).toEqual([true, true, false, false]);
  expect(one.client.connection.peerExtensions).toEqual({ compress: { accept: false } });
  expect(one.server.connection.peerExtensions).toEqual({});
});

test("a long registry is sent as the client wants it, too", () => {
  const many = (peer: FakePeer): void => {
    for (let index = 0; index < 1000; index++) {
      peer.registry.register(new Packet(peer.registry, peer), `test:packet.${index}`);
    }
  };
  const flags = [{}, DECLINES].map((cfg) => {
    const pair = activePair(many, {}, { cfg });
    expect(pair.client.connection.active).toBe(true);
    return packetsOf(pair.passed, "S>C")[1]?.flags;
  });
  expect(flags).toEqual([FLAG_COMPRESSED, 0]);
});

test("those who decline share one context, which differs in nothing else", () => {
  const { context } = new End(SIDE_SERVER, { setUp });
  expect(context.uncompressed.used).toBe(false);
  const declined = context.uncompressed.of(context);
  expect(context.uncompressed.used).toBe(true);
  expect([context.uncompressed.of(context), declined.uncompressed.of(declined)]).toEqual([
    declined,
    declined,
  ]);
  const differing = (Object.keys(context) as (keyof ConnectionContext)[]).filter(
    (key) => declined[key] !== context[key],
  );
  expect(differing.sort()).toEqual([
    "acceptance",
    "announcement",
    "compression",
    "compressionDeclined",
    "encoders",
    "greeting",
  ]);
});

test("what waits when the settype comes is sent before what follows, and nothing of it is lost", () => {
  const server = new End(SIDE_SERVER, { cfg: { "net.compress.threshold": 50 } });
  server.connection.open();
  server.connection.sendRaw(70, LONG);
  server.connection.sendRaw(71, "short");
  server.receive(packet(SETTYPE_ID, body({ ...SETTYPE, ext })));
  server.connection.sendRaw(72, LONG);
  const sent = packetsOf([{ dir: "S>C", bytes: server.take() }], "S>C");
  expect(sent.map(({ id, flags }) => [id, flags])).toEqual([
    [HELLO_ID, 0],
    [70, FLAG_COMPRESSED],
    [71, 0],
    [3, 0],
    [72, 0],
  ]);
  expect(server.connection.unsent).toBe(0);
});

test("a settype that is sent by a getter, while a value is encoded, harms no other connection", () => {
  const server = new End(SIDE_SERVER);
  server.connection.open();
  server.take();
  const other = new Connection(server.context, 2, server.host);
  const value = {
    get trap() {
      server.receive(packet(SETTYPE_ID, body({ ...SETTYPE, ext })));
      other.open();
      return 1;
    },
  };
  server.connection.sendRaw(70, value);
  expect(hex(other.output().slice(10))).toBe(body(HELLO));
});

/** One end that waits for a hello, or for a settype. */
function waiting(side: typeof SIDE_SERVER | typeof SIDE_CLIENT): { end: End; say: (ext: unknown) => void } {
  const end = new End(side);
  end.connection.open();
  end.take();
  const [id, words] = side === SIDE_SERVER ? [SETTYPE_ID, SETTYPE] : [HELLO_ID, HELLO];
  return { end, say: (value) => end.receive(packet(id, body({ ...words, ext: value }))) };
}

describe.each([
  ["a server", SIDE_SERVER],
  ["a client", SIDE_CLIENT],
] as const)("%s", (_, side) => {
  test.each<[string, unknown]>([
    ["nil", null],
    ["no names", {}],
    [
      "names that it does not know",
      { future: { any: 1 }, constructor: 1, toString: [], hasOwnProperty: null },
    ],
    ["a known name without parameters", { compress: null }],
    ["no parameters", { compress: {} }],
    ["parameters that it does not know", { compress: { accept: true, level: 3 } }],
  ])("goes on as ever with %s", (_name, value) => {
    const { end, say } = waiting(side);
    say(value);
    expect(end.codes).toEqual([]);
    expect(end.connection.state).toBe(STATE_HANDSHAKE_WAIT1);
    expect(end.connection.context).toBe(end.context);
  });

  test.each<[string, unknown]>([
    ["a number", 1],
    ["text", "compress"],
    ["a list of names", ["compress"]],
    ["binary", new Uint8Array(3)],
    ["a timestamp", new Date(0)],
    ["a map with other keys", new Map<unknown, unknown>([[1, {}]])],
    ["parameters that are no map", { compress: false }],
    ["parameters that are a list", { compress: [false] }],
    ["accept as a number", { compress: { accept: 0 } }],
    ["accept as nil", { compress: { accept: null } }],
  ])("refuses %s with baddata, and goes on to no other state", (_name, value) => {
    const { end, say } = waiting(side);
    const before = end.connection.state;
    say(value);
    expect(end.errors.map(({ closeReason }) => closeReason)).toEqual(["baddata"]);
    expect(end.connection.state).toBe(before);
    expect(end.connection.context).toBe(end.context);
  });
});

test("what is read of a client that comes back says only what was said", () => {
  const ticket = new Uint8Array(16);
  const read = (resume: object) => readExtensions({ resume }).resume;
  expect(read({ ticket, received: 1, redirect: false })).toStrictEqual({ ticket, received: 1 });
  expect(read({ ticket, received: 1, redirect: true })).toStrictEqual({
    ticket,
    received: 1,
    redirect: true,
  });
  expect(read({ window: 1, ticket, received: 1 })).toStrictEqual({ window: 1, ticket, received: 1 });
  expect(read({})).toStrictEqual({});
});

test("beats may come ten times in a second", () => {
  expect(readExtensions({ heartbeat: { interval: 0.1 } }).heartbeat).toEqual({ interval: 0.1 });
});

test("where nothing is left to say, a hello is that of a peer without extensions", () => {
  const setUp = (peer: FakePeer): void =>
    void peer.registry.register(new Packet(peer.registry, peer), "test:mine", 17);
  const [plain, none] = [{}, { heartbeats: true }].map((options) => {
    const end = new End(SIDE_SERVER, { setUp, ...options });
    end.connection.open();
    return hex(end.take());
  });
  expect(none).toBe(plain);
});

test("a codec of the application is given no key that has nothing to say", () => {
  const keys: string[][] = [];
  const own: Codec = {
    encode(value) {
      keys.push(Object.keys(value as object));
      return codec.encode(value);
    },
    decode: (bytes) => codec.decode(bytes),
  };
  const end = new End(SIDE_SERVER, { codec: own });
  end.connection.open();
  expect(keys).toEqual([["version", "protoversion"]]);
});

test.each([
  [300, "baddata"],
  [3000, "packettoolong"],
])("%d names are more than the limits of the handshake allow a client", (count, reason) => {
  const { end, say } = waiting(SIDE_SERVER);
  say(Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, 1])));
  expect(end.errors.map(({ closeReason }) => closeReason)).toEqual([reason]);
});

test("what a peer that was asked not to compress compresses nonetheless is taken", () => {
  const pair = activePair(setUp, { cfg: DECLINES });
  pair.server.receive(packet(64, hex(zlib.deflate(codec.encode(LONG).slice())), FLAG_COMPRESSED));
  expect(pair.server.received).toEqual([LONG]);
  expect(pair.server.codes).toEqual([]);
});

test("extensions are declared once: a second settype changes nothing", () => {
  const { end, say } = waiting(SIDE_SERVER);
  say(undefined);
  say(ext);
  expect(end.codes).toEqual(["P3D_ERR_UNEXPECTED_PACKET"]);
  expect(end.connection.context).toBe(end.context);
});
