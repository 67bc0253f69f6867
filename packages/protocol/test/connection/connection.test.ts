import {
  BadDataError,
  Connection,
  ConnectionClosedError,
  ConnectionType,
  EncodeError,
  encodePacket,
  InvalidStateError,
  MODE_CLOSED,
  NotRegisteredError,
  Packet,
  PacketTooLargeError,
  SmartPacket,
  STATE_ACTIVE,
  STATE_CLOSED,
  STATE_HANDSHAKE_WAIT1,
  STATE_HANDSHAKE_WAIT2,
  STATE_WAITTYPE,
  ValueCodec,
} from "@peng3dnet/protocol";
import fc from "fast-check";
import { cutAt, delivered, sendable } from "../support/arbitraries.js";
import { bytes, concat, hex, packet } from "../support/bytes.js";
import { activePair, activeServer, End, type EndOptions, type FakePeer, Pair } from "../support/pair.js";
import { loadVectors } from "../support/vectors.js";
import { zlib } from "../support/zlib.js";

const plain =
  (...names: string[]) =>
  (peer: FakePeer): void => {
    for (const name of names) peer.registry.register(new Packet(peer.registry, peer), name);
  };
const echo = plain("game:other", "echo:echo");
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A server's end before the handshake is complete: after its hello, or after settype. */
function freshServer(options: EndOptions = {}): End {
  const end = new End(1, options);
  end.connection.open();
  end.take();
  return end;
}
const SETTYPE = "81a8636f6e6e74797065a7636c6173736963";
const ACCEPT = "81a773756363657373c3";
const HELLO = "82a776657273696f6ea5302e322e30ac70726f746f76657273696f6e02";
const CLOSE = "81a6726561736f6ea162";
const EMPTY_REGISTRY = Buffer.from(
  loadVectors("internal-packets.json")
    .packets.find(({ name }) => name.includes("without application"))
    ?.bytes.slice(10) ?? [],
);

describe("the classic handshake", () => {
  const { packets } = loadVectors("classic-session.json");
  const bytesOf = (dir: string) => packets.filter((one) => one.dir === dir).map((one) => hex(one.bytes));

  test("is byte for byte the one of the reference", () => {
    const pair = activePair(echo);
    pair.client.connection.sendClose("userrequest");
    pair.pump();
    for (const dir of ["S>C", "C>S"]) {
      const sent = pair.passed.filter((one) => one.dir === dir).map((one) => hex(one.bytes));
      expect(sent.join("")).toBe(bytesOf(dir).join(""));
    }
    expect(pair.server.host.closeReasons).toEqual(["userrequest"]);
    expect([pair.server.host.completed, pair.client.host.completed]).toEqual([1, 1]);
  });

  test.each([
    [1, "C>S", "S>C"],
    [0, "S>C", "C>S"],
  ] as const)("side %d against the recorded bytes of %s, in any pieces", (side, theirs, ours) => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (places) => {
        const end = new End(side, { setUp: echo });
        end.connection.open();
        const sent = [end.take()];
        for (const chunk of cutAt(bytes(bytesOf(theirs).join("")), places)) {
          end.receive(chunk);
          sent.push(end.take());
        }
        const expected = bytesOf(ours).filter((one) => !(side === 0 && one.startsWith("0000001a00000010")));
        expect(hex(concat(...sent))).toBe(expected.join(""));
        expect(end.errors).toEqual([]);
        expect(end.host.completed).toBe(1);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ["that is there", false, 1],
    ["that is gone", true, 0],
  ])("the host is told of a registry that was sent to a peer %s", (_who, gone, times) => {
    const end = freshServer();
    const registrySent = jest.fn();
    Object.assign(end.host, { registrySent });
    if (gone) end.connection.markClosing("socketclose");
    end.receive(concat(packet(2, SETTYPE), packet(4, ACCEPT)));
    expect([registrySent.mock.calls.length, end.connection.packetsOut]).toEqual([times, 1 + times]);
    expect(end.host.completed).toBe(1);
  });

  test("the states on the way", () => {
    const pair = new Pair({ setUp: echo }, { setUp: echo });
    const { server, client } = pair;
    server.connection.open();
    client.connection.open();
    expect(server.connection.state).toBe(STATE_WAITTYPE);
    client.receive(server.take());
    expect([client.connection.state, client.connection.conntype]).toEqual([STATE_HANDSHAKE_WAIT1, "classic"]);
    expect(server.connection.conntype).toBe("");
    server.receive(client.take());
    expect([server.connection.state, server.connection.conntype]).toEqual([STATE_HANDSHAKE_WAIT1, "classic"]);
    client.receive(server.take());
    expect([client.connection.state, client.connection.active]).toEqual([STATE_ACTIVE, true]);
    expect(server.connection.active).toBe(false);
    server.receive(client.take());
    expect(server.connection.active).toBe(true);
    expect([server.connection.packetsIn, server.connection.packetsOut]).toEqual([2, 2]);
    expect([client.connection.packetsIn, client.connection.packetsOut]).toEqual([2, 2]);
  });

  test.each([
    [
      "version 3",
      "82a776657273696f6ea3312e30ac70726f746f76657273696f6e03",
      /speaks version 3 .*library "1.0"/,
    ],
    ["none", "80", /speaks version undefined/],
    ["a text", "81ac70726f746f76657273696f6ea132", /speaks version "2"/],
    [
      "an integer beyond 2**53",
      "81ac70726f746f76657273696f6ecfffffffffffffffff",
      /version 18446744073709551615/,
    ],
    [
      "a map",
      "82a776657273696f6e9101ac70726f746f76657273696f6e80",
      /version that is no number .*library that is no number/,
    ],
  ])("a hello with the protocol version %s", (_name, body, message) => {
    const client = new End(0);
    client.connection.open();
    client.receive(packet(1, body));
    expect(client.codes).toEqual(["P3D_ERR_PROTOVERSION_MISMATCH"]);
    expect(client.errors[0]?.message).toMatch(message);
    expect(hex(client.take())).toBe(
      hex(packet(16, "81a6726561736f6eb470726f746f76657273696f6e6d69736d61746368")),
    );
  });

  test("a handshake whose version differs from the hello's", () => {
    const client = new End(0);
    client.connection.open();
    client.receive(packet(1, HELLO));
    client.receive(packet(3, "81ac70726f746f76657273696f6e07"));
    expect(client.codes).toEqual(["P3D_ERR_PROTOVERSION_MISMATCH"]);
  });

  test("a long text as version is cut in the error", () => {
    const client = new End(0);
    client.connection.open();
    client.receive(packet(1, concat(bytes("81a776657273696f6edb00010000"), new Uint8Array(65536).fill(65))));
    expect(client.errors[0]?.message.length).toBeLessThan(300);
  });

  test.each([
    [
      "settype of a type that nobody has",
      2,
      "81a8636f6e6e74797065a46e6f7065",
      "P3D_ERR_UNKNOWN_CONNTYPE",
      /"nope"/,
    ],
    ["settype of a number", 2, "81a8636f6e6e7479706505", "P3D_ERR_BAD_DATA", /not a string/],
    ["settype of no map", 2, "c0", "P3D_ERR_BAD_DATA", /not a map/],
    ["settype of an array", 2, "90", "P3D_ERR_BAD_DATA", /not a map/],
    ["settype of binary", 2, "c400", "P3D_ERR_BAD_DATA", /not a map/],
    ["settype of a text", 2, "a161", "P3D_ERR_BAD_DATA", /not a map/],
    ["settype of a timestamp", 2, "d6ff00000000", "P3D_ERR_BAD_DATA", /not a map/],
    [
      "settype with an integer key",
      2,
      "82a8636f6e6e74797065a7636c617373696301c0",
      "P3D_ERR_BAD_DATA",
      /not a map/,
    ],
    [
      "settype with a binary key",
      2,
      "81c408636f6e6e74797065a7636c6173736963",
      "P3D_ERR_BAD_DATA",
      /not a map/,
    ],
    ["an extension type", 2, "d40100", "P3D_ERR_BAD_DATA", /"extensions"/],
    ["closing for a number", 16, "81a6726561736f6e05", "P3D_ERR_BAD_DATA", /not a string/],
  ])("%s", (_name, id, body, code, message) => {
    const end = freshServer();
    end.receive(packet(id, body));
    expect(end.codes).toEqual([code]);
    expect(end.errors[0]?.message).toMatch(message);
    expect(end.host.completed).toBe(0);
  });

  test.each(["80", "81a773756363657373c2", "81a77375636365737301"])(
    "an answer that is no success: %s",
    (body) => {
      const end = freshServer();
      end.receive(packet(2, SETTYPE));
      end.receive(packet(4, body));
      expect(end.codes).toEqual(["P3D_ERR_BAD_DATA"]);
      expect(end.connection.active).toBe(false);
    },
  );

  test("settype without a type means classic", () => {
    for (const body of ["80", "81a8636f6e6e74797065c0"]) {
      const end = freshServer();
      end.receive(packet(2, body));
      expect(end.connection.conntype).toBe("classic");
    }
  });

  test("a client without the type that it asks for", () => {
    const client = new End(0, { conntype: "nope" });
    client.connection.open();
    client.receive(packet(1, HELLO));
    expect(client.codes).toEqual(["P3D_ERR_UNKNOWN_CONNTYPE"]);
  });
});

