// The bytes of a connection: what it takes of input, when, and what it says of output.

import {
  type Codec,
  Connection,
  type ConnectionHooks,
  type ConnectionType,
  NotPeng3dnetError,
  Packet,
  PacketTooLargeError,
  SIDE_CLIENT,
  SIDE_SERVER,
  ValueCodec,
} from "@peng3dnet/protocol";
import { COMPRESSED } from "../../src/connection/packet-stream.js";
import { concat, hex, packet } from "../support/bytes.js";
import {
  activePair,
  activeServer,
  End,
  type EndOptions,
  FakeHost,
  type FakePeer,
  Pair,
} from "../support/pair.js";

const SETTYPE = "81a8636f6e6e74797065a7636c6173736963";
const ACCEPT = "81a773756363657373c3";
const LONG = 2 ** 20 + 1;

const setUp = (peer: FakePeer) => void peer.registry.register(new Packet(peer.registry, peer), "a");

/** A server's end that has said hello. */
const fresh = (options: EndOptions = {}): End => {
  const server = new End(SIDE_SERVER, { setUp, ...options });
  server.connection.open();
  server.take();
  return server;
};

/** The head of a packet of some length. */
const head = (length: number): Uint8Array => packet(64, new Uint8Array(length)).subarray(0, 10);

describe("the option that an error names for a packet that is too long", () => {
  const optionOf = (end: End, ...chunks: Uint8Array[]): string => {
    end.receive(concat(...chunks));
    const [error] = end.errors;
    expect(error).toBeInstanceOf(PacketTooLargeError);
    return (error as PacketTooLargeError).option;
  };
  const early = "net.limits.packetlength.handshake";
  const general = "net.limits.packetlength";

  test("before the handshake is complete", () => {
    expect(optionOf(fresh(), head(5000))).toBe(early);
    expect(optionOf(fresh(), packet(2, SETTYPE), head(5000))).toBe(early);
  });

  test("afterwards, also within the same chunk", () => {
    expect(optionOf(activeServer(setUp), head(LONG))).toBe(general);
    expect(optionOf(fresh(), packet(2, SETTYPE), packet(4, ACCEPT), head(LONG))).toBe(general);
  });

  test("where less is allowed at any time", () => {
    const cfg = { "net.limits.packetlength": 3000, "net.limits.packetlength.handshake": 3000 };
    expect(optionOf(fresh({ cfg }), head(3500))).toBe(general);
  });

  test("on a client, which takes long packets at any time", () => {
    const client = new End(SIDE_CLIENT);
    client.connection.open();
    expect(optionOf(client, head(LONG))).toBe(general);
  });
});

test("long packets are taken once the handshake is complete, even from the chunk that completes it", () => {
  const server = fresh();
  const long = packet(64, concat(Uint8Array.of(0xc5, 20_000 >> 8, 20_000 & 255), new Uint8Array(20_000)));
  server.receive(concat(packet(2, SETTYPE), packet(4, ACCEPT), long));
  expect([server.codes, server.received]).toEqual([[], [new Uint8Array(20_000)]]);
});

test("another protocol is recognised where a connection begins, and not within it", () => {
  const request = new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n");
  const stranger = fresh();
  stranger.receive(request);
  expect(stranger.codes).toEqual(["P3D_ERR_NOT_PENG3DNET"]);
  const server = activeServer(setUp);
  // Receives with what the one before received with.
  const next = new Connection(server.context, 2, server.host);
  next.push(request);
  expect(() => next.next()).toThrow(NotPeng3dnetError);
  next.discardInput();
  server.receive(request);
  expect(server.codes).toEqual(["P3D_ERR_PACKET_TOO_LARGE"]);
});

test("there is no packet where nothing was received", () => {
  const { connection } = activeServer(setUp);
  expect(connection.next()).toBe(false);
  const { packetId, packetLength, packetBytes, unread, incomplete, inputHeld } = connection;
  expect({ packetId, packetLength, packetBytes, unread, incomplete, inputHeld }).toEqual({
    packetId: 0,
    packetLength: 0,
    packetBytes: 0,
    unread: false,
    incomplete: false,
    inputHeld: 0,
  });
});

test("what is known of input before and while it is worked off", () => {
  const { connection } = activeServer(setUp);
  expect([connection.upcoming, connection.readTarget]).toEqual([undefined, undefined]);
  connection.push(concat(packet(64, "a161"), packet(65, "a1", 1), head(100_000), new Uint8Array(70_000)));
  expect(connection.upcoming).toEqual({ length: 8, flags: 0 });
  connection.next();
  expect([connection.packetId, connection.packetLength, connection.packetBytes]).toEqual([64, 8, 12]);
  expect([connection.unread, connection.upcoming]).toEqual([true, { length: 7, flags: 1 }]);
  connection.next();
  expect([connection.packetId, connection.packetLength, connection.packetBytes]).toEqual([
    65,
    COMPRESSED,
    11,
  ]);
  expect(connection.readTarget).toBeUndefined();
  expect(connection.next()).toBe(false);
  expect([connection.unread, connection.incomplete]).toEqual([false, true]);
  expect(connection.readTarget).toHaveLength(30_000);
});

