// What packets of the handshake said is remembered, and nothing else is.

import {
  BadDataError,
  ClassicConnectionType,
  type Codec,
  Connection,
  FLAG_COMPRESSED,
  Packet,
  SIDE_SERVER,
  SmartPacket,
  ValueCodec,
} from "@peng3dnet/protocol";
import { hex, packet } from "../support/bytes.js";
import { End, FakeHost, type FakePeer, Pair } from "../support/pair.js";
import { zlib } from "../support/zlib.js";

const codec = new ValueCodec();
const body = (value: unknown): string => hex(codec.encode(value));
const SETTYPE = { conntype: "classic", ext: { compress: { accept: true } } };

/** Another connection of a server, which has said its hello. */
function another(server: End): Connection {
  const connection = new Connection(server.context, 2, new FakeHost());
  server.peer.connections.set(2, connection);
  connection.open();
  return connection;
}

function receive(connection: Connection, chunk: Uint8Array): void {
  connection.push(chunk);
  while (connection.next()) connection.dispatch();
}

const server = (setUp?: (peer: FakePeer) => void): End => {
  const end = new End(SIDE_SERVER, { setUp });
  end.connection.open();
  end.take();
  return end;
};

test("connections that are told the same have it from one body", () => {
  const end = server();
  end.receive(packet(2, body(SETTYPE)));
  const second = another(end);
  receive(second, packet(2, body(SETTYPE)));
  expect(second.peerExtensions).toEqual({ compress: { accept: true } });
  expect(second.peerExtensions).toBe(end.connection.peerExtensions);
});

test.each<[string, number, number]>([
  ["compressed is not taken for one that is not", FLAG_COMPRESSED, 0],
  ["not compressed is not taken for one that is", 0, FLAG_COMPRESSED],
])("a body that is %s", (_, first, second) => {
  const end = server();
  // Bytes that can be read one way only.
  const bytes = first === 0 ? codec.encode(SETTYPE) : zlib.deflate(codec.encode(SETTYPE));
  end.receive(packet(2, hex(bytes), first));
  expect([end.codes, end.connection.conntype]).toEqual([[], "classic"]);
  const other = another(end);
  expect(() => receive(other, packet(2, hex(bytes), second))).toThrow(
    expect.objectContaining({ closeReason: "baddata" }),
  );
});

test("a packet of the application that comes as early has a value of its own each time", () => {
  const end = server((peer) => {
    const early = Object.assign(new SmartPacket(peer.registry, peer), { state: null });
    peer.registry.register(early, "early", 5);
  });
  const chunk = packet(5, body({ a: { b: 1 } }));
  end.receive(chunk);
  end.receive(chunk);
  const [one, two] = end.received as { a: object }[];
  expect([one, two]).toEqual([{ a: { b: 1 } }, { a: { b: 1 } }]);
  expect(one).not.toBe(two);
  expect([one, one?.a].map(Object.isFrozen)).toEqual([false, false]);
});

test("a hello that comes once more is held to the limits of an active connection", () => {
  const { client, server } = new Pair({}, { cfg: { "net.limits.elements": 40 } });
  const more = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`k${at}`, at]));
  const hello = packet(1, body({ version: "0.2.0", protoversion: 2, more }));
  client.connection.open();
  server.connection.open();
  server.take();
  client.receive(hello);
  server.receive(client.take());
  client.receive(server.take());
  expect([client.codes, client.connection.active]).toEqual([[], true]);
  client.receive(hello);
  expect(client.codes).toEqual(["P3D_ERR_BAD_DATA"]);
});

describe("a connection type that takes packets of ids that nobody registered", () => {
  const taken: unknown[][] = [];
  class Taking extends ClassicConnectionType {
    override receive(msg: unknown, id: number): boolean {
      taken.push([id, msg]);
      return true;
    }
  }
  const taking = (): End => {
    const end = server((peer) => void peer.conntypes.set("classic", new Taking(peer)));
    end.receive(packet(2, body({ conntype: "classic" })));
    taken.length = 0;
    return end;
  };

  test("gets them before the connection is active, too", () => {
    const end = taking();
    end.receive(packet(99, body("x")));
    expect([end.codes, end.connection.active, taken]).toEqual([[], false, [[99, "x"]]]);
  });

  test("and what is wrong with them is told without a name", () => {
    const end = taking();
    end.receive(packet(99, "c1"));
    expect(end.codes).toEqual(["P3D_ERR_BAD_DATA"]);
    expect(end.errors[0]?.message).not.toContain("(packet");
    expect(taken).toEqual([]);
  });
});

describe("what a codec of the application throws", () => {
  const thrownBy = (thrown: unknown): unknown => {
    const own: Codec = {
      encode: (value) => codec.encode(value),
      decode: () => {
        throw thrown;
      },
    };
    const end = new End(SIDE_SERVER, { codec: own });
    end.connection.open();
    try {
      receive(end.connection, packet(2, body(SETTYPE)));
    } catch (error) {
      return error;
    }
    return "nothing";
  };

  test.each([new Error("mine"), new TypeError("mine")])("stays as it is: %p", (error) => {
    expect(thrownBy(error)).toBe(error);
    expect(error.message).toBe("mine");
  });

  test("names the packet if it is an error about the value, with or without a stack", () => {
    const error = new BadDataError("bad");
    expect(thrownBy(error)).toBe(error);
    const text = 'bad (packet "peng3dnet:internal.settype")';
    expect([error.message, error.stack?.split("\n")[0]]).toEqual([text, expect.stringContaining(text)]);
    const bare = Object.assign(new BadDataError("bad"), { stack: undefined });
    expect(thrownBy(bare)).toBe(bare);
    expect([bare.message, bare.stack]).toEqual([text, undefined]);
  });
});

test("what is wrong with a packet is told with its name", () => {
  const end = server((peer) => void peer.registry.register(new Packet(peer.registry, peer), "a"));
  end.receive(packet(2, "c1"));
  expect(end.errors[0]?.message).toMatch(/\(packet "peng3dnet:internal.settype"\)$/);
});