describe("the registry that a server tells", () => {
  const settype = packet(2, SETTYPE);

  /** The registry of the handshake packet, which is the last that the connection has to send. */
  function told(connection: Connection): unknown {
    const output = connection.output();
    const hello = 4 + new DataView(output.buffer, output.byteOffset).getUint32(0);
    const message = new ValueCodec().decode(output.subarray(hello + 10)) as { registry: unknown };
    return message.registry;
  }

  test("is the one of the moment, however many clients there were before", () => {
    const first = new End(1, { setUp: plain("one") });
    const { peer, context, host } = first;
    const ask = (cid: number): unknown => {
      const connection = new Connection(context, cid, host);
      peer.connections.set(cid, connection);
      connection.open();
      connection.push(settype);
      while (connection.next()) connection.dispatch();
      return told(connection);
    };
    expect(ask(2)).toMatchObject({ one: 64 });
    expect(ask(3)).toEqual(ask(2));
    peer.registry.register(new Packet(peer.registry, peer), "two");
    expect(ask(4)).toMatchObject({ one: 64, two: 65 });
    peer.registry.deleteObj("one");
    expect(ask(5)).not.toHaveProperty("one");
    peer.registry.reassignIDs([["two", 99]]);
    expect(ask(6)).toMatchObject({ two: 99 });
  });
});