test("what was not looked at may be kept, and the chunk used again", () => {
  const server = activeServer(setUp);
  const chunk = concat(packet(64, "a161"), packet(64, "a162"));
  server.connection.push(chunk);
  server.connection.next();
  server.connection.dispatch();
  server.connection.retain();
  chunk.fill(0xff);
  while (server.connection.next()) server.connection.dispatch();
  expect(server.received).toEqual(["a", "b"]);
});

test.each([
  ["a packet and its prefix are all of the buffer", 0, true],
  ["there is more in the buffer", 1, false],
])("a binary value of a packet that was kept, where %s", (_, more, same) => {
  const server = activeServer(setUp);
  const whole = packet(64, concat(Uint8Array.of(0xc4, 100), new Uint8Array(100).fill(7)));
  const buffer = new Uint8Array(whole.length + more);
  buffer.set(whole);
  server.connection.dispatchRaw(buffer.subarray(4, whole.length));
  const [value] = server.received as [Uint8Array];
  expect(value).toEqual(new Uint8Array(100).fill(7));
  expect(value.buffer === buffer.buffer).toBe(same);
});

describe("output", () => {
  /** Sends so much that the output of a connection without any becomes so long. */
  const fill = ({ connection }: End, length: number): void => {
    connection.sendRaw(64, new Uint8Array(length - 10 - 3));
    expect(connection.unsent - connection.backlog).toBe(length);
  };

  test.each([
    [16 * 1024 - 1, 0],
    [16 * 1024, 1],
  ])("of %d bytes is full: %d", (length, full) => {
    const server = activeServer(setUp, { compression: undefined });
    fill(server, length);
    expect([server.connection.full, server.host.full]).toEqual([full === 1, full]);
  });

  test("is announced from the first packet on, which is the hello", () => {
    const server = new End(SIDE_SERVER, { setUp });
    server.connection.open();
    expect(server.host.pending).toBe(1);
  });

  test("in messages waits without input to work off, however many packets have gathered", () => {
    const { connection, host } = activeServer(setUp);
    connection.inMessages = true;
    for (let count = 0; count < 100; count++) connection.send("a", 1);
    expect(host.full).toBe(0);
  });

  test("that cannot be sent is dropped at once, but for the last of it", () => {
    const { connection } = activeServer(setUp, { compression: undefined });
    connection.dropOutput();
    expect(connection.unsent).toBe(0);
    for (const length of [40_000, 50_000, 20_000]) connection.send("a", new Uint8Array(length));
    connection.dropOutput();
    expect(connection.unsent).toBe(20_000 + 10 + 3);
  });

  test("of a connection that is not to compress goes on in an encoder of its own, and the other is given back", () => {
    const { connection, context } = activeServer(setUp);
    connection.send("a", 1);
    const released = jest.spyOn(context.encoders, "release");
    connection.extensionsReceived({ compress: { accept: false } });
    expect(released).toHaveBeenCalledTimes(1);
    connection.send("a", 2);
    expect(hex(connection.output())).toBe(hex(concat(packet(64, "01"), packet(64, "02"))));
  });

  test("is announced again once all of it was taken, and not before", () => {
    const server = activeServer(setUp, { compression: undefined });
    const { connection, host } = server;
    const before = host.pending;
    connection.send("a", new Uint8Array(1));
    for (const length of [30_000, 3000]) connection.send("a", new Uint8Array(length));
    expect(host.pending).toBe(before + 1);
    connection.output();
    connection.outputTaken(true);
    expect(connection.hasOutput).toBe(true);
    connection.send("a", 1);
    expect(host.pending).toBe(before + 1);
    server.take();
    connection.send("a", 1);
    expect(host.pending).toBe(before + 2);
  });

  test("counts up to the high-water mark, with what waits elsewhere", () => {
    const server = activeServer(setUp, { cfg: { "net.limits.unsent.highwater": 2000 } });
    const { connection } = server;
    connection.backlog = 900;
    connection.reserved = 1100 - 13;
    expect(connection.send("a", "xx")).toBe(true);
    expect(connection.behind).toBe(false);
    expect(connection.send("a", null)).toBe(false);
    expect(connection.behind).toBe(true);
  });

  test.each([
    { backlog: 1001, waiting: 0, reserved: 0, clogged: false },
    { backlog: 1000, waiting: 5000, reserved: 0, clogged: false },
    { backlog: 1001, waiting: 1000, reserved: 0, clogged: false },
    { backlog: 1001, waiting: 1001, reserved: 0, clogged: true },
    { backlog: 500, waiting: 500, reserved: 501, clogged: true },
    { backlog: 600, waiting: 499, reserved: 501, clogged: false },
    { backlog: 65_536, waiting: 0, reserved: 0, clogged: false },
    { backlog: 65_537, waiting: 0, reserved: 0, clogged: true },
  ])("is clogged above the mark by what has waited, or by very much: %j", ({ clogged, ...unsent }) => {
    const { connection } = activeServer(setUp, { cfg: { "net.limits.unsent.highwater": 1000 } });
    expect(Object.assign(connection, unsent).clogged).toBe(clogged);
  });

  test("that is taken while a value is written belongs to nobody else", () => {
    const server = activeServer(setUp);
    const { connection } = server;
    // Of the same peer, so that they share encoders and buffers.
    const other = new Connection(server.context, 2, new FakeHost());
    other.restore(connection.saved);
    const taken: string[] = [];
    connection.send("a", "first");
    connection.send("a", {
      get x() {
        taken.push(hex(server.take()));
        other.send("a", "of another");
        return "x";
      },
    });
    taken.push(hex(server.take()));
    expect(taken).toEqual([hex(packet(64, "a56669727374")), hex(packet(64, "81a178a178"))]);
    expect(hex(other.output())).toBe(hex(packet(64, "aa6f6620616e6f74686572")));
  });
});