describe("internal packets at the wrong time or from the wrong side", () => {
  const BODIES: Readonly<Record<number, string>> = {
    1: HELLO,
    2: SETTYPE,
    3: EMPTY_REGISTRY.toString("hex"),
    4: ACCEPT,
  };
  const servers: Readonly<Record<string, () => End>> = {
    init: () => new End(1),
    waittype: () => freshServer(),
    handshake: () => {
      const end = freshServer();
      end.receive(packet(2, SETTYPE));
      return end;
    },
    active: () => activePair(() => {}).server,
    closed: () => {
      const end = activePair(() => {}).server;
      end.connection.markClosed();
      return end;
    },
  };
  const clients: Readonly<Record<string, () => End>> = {
    init: () => new End(0),
    hellowait: () => {
      const end = new End(0);
      end.connection.open();
      return end;
    },
    handshake: () => {
      const end = new End(0);
      end.connection.open();
      end.receive(packet(1, HELLO));
      return end;
    },
    active: () => activePair(() => {}).client,
    closed: () => {
      const end = activePair(() => {}).client;
      end.connection.markClosed();
      return end;
    },
  };
  // What is right: side, state, id.
  const RIGHT = ["server waittype 2", "server handshake 4", "client hellowait 1", "client handshake 3"];
  const cases = [
    ...Object.keys(servers).map((state) => ["server", state] as const),
    ...Object.keys(clients).map((state) => ["client", state] as const),
  ].flatMap(([side, state]) => [1, 2, 3, 4].map((id) => [side, state, id] as const));

  test.each(cases)("%s in state %s, packet %d", (side, state, id) => {
    const end = ((side === "server" ? servers : clients)[state] as () => End)();
    const before = [end.connection.state, end.host.completed];
    end.receive(packet(id, BODIES[id] as string));
    if (RIGHT.includes(`${side} ${state} ${id}`)) {
      expect(end.codes).toEqual([]);
      expect(end.connection.state).not.toBe(before[0]);
    } else {
      const foreign = side === "client" && state === "hellowait";
      expect(end.codes).toEqual([foreign ? "P3D_ERR_NOT_PENG3DNET" : "P3D_ERR_UNEXPECTED_PACKET"]);
      expect([end.connection.state, end.host.completed]).toEqual(before);
    }
  });

  test.each([...Object.entries(servers), ...Object.entries(clients)])(
    "closing is heard in every state (%s)",
    (_state, make) => {
      const end = make();
      end.receive(packet(16, CLOSE));
      expect(end.host.closeReasons).toEqual(["b"]);
      expect(end.errors).toEqual([]);
    },
  );

  test.each(["c0", "a3627965", "05", "9101", "c40100"])(
    "closing without a map is closing without a reason (%s)",
    (body) => {
      const { server } = activePair(() => {});
      server.receive(packet(16, body));
      expect([server.host.closeReasons, server.errors]).toEqual([[null], []]);
    },
  );

  test("an internal packet for a connection that is gone", () => {
    const { server } = activePair(() => {});
    server.peer.connections.clear();
    server.connection.push(packet(16, CLOSE));
    server.connection.next();
    expect(() => server.connection.dispatch()).toThrow(InvalidStateError);
  });
});

describe("application packets before the handshake is complete", () => {
  const setUp = plain("a");

  test.each([
    ["after hello", () => freshServer({ setUp }), 64, "P3D_ERR_UNEXPECTED_PACKET"],
    ["after hello, of unknown id", () => freshServer({ setUp }), 99, "P3D_ERR_UNEXPECTED_PACKET"],
    ["after hello, of unknown fixed id", () => freshServer({ setUp }), 5, "P3D_ERR_UNEXPECTED_PACKET"],
    ["before open", () => new End(1, { setUp }), 64, "P3D_ERR_UNEXPECTED_PACKET"],
  ])("%s are refused", (_name, make, id, code) => {
    const end = make();
    end.receive(packet(id, "c0"));
    expect([end.codes, end.received]).toEqual([[code], []]);
  });

  test("in the handshake, too", () => {
    const end = freshServer({ setUp });
    end.receive(packet(2, SETTYPE));
    end.receive(packet(64, "c0"));
    expect([end.codes, end.received]).toEqual([["P3D_ERR_UNEXPECTED_PACKET"], []]);
    expect(end.errors[0]?.message).toMatch(/"a" before the handshake was complete/);
  });

  test("a name of the protocol's prefix does not help, and its handler's errors do no harm", () => {
    class Throwing extends Packet {
      override receive(): void {
        throw new Error("mine");
      }
    }
    const prefixed = (peer: FakePeer) => {
      peer.registry.register(new Throwing(peer.registry, peer), "peng3dnet:mine");
    };
    const early = freshServer({ setUp: prefixed });
    early.receive(packet(64, "c0"));
    expect(early.codes).toEqual(["P3D_ERR_UNEXPECTED_PACKET"]);
    const { server } = activePair(prefixed);
    server.receive(packet(64, "c0"));
    expect(server.host.failures).toEqual([{ error: new Error("mine"), where: "peng3dnet:mine" }]);
    expect(server.errors).toEqual([]);
  });

  test("cannot be sent either", () => {
    const end = freshServer({ setUp });
    expect(() => end.connection.send("a", 1)).toThrow(InvalidStateError);
    // A server has no waitForConnection().
    expect(() => end.connection.send("a", 1)).toThrow(
      /before the handshake is complete; wait for the "handshakecomplete" event$/,
    );
    expect(end.connection.hasOutput).toBe(false);
  });

  test("a first packet that is no hello is not peng3dnet", () => {
    const client = new End(0, { setUp });
    client.connection.open();
    client.receive(packet(64, "c0"));
    expect(client.codes).toEqual(["P3D_ERR_NOT_PENG3DNET"]);
    expect(client.errors[0]?.message).toMatch(/id 64, not that of a hello/);
  });
});

describe("limits before and after the handshake", () => {
  const long = (size: number) =>
    packet(64, concat(bytes("c5"), Uint8Array.of(size >> 8, size & 255), new Uint8Array(size)));

  test("a server takes 4 KiB before, and the full length right after, even from the same chunk", () => {
    const early = freshServer();
    early.receive(packet(2, new Uint8Array(4091)).subarray(0, 4));
    expect(early.codes).toEqual(["P3D_ERR_PACKET_TOO_LARGE"]);
    const just = freshServer();
    just.receive(packet(2, new Uint8Array(4090)).subarray(0, 4));
    expect(just.codes).toEqual([]);
    const server = freshServer({ setUp: plain("a") });
    server.receive(concat(packet(2, SETTYPE), packet(4, ACCEPT), long(50_000)));
    expect(server.codes).toEqual([]);
    expect(server.received).toEqual([new Uint8Array(50_000)]);
  });

  test("a client takes the full length from the start", () => {
    const client = new End(0);
    client.connection.open();
    client.receive(packet(1, new Uint8Array(50_000)).subarray(0, 100));
    expect(client.codes).toEqual([]);
    expect(client.connection.incomplete).toBe(true);
  });

  test("inflated bodies: on a server 64 KiB before, the full length after", () => {
    const bomb = (size: number) =>
      zlib.deflate(
        concat(
          bytes("81a178db"),
          Uint8Array.of(0, size >> 16, (size >> 8) & 255, size & 255),
          new Uint8Array(size).fill(65),
        ),
      );
    const early = freshServer();
    early.receive(packet(2, bomb(65536), 1));
    expect(early.codes).toEqual(["P3D_ERR_DECOMPRESS_LIMIT"]);
    const just = freshServer();
    just.receive(packet(2, bomb(65000), 1));
    expect(just.codes).toEqual([]);
    const client = new End(0);
    client.connection.open();
    client.receive(packet(1, bomb(2 ** 20), 1));
    expect(client.codes).toEqual(["P3D_ERR_PROTOVERSION_MISMATCH"]);
    const server = activeServer(plain("a"));
    server.receive(packet(64, bomb(2 ** 22 - 8), 1));
    expect(server.codes).toEqual([]);
    server.receive(packet(64, bomb(2 ** 22 - 7), 1));
    expect(server.codes).toEqual(["P3D_ERR_DECOMPRESS_LIMIT"]);
  });

  test("handshake limits never exceed the general ones", () => {
    const { context } = new End(1, { cfg: { "net.limits.packetlength": 1000, "net.limits.inflated": 2000 } });
    expect([context.handshakeLimit, context.handshakeInflatedLimit]).toEqual([1000, 2000]);
  });

  test("the depth holds both ways", () => {
    const { server } = activePair(plain("a"), { cfg: { "net.limits.depth": 2 } });
    server.connection.send("a", [[1]]);
    expect(() => server.connection.send("a", [[[1]]])).toThrow(EncodeError);
    server.receive(packet(64, "919101"));
    expect([server.codes, server.received]).toEqual([[], [[[1]]]]);
    server.receive(packet(64, "91919101"));
    expect(server.codes).toEqual(["P3D_ERR_BAD_DATA"]);
  });

  test("nothing is compressed where that is switched off", () => {
    const { server } = activePair(plain("a"), { cfg: { "net.compress.enabled": false } });
    server.connection.send("a", "x".repeat(9000));
    expect(server.take()).toHaveLength(9013);
  });
});

describe("compression", () => {
  test("compressed packets are accepted whatever the own setting, and bigints within them survive", () => {
    const setUp = plain("a");
    const server = activeServer(setUp, { cfg: { "net.compress.enabled": false } });
    server.receive(packet(64, zlib.deflate(bytes("92cfffffffffffffffffc40101")), 1));
    expect(server.received).toEqual([[2n ** 64n - 1n, Uint8Array.of(1)]]);
  });

  test("without zlib they are refused, and none are sent", () => {
    const pair = activePair(plain("a"), { compression: undefined }, { compression: undefined });
    pair.client.connection.send("a", "x".repeat(20_000));
    pair.pump();
    expect(pair.server.received).toEqual(["x".repeat(20_000)]);
    pair.server.receive(packet(64, zlib.deflate(bytes("c0")), 1));
    expect(pair.server.codes).toEqual(["P3D_ERR_UNSUPPORTED_FLAGS"]);
    expect(pair.server.errors[0]?.message).toMatch(/0x1;.*and not here/);
  });
});

describe("messages", () => {
  test("any values through two connections, in any pieces, compressed or not", () => {
    fc.assert(
      fc.property(
        fc.array(sendable, { maxLength: 6 }),
        fc.array(fc.nat()),
        fc.constantFrom(0, 100, 8192),
        (values, cuts, threshold) => {
          const pair = activePair(plain("a"), { cfg: { "net.compress.threshold": threshold } });
          for (const value of values) pair.server.connection.send("a", value);
          for (const chunk of cutAt(pair.server.take(), cuts)) {
            pair.client.receive(chunk);
            pair.client.connection.retain();
            chunk.fill(0xee);
          }
          expect(pair.client.received).toEqual(values.map(delivered));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("binary values are copies: overwriting the chunk changes no message", () => {
    const server = activeServer(plain("a"));
    const chunk = concat(packet(64, "c403010203"), packet(64, "9281a162c40107a3616263"));
    server.receive(chunk);
    chunk.fill(0xff);
    expect(server.received).toEqual([Uint8Array.of(1, 2, 3), [{ b: Uint8Array.of(7) }, "abc"]]);
  });

  test("binary values are copies also for packets in pieces", () => {
    const server = activeServer(plain("a"));
    const whole = packet(64, "c403010203");
    for (const chunk of [whole.slice(0, 12), concat(whole.slice(12), packet(64, "c40109"))]) {
      server.receive(chunk);
      chunk.fill(0xff);
    }
    expect(server.received).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(9)]);
  });

  test("there is no packet to process before one has arrived", () => {
    const { connection } = activeServer(echo);
    expect(() => connection.dispatch()).toThrow(InvalidStateError);
    expect(() => connection.rawPacket()).toThrow("there is no packet");
  });

  test("raw packets kept for later", () => {
    const server = activeServer(plain("a"));
    const { connection } = server;
    const whole = packet(64, "c403010203");
    const raws: Uint8Array[] = [];
    for (const chunk of [concat(whole, whole.slice(0, 9)), concat(whole.slice(9), packet(64, "a178"))]) {
      connection.push(chunk);
      while (connection.next()) raws.push(connection.rawPacket());
      connection.retain();
      chunk.fill(0xff);
    }
    expect(raws.map(hex)).toEqual([hex(whole.slice(4)), hex(whole.slice(4)), "000000400000a178"]);
    expect(connection.packetsIn).toBe(2);
    for (const raw of raws) connection.dispatchRaw(raw);
    connection.dispatchRaw(Buffer.from(raws[2] as Uint8Array));
    expect(server.received).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3), "x", "x"]);
  });

  test("by name, id or object, with what the host is told", () => {
    const pair = activePair(plain("a"));
    const { connection, host, peer } = pair.client;
    const object = peer.registry.get("a");
    for (const ptype of ["a", 64, object]) expect(connection.send(ptype, "x")).toBe(true);
    expect(host.sentData).toEqual(["a", 64, object].map((ptype) => ({ ptype, data: "x" })));
    expect(() => connection.send("nope", 1)).toThrow(NotRegisteredError);
    pair.pump();
    expect(pair.server.host.messages).toEqual([1, 2, 3].map(() => ({ name: "a", id: 64, msg: "x" })));
  });

  test("the bytes of the packet sent last are there within the host's hook", () => {
    const { server } = activePair(plain("a"));
    const seen: string[] = [];
    server.host.onSent = () => seen.push(hex(server.connection.lastPacket()));
    server.connection.send("a", 1);
    server.connection.send("a", "z");
    expect(seen).toEqual([hex(packet(64, "01")), hex(packet(64, "a17a"))]);
  });

  test("what cannot be sent throws, and nothing is sent", () => {
    const { server } = activePair(plain("a"), {
      cfg: { "net.limits.packetlength": 5000, "net.compress.enabled": false },
    });
    expect(() => server.connection.send("a", new Set())).toThrow(EncodeError);
    expect(() => server.connection.send("a", "x".repeat(5000))).toThrow(PacketTooLargeError);
    expect(server.connection.hasOutput).toBe(false);
    expect(server.host.sentData).toEqual([]);
    expect(server.connection.packetsOut).toBe(2);
  });

  test("encoded once, sent to many", () => {
    const pair = activePair(plain("a"));
    const { server } = pair;
    const { registry } = server.peer;
    const encoded = encodePacket(server.context, 64, { n: 1 });
    expect(hex(encoded)).toBe(hex(packet(64, "81a16e01")));
    server.connection.send("a", 0);
    expect(server.connection.sendEncoded(registry.entry("a"), encoded, "a", { n: 1 })).toBe(true);
    pair.pump();
    expect(pair.client.received).toEqual([0, { n: 1 }]);
    expect(server.host.sentData.at(-1)).toEqual({ ptype: "a", data: { n: 1 } });
    expect(() => encodePacket(server.context, 64, () => 0)).toThrow(EncodeError);
    server.connection.sendClose(null);
    expect(() => server.connection.sendEncoded(registry.entry("a"), encoded, "a", {})).toThrow(
      ConnectionClosedError,
    );
    const early = freshServer({ setUp: plain("a") });
    expect(() => early.connection.sendEncoded(early.peer.registry.entry("a"), encoded, "a", {})).toThrow(
      InvalidStateError,
    );
  });
});