describe("closed", () => {
  test("where nothing else is said than the reason, that is all that a codec is given", () => {
    const values: unknown[] = [];
    const own = new ValueCodec();
    const codec: Codec = {
      encode: (value) => {
        values.push(value);
        return own.encode(value);
      },
      decode: (bytes) => own.decode(bytes),
    };
    const { connection } = activeServer(setUp, { codec });
    values.length = 0;
    connection.sendClose("tired");
    expect(values).toStrictEqual([{ reason: "tired" }]);
  });

  test("before its type is known, as after", () => {
    const { connection } = fresh();
    connection.markClosed();
    expect(connection.closing).toBe(true);
    expect(() => connection.send("a", 1)).toThrow("the connection is closed; nothing can be sent");
  });

  test("with the reason that was sent", () => {
    const { connection } = activeServer(setUp);
    connection.sendClose("tired");
    connection.markClosed();
    expect(() => connection.send("a", 1)).toThrow("the connection is closed (tired); nothing can be sent");
  });
});

test("a server's driver is told of the connection type, and a client's is not", () => {
  const pair = new Pair();
  const named: [string, ConnectionHooks][] = [];
  for (const [name, { host }] of Object.entries({ server: pair.server, client: pair.client }))
    Object.assign(host, { typeNamed: (type: ConnectionHooks) => named.push([name, type]) });
  pair.open();
  expect(named).toEqual([["server", pair.server.peer.getConnType("classic") as ConnectionType]]);
});

test("what a connection type asks to be watched is reported as its failure", async () => {
  const { connection, host } = activeServer(setUp);
  connection.watch(Promise.reject(new Error("late")), "plugin");
  connection.watch(undefined, "plugin");
  await Promise.resolve();
  await Promise.resolve();
  expect(host.failures).toEqual([{ error: new Error("late"), where: "plugin" }]);
});

test("what is wrong with a heartbeat's body is said of the heartbeat", () => {
  const { server } = activePair(
    setUp,
    { heartbeats: true, cfg: { "net.heartbeat.interval": 1 } },
    { heartbeats: true },
  );
  expect(() => server.connection.sendHeartbeat(17, () => 1)).toThrow(/heartbeat/);
});

test("a payload is validated on sending only where that was asked for", () => {
  const strict = (peer: FakePeer) => {
    class Strict extends Packet {
      override parse(): never {
        throw new Error("not this");
      }
    }
    peer.registry.register(new Strict(peer.registry, peer), "a");
  };
  const { server } = activePair(strict);
  expect(server.connection.send("a", 1)).toBe(true);
  const { server: checking } = activePair(strict, { validateSent: true });
  expect(() => checking.connection.send("a", 1)).toThrow("not this");
});

describe("messages of errors", () => {
  test("a packet that comes in a state that has no use for it", () => {
    const { connection } = activeServer(setUp);
    expect(() => connection.expect("accept")).toThrow('the peer sent a packet for "accept" in state');
  });

  test("a state that cannot be set", () => {
    const { connection } = fresh();
    expect(() => {
      connection.state = 70;
    }).toThrow(`the state can be set while the connection is active, not in state ${connection.state}`);
  });

  test("a connection type that is not there to go on with", () => {
    const { connection } = new End(SIDE_SERVER);
    const { saved } = activeServer(setUp).connection;
    expect(() => connection.restore({ ...saved, conntype: "gone" })).toThrow(
      'the connection type "gone" is not known here',
    );
  });

  test("a session that nobody keeps", () => {
    const { connection } = fresh();
    expect(() => connection.resumeReceived({} as never)).toThrow(
      /none is kept here; see net\.resume\.window/,
    );
  });
});