describe("output", () => {
  test("encoders are given back once all was taken, and serve the next connection", () => {
    const pair = activePair(echo);
    for (const { context, connection } of [pair.server, pair.client]) {
      const [acquire, release] = [
        jest.spyOn(context.encoders, "acquire"),
        jest.spyOn(context.encoders, "release"),
      ];
      for (const text of ["one", "two"]) {
        connection.send("game:other", text);
        connection.output();
        connection.outputTaken(true);
      }
      expect(acquire).toHaveBeenCalledTimes(2);
      const [first, second] = acquire.mock.results.map(({ value }) => value as unknown);
      expect(release.mock.calls).toEqual([[first], [second]]);
      expect(second).toBe(first);
      jest.restoreAllMocks();
    }
  });

  test("is announced once until it is taken, and again when a batch is full", () => {
    const { server } = activePair(plain("a"));
    const { connection, host } = server;
    const before = host.pending;
    connection.send("a", 1);
    connection.send("a", 2);
    expect([host.pending - before, host.full, connection.hasOutput, connection.unsent]).toEqual([
      1,
      0,
      true,
      22,
    ]);
    expect(server.take()).toHaveLength(22);
    expect([connection.hasOutput, connection.unsent]).toEqual([false, 0]);
    connection.send("a", 3);
    expect(host.pending - before).toBe(2);
    host.onFull = () => server.take();
    connection.send("a", new Uint8Array(8000));
    connection.send("a", new Uint8Array(8000));
    expect([host.full, connection.full]).toEqual([0, false]);
    connection.send("a", new Uint8Array(1000));
    expect([host.full, connection.hasOutput]).toEqual([1, false]);
  });

  test("may be left for a while although 20 packets have gathered, but not once there are 16 KiB", () => {
    const { server } = activePair(plain("a"));
    const { connection, host } = server;
    const full: boolean[] = [];
    host.onFull = () => void full.push(connection.full);
    for (let count = 0; count < 38; count++) connection.send("a", 1);
    for (let count = 0; count < 15; count++) connection.send("a", new Uint8Array(1000));
    expect(full).toEqual([false]);
    connection.send("a", new Uint8Array(1000));
    expect(full).toEqual([false, true]);
  });

  test("of a handler is full after 20 packets, and within one batch after twice as many each time", () => {
    const { server } = activePair(plain("a"));
    const { connection, host } = server;
    host.onFull = () => server.take();
    const fullAfter = (): number[] => {
      const places: number[] = [];
      for (let count = 1; count <= 150; count++) {
        const before = host.full;
        connection.send("a", 1);
        if (host.full > before) places.push(count);
      }
      return places;
    };
    expect(fullAfter()).toEqual([20, 60, 140]);
    // The end of the batch.
    server.take();
    expect(fullAfter()).toEqual([20, 60, 140]);
  });

  test.each([
    // After ten, less is to come than has gathered: it leaves with the rest.
    [19, []],
    [20, [20]],
    [21, [10]],
    // After twenty more, too.
    [49, [10]],
    [50, [10, 50]],
    [51, [10, 30]],
    [64, [10, 30]],
    // After ten, more than eight times that is to come: the peer is at work, and not waiting.
    [90, [10, 30]],
    [91, [11, 33]],
    [900, [100, 300]],
  ])(
    "within a batch of %d it is full after 10 packets and twice as many each time, given that more is to come: %j",
    (count, full) => {
      // Numbers that take five bytes, so that all packets are as long as the others.
      const BASE = 100_000;
      const { server } = activePair((peer) => {
        class Echo extends Packet {
          override receive(message: unknown): void {
            server.connection.send("a", message);
            if (server.host.full > places.length) places.push((message as number) - BASE);
          }
        }
        peer.registry.register(new Echo(peer.registry, peer), "a");
      });
      const places: number[] = [];
      server.host.onFull = () => server.take();
      const numbered = (number: number): Uint8Array =>
        packet(64, `ce${number.toString(16).padStart(8, "0")}`);
      server.receive(concat(...Array.from({ length: count }, (_, index) => numbered(BASE + index + 1))));
      expect(places).toEqual(full);
    },
  );

  test("past the high-water mark send says false, and accepts all the same", () => {
    const pair = activePair(plain("a"), { cfg: { "net.limits.unsent.highwater": 33 } });
    const { connection } = pair.server;
    expect([1, 2, 3, 4].map((value) => connection.send("a", value))).toEqual([true, true, true, false]);
    pair.pump();
    expect(pair.client.received).toEqual([1, 2, 3, 4]);
    connection.backlog = 22;
    expect(connection.send("a", 5)).toBe(true);
    expect(connection.sendRaw(64, 6)).toBe(false);
    connection.backlog = 34;
    expect(connection.unsent).toBe(56);
  });
});

describe("unknown ids", () => {
  test.each([99, 5, 63, 2 ** 32 - 1])("%d ends the connection", (id) => {
    const server = activeServer(plain("a"));
    server.receive(packet(id, "c0"));
    expect(server.codes).toEqual(["P3D_ERR_UNKNOWN_PACKET"]);
    expect(server.errors[0]?.message).toMatch(`packet ${id}, which is registered under no name`);
    expect(server.errors[0]?.message).toMatch('set net.registry.unknownpacketaction to "ignore"');
  });

  test("are ignored if so configured, up to the strikes in a row, without looking into them", () => {
    const cfg = { "net.registry.unknownpacketaction": "ignore", "net.limits.strikes": 3 } as const;
    const server = activeServer(plain("a"), { cfg });
    for (let round = 0; round < 3; round++) {
      for (const id of [99, 5, 700]) server.receive(packet(id, "c1"));
      server.receive(packet(64, "01"));
    }
    expect([server.codes, server.received, server.host.ignoredBecause.length]).toEqual([[], [1, 1, 1], 9]);
    for (const id of [99, 5, 700]) server.receive(packet(id, "c1"));
    expect(server.codes).toEqual([]);
    server.receive(packet(99, "c1"));
    expect(server.codes).toEqual(["P3D_ERR_UNEXPECTED_PACKET"]);
    expect(server.errors[0]?.message).toMatch(/^4 packets in a row had to be ignored, .*packet 99/);
  });

  test("in the handshake, too", () => {
    const server = freshServer({
      cfg: { "net.registry.unknownpacketaction": "ignore", "net.limits.strikes": 1 },
    });
    server.receive(packet(2, SETTYPE));
    server.receive(packet(99, "c0"));
    expect(server.codes).toEqual([]);
    server.receive(packet(99, "c0"));
    expect(server.codes).toEqual(["P3D_ERR_UNEXPECTED_PACKET"]);
  });
});

describe("handlers that fail", () => {
  const failing =
    (receive: () => void | Promise<void>, send: () => void | Promise<void>) => (peer: FakePeer) => {
      class Failing extends Packet {
        override receive(): void | Promise<void> {
          return receive();
        }
        override send(): void | Promise<void> {
          return send();
        }
      }
      peer.registry.register(new Failing(peer.registry, peer), "f");
    };
  const error = new Error("mine");

  test.each<[string, () => void | Promise<void>]>([
    [
      "throw",
      () => {
        throw error;
      },
    ],
    ["reject", () => Promise.reject(error)],
    [
      "reject later",
      async () => {
        await tick();
        throw error;
      },
    ],
    [
      "throw a text",
      () => {
        throw "text";
      },
    ],
  ])("by %s are reported and harm nothing", async (name, fail) => {
    const pair = activePair(failing(fail, fail));
    pair.client.connection.send("f", 1);
    pair.client.connection.send("f", 2);
    pair.pump();
    await tick();
    await tick();
    const expected = { error: name === "throw a text" ? "text" : error, where: "f" };
    expect(pair.client.host.failures).toEqual([expected, expected]);
    expect(pair.server.host.failures).toEqual([expected, expected]);
    expect(pair.server.received).toEqual([1, 2]);
    expect([pair.server.errors, pair.server.connection.closing]).toEqual([[], false]);
  });

  test("those that resolve are not reported", async () => {
    const pair = activePair(
      failing(
        async () => {},
        async () => {},
      ),
    );
    pair.client.connection.send("f", 1);
    pair.pump();
    await tick();
    expect([pair.client.host.failures, pair.server.host.failures]).toEqual([[], []]);
  });

  test("a ProtocolError thrown by a handler is the application's own mistake", () => {
    const pair = activePair(
      failing(
        () => {
          throw new BadDataError("x");
        },
        () => {},
      ),
    );
    pair.client.connection.send("f", 1);
    pair.pump();
    expect(pair.server.errors).toEqual([]);
    expect(pair.server.host.failures).toHaveLength(1);
  });
});

describe("packets that observe what is sent", () => {
  test("get the encoded packet and who it goes to, before the host hears of it", () => {
    const seen: unknown[] = [];
    const setUp = (peer: FakePeer) => {
      class Observing extends Packet {
        override send(msg: Uint8Array, cid: number | null): void {
          seen.push([hex(msg), cid, peer.side]);
        }
      }
      peer.registry.register(new Observing(peer.registry, peer), "o");
    };
    const { server, client } = activePair(setUp);
    server.host.onSent = () => seen.push("host");
    server.connection.send("o", 1);
    client.connection.send("o", 2);
    expect(seen).toEqual([[hex(packet(64, "01")), 1, 1], "host", [hex(packet(64, "02")), null, 0]]);
  });
});

describe("custom connection types", () => {
  class Custom extends ConnectionType {
    readonly got: unknown[] = [];
    readonly sent: unknown[] = [];
    readonly over: unknown[] = [];
    keeps: (pid: number) => boolean = () => true;
    observes: () => boolean = () => false;

    override init(cid: number | null): void {
      this.connection(cid).activate();
    }
    override receive(msg: unknown, pid: number, flags: number, cid: number | null): boolean {
      this.got.push([msg, pid, flags, cid]);
      return this.keeps(pid);
    }
    override send(data: Uint8Array, pid: unknown, cid: number | null): boolean {
      this.sent.push([hex(data), pid, cid]);
      return this.observes();
    }
    override closed(cid: number | null): void {
      this.over.push(cid);
    }
    lookUp(cid: number | null): void {
      this.connection(cid);
    }
  }
  const customPair = (setUp: (peer: FakePeer) => void = () => {}, type: typeof Custom = Custom) => {
    const types: Custom[] = [];
    const both = (peer: FakePeer) => {
      const made = new type(peer);
      types.push(made);
      peer.conntypes.set("custom", made);
      setUp(peer);
    };
    const pair = new Pair({ setUp: both, cid: 9 }, { setUp: both, conntype: "custom" }).open();
    return { pair, server: types[0] as Custom, client: types[1] as Custom };
  };

  test("are active without a registry having been exchanged", () => {
    const { pair } = customPair();
    expect(pair.passed).toHaveLength(2);
    for (const { connection, host } of [pair.server, pair.client]) {
      expect([connection.active, connection.conntype, host.completed]).toEqual([true, "custom", 1]);
    }
  });

  test("send and receive ids that nobody registered", () => {
    const { pair, server } = customPair();
    const before = pair.client.connection.packetsOut;
    expect(pair.client.connection.sendRaw(64, { q: 1 })).toBe(true);
    expect(pair.client.connection.packetsOut).toBe(before + 1);
    pair.pump();
    expect(server.got).toEqual([[{ q: 1 }, 64, 0, 9]]);
    expect(pair.server.received).toEqual([]);
    pair.server.receive(packet(70, zlib.deflate(bytes("07")), 1));
    expect(server.got.at(-1)).toEqual([7, 70, 1, 9]);
    expect(pair.server.errors).toEqual([]);
  });

  test("what they do not keep goes on: to a handler, or as unknown", () => {
    const { pair, server } = customPair(plain("a"));
    server.keeps = (pid) => pid === 70;
    pair.server.receive(concat(packet(64, "01"), packet(70, "02")));
    expect(pair.server.received).toEqual([1]);
    pair.server.receive(packet(71, "03"));
    expect(pair.server.codes).toEqual(["P3D_ERR_UNKNOWN_PACKET"]);
    expect(server.got.map((one) => (one as unknown[])[1])).toEqual([64, 70, 71]);
  });

  test("do not see ids below 64 and names of the protocol's own, received or sent", () => {
    const { pair, server } = customPair((peer) => {
      peer.registry.register(new Packet(peer.registry, peer), "low", 40);
      peer.registry.register(new Packet(peer.registry, peer), "peng3dnet:named");
    });
    pair.client.connection.send("low", 1);
    pair.client.connection.send("peng3dnet:named", 2);
    pair.server.connection.send("low", 3);
    pair.pump();
    expect(pair.server.received).toEqual([1, 2]);
    expect([server.got, server.sent]).toEqual([[], []]);
    pair.server.receive(packet(41, "c0"));
    expect([server.got, pair.server.codes]).toEqual([[], ["P3D_ERR_UNKNOWN_PACKET"]]);
  });

  test("see what is sent, and may keep others from seeing it", () => {
    const observed: string[] = [];
    class Observing extends Packet {
      override send(msg: Uint8Array): void {
        observed.push(hex(msg));
      }
    }
    const { pair, server } = customPair((peer) => {
      peer.registry.register(new Observing(peer.registry, peer), "o");
      peer.registry.register(new Packet(peer.registry, peer), "p");
    });
    const form = hex(packet(64, "01"));
    pair.server.connection.send("o", 1);
    expect([server.sent, observed, pair.server.host.sentData.length]).toEqual([[[form, "o", 9]], [form], 1]);
    server.observes = () => true;
    pair.server.connection.send("o", 1);
    pair.server.connection.send("p", 1);
    expect([server.sent.length, observed.length, pair.server.host.sentData.length]).toEqual([3, 1, 1]);
    pair.pump();
    expect(pair.client.connection.packetsIn).toBe(4);
  });

  test("may end the connection with a ProtocolError; other errors are their own mistake", () => {
    const { pair, server } = customPair(plain("a"));
    server.keeps = () => {
      throw new Error("mine");
    };
    server.observes = () => {
      throw new Error("mine, too");
    };
    pair.server.receive(packet(64, "01"));
    pair.server.connection.send("a", 1);
    expect(pair.server.host.failures.map(({ where }) => where)).toEqual(["custom.receive", "custom.send"]);
    expect([pair.server.received, pair.server.errors]).toEqual([[1], []]);
    server.keeps = () => {
      throw new BadDataError("theirs");
    };
    pair.server.receive(packet(64, "01"));
    expect(pair.server.codes).toEqual(["P3D_ERR_BAD_DATA"]);
  });

  test("init that throws or rejects leaves the connection in the handshake", async () => {
    for (const init of [
      () => {
        throw new Error("mine");
      },
      async () => {
        throw new Error("mine");
      },
    ]) {
      class Broken extends Custom {
        override init(): void | Promise<void> {
          return init();
        }
      }
      const { pair } = customPair(() => {}, Broken as typeof Custom);
      await tick();
      expect(pair.server.host.failures).toEqual([{ error: new Error("mine"), where: "custom.init" }]);
      expect([pair.server.connection.state, pair.server.errors]).toEqual([STATE_HANDSHAKE_WAIT2, []]);
    }
  });

  test("init that refuses with a ProtocolError closes", () => {
    class Refusing extends Custom {
      override init(): void {
        throw new BadDataError("no");
      }
    }
    const { pair } = customPair(() => {}, Refusing);
    expect(pair.server.codes).toEqual(["P3D_ERR_BAD_DATA"]);
  });

  test("an accept packet activates none that did not ask for the classic handshake", () => {
    class Slow extends Custom {
      override init(): void {}
    }
    const setUp = (peer: FakePeer) => peer.conntypes.set("custom", new Slow(peer));
    const server = freshServer({ setUp });
    server.receive(packet(2, "81a8636f6e6e74797065a6637573746f6d"));
    expect(server.connection.state).toBe(STATE_HANDSHAKE_WAIT2);
    server.receive(packet(4, ACCEPT));
    expect(server.codes).toEqual(["P3D_ERR_UNEXPECTED_PACKET"]);
    expect([server.connection.active, server.host.completed]).toEqual([false, 0]);
  });

  test("hear of the close, once, and may look their connections up until then", () => {
    const { pair, server } = customPair();
    expect(() => server.lookUp(9)).not.toThrow();
    expect(() => server.lookUp(10)).toThrow(InvalidStateError);
    pair.server.connection.markClosed();
    pair.server.connection.markClosed();
    expect(server.over).toEqual([9]);
    server.closed = () => {
      throw new Error("mine");
    };
    pair.client.connection.markClosed();
    expect(pair.server.host.failures).toEqual([]);
  });

  test("a close handler that throws or rejects is reported", async () => {
    for (const closed of [
      () => {
        throw new Error("mine");
      },
      async () => {
        throw new Error("mine");
      },
    ]) {
      const { pair, server } = customPair();
      server.closed = closed;
      pair.server.connection.markClosed();
      await tick();
      expect(pair.server.host.failures).toEqual([{ error: new Error("mine"), where: "custom.closed" }]);
      expect(pair.server.connection.state).toBe(STATE_CLOSED);
    }
  });

  test("a close handler that throws what would end the connection is reported, too", () => {
    const { pair, server } = customPair();
    server.closed = () => {
      throw new BadDataError("late");
    };
    pair.server.connection.markClosed();
    expect(pair.server.host.failures).toEqual([{ error: new BadDataError("late"), where: "custom.closed" }]);
  });

  test("without hooks of their own they stay out of the way", () => {
    class Bare extends ConnectionType {
      override init(cid: number | null): void {
        this.connection(cid).activate();
      }
    }
    const setUp = (peer: FakePeer) => {
      peer.conntypes.set("bare", new Bare(peer));
      plain("a")(peer);
    };
    const pair = new Pair({ setUp }, { setUp, conntype: "bare" }).open();
    pair.client.connection.send("a", 1);
    pair.pump();
    expect(pair.server.received).toEqual([1]);
    const bare = new Bare(pair.server.peer);
    expect([bare.receive(1, 2, 3, null), bare.send(new Uint8Array(0), "a", null), bare.closed(null)]).toEqual(
      [false, false, undefined],
    );
    pair.server.connection.markClosed();
    expect(pair.server.host.failures).toEqual([]);
  });
});

describe("closing", () => {
  test("packets are passed over, in any pieces, and the other side's closing packet is noticed", () => {
    const { server } = activePair(plain("a"));
    const stream = concat(packet(64, "a178"), packet(16, CLOSE), packet(64, "a179"));
    const { connection } = server;
    const noticed: number[] = [];
    for (const [at, byte] of stream.entries()) {
      connection.push(Uint8Array.of(byte));
      if (connection.passOver()) noticed.push(at);
    }
    expect(noticed).toEqual([packet(64, "a178").length + packet(16, CLOSE).length - 1]);
    expect(server.host.messages).toEqual([]);
    connection.push(packet(64, "a178"));
    expect(connection.passOver()).toBe(false);
  });

  test("after the closing packet nothing can be sent, and the reason is told", () => {
    const pair = activePair(plain("a"));
    const { connection } = pair.server;
    connection.send("a", "before");
    connection.sendClose("enough");
    expect(connection.closing).toBe(true);
    for (const send of [() => connection.send("a", 1), () => connection.sendRaw(64, 1)]) {
      expect(send).toThrow(ConnectionClosedError);
      expect(send).toThrow(
        expect.objectContaining({ reason: "enough", message: expect.stringContaining("(enough)") }),
      );
    }
    connection.sendClose("again");
    pair.pump();
    expect(pair.client.received).toEqual(["before"]);
    expect(pair.client.host.closeReasons).toEqual(["enough"]);
  });

  test("without a reason", () => {
    const pair = activePair(plain("a"));
    pair.server.connection.sendClose(null);
    pair.pump();
    expect(pair.client.host.closeReasons).toEqual([null]);
    expect(() => pair.server.connection.send("a", 1)).toThrow(
      /^the connection is closed; nothing can be sent$/,
    );
    const { connection } = pair.client;
    connection.markClosing("socketclose");
    expect(() => connection.send("a", 1)).toThrow(expect.objectContaining({ reason: "socketclose" }));
  });

  test("in any state of the handshake", () => {
    for (const end of [new End(1), freshServer(), new End(0)]) {
      end.connection.sendClose("b");
      expect(hex(end.take())).toBe(hex(packet(16, CLOSE)));
    }
  });

  test("a reason that does not fit a packet", () => {
    const { server } = activePair(plain("a"), { cfg: { "net.limits.packetlength": 1000 } });
    expect(() => server.connection.sendClose("x".repeat(1000))).toThrow(PacketTooLargeError);
    expect(server.connection.hasOutput).toBe(false);
  });

  test("closed: state, mode and buffers are those of a closed connection", () => {
    const { server } = activePair(plain("a"));
    const { connection } = server;
    connection.send("a", 1);
    connection.backlog = 5;
    server.receive(packet(64, "c0").subarray(0, 7));
    connection.markClosed();
    expect(connection).toMatchObject({
      state: STATE_CLOSED,
      mode: MODE_CLOSED,
      active: false,
      closing: true,
    });
    expect([connection.hasOutput, connection.incomplete, connection.unsent]).toEqual([false, false, 0]);
    expect(() => connection.send("a", 1)).toThrow(ConnectionClosedError);
  });

  test("input can be discarded", () => {
    const server = activeServer(plain("a"));
    server.connection.push(concat(packet(64, "01"), packet(64, "02")));
    expect(server.connection.next()).toBe(true);
    server.connection.discardInput();
    expect([server.connection.next(), server.connection.incomplete]).toEqual([false, false]);
  });
});

describe("code of the application that fails", () => {
  test("closeConnection that throws at once is reported, and the packet was not sent", () => {
    class Closing extends SmartPacket {
      override readonly mode = 5;
      override readonly invalidAction = "close";
    }
    const end = activeServer((peer) => {
      peer.registry.register(new Closing(peer.registry, peer), "test:closing");
    });
    end.peer.closeConnection = () => {
      throw new Error("cannot close");
    };
    end.connection.send("test:closing", 1);
    expect(end.host.failures).toEqual([{ error: new Error("cannot close"), where: "closeConnection" }]);
    expect(end.host.ignoredBecause).toHaveLength(1);
  });
});
