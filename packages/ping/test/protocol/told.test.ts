// What is said of pings that are refused, and the time that goes into them.

import { Client, CONNTYPE_PING, Server } from "@peng3dnet/core";
import { TestNetwork } from "@peng3dnet/core/testing";
import {
  enablePing,
  InvalidPingPacketError,
  PingableClientMixin,
  PingableServerMixin,
  PingConnectionType,
  type PingData,
  PingDataError,
  PingInvalidSideError,
  pingServer,
} from "@peng3dnet/ping";
import { track } from "../../../core/test/support/cleanup.js";
import { next, startServer } from "../../../core/test/support/peers.js";
import { RawPeer, rawServer } from "../../../core/test/support/raw-peer.js";
import { hello, packet, settype } from "../../../core/test/support/wire.js";
import { epochSeconds } from "../../src/protocol/time.js";

const PingClient = PingableClientMixin(Client);

/** The error that a server closes a ping connection with. */
async function serverError(...packets: Uint8Array[]): Promise<Error | undefined> {
  const server = await startServer({}, (peer) => enablePing(peer));
  const closed = next(server, "close");
  const peer = await RawPeer.connect(server.addr);
  await peer.packet();
  peer.write(settype("ping"), ...packets);
  await peer.closeReason();
  peer.end();
  const [, { error }] = await closed;
  return error;
}

/** Starts a client; the server says hello, and leaves the rest to the test. */
async function startWith(client: Client, listening: Awaited<ReturnType<typeof rawServer>>): Promise<RawPeer> {
  const accepted = listening.accepted();
  const started = client.start();
  const peer = await accepted;
  peer.write(hello());
  await started;
  return peer;
}

/** The error that a client closes its connection with. */
async function clientError(...packets: Uint8Array[]): Promise<Error | undefined> {
  const listening = await rawServer();
  const client = track(new PingClient({ addr: listening.addr, conntype: CONNTYPE_PING }));
  const closed = client.waitForClose();
  const peer = await startWith(client, listening);
  peer.write(...packets);
  await peer.closeReason();
  peer.end();
  return (await closed).error;
}

const long = (length: number): PingData => ({ x: "a".repeat(length) });

test.each<[string, Uint8Array[], string]>([
  ["another packet", [packet(70, {})], "the peer sent packet 70 on a ping connection"],
  ["a list", [packet(64, [])], "the body of a ping or pong is not a map"],
  ["a long ping", [packet(64, long(1024))], "the body of a ping is longer than 1024 bytes"],
  [
    "a fifth ping",
    Array.from({ length: 5 }, () => packet(64, {})),
    "a client sent more than 4 pings on one connection",
  ],
])("a server says what is wrong with %s", async (_what, packets, message) => {
  const error = await serverError(...packets);
  expect(error).toBeInstanceOf(InvalidPingPacketError);
  expect(error).toMatchObject({
    name: "InvalidPingPacketError",
    code: "P3D_ERR_INVALID_PING_PACKET",
    closeReason: "invalidpingpacket",
    message,
  });
});

test.each<[string, Uint8Array[], string]>([
  ["a long pong", [packet(65, long(16_384))], "the body of a pong is longer than 16384 bytes"],
  ["a second pong", [packet(65, {}), packet(65, {})], "the server sent a pong that nobody asked for"],
])("a client says what is wrong with %s", async (_what, packets, message) => {
  expect(await clientError(...packets)).toMatchObject({ name: "InvalidPingPacketError", message });
});

test("each side says that a packet is the other one's", async () => {
  const own = {
    name: "PingInvalidSideError",
    code: "P3D_ERR_PING_INVALID_SIDE",
    closeReason: "pinginvalidside",
  };
  const [atServer, atClient] = [await serverError(packet(65, {})), await clientError(packet(64, {}))];
  for (const error of [atServer, atClient]) {
    expect(error).toBeInstanceOf(PingInvalidSideError);
    expect(error).toMatchObject(own);
  }
  expect(atServer?.message).toMatch(/^a client sent a pong/);
  expect(atClient?.message).toMatch(/^the server sent a ping/);
});

test("data that cannot be sent are refused, with how long they are", () => {
  const client = new PingClient({ conntype: CONNTYPE_PING });
  const refusal = (data: unknown): unknown => {
    try {
      client.setPingData(data as PingData);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  const noMap = "the data of a ping has to be an object with keys and values";
  for (const data of [null, 5, "text", [], new Uint8Array(1), new Map(), new Date(), undefined]) {
    const error = refusal(data);
    expect(error).toBeInstanceOf(PingDataError);
    expect(error).toMatchObject({ name: "PingDataError", code: "P3D_ERR_PING_DATA", message: noMap });
  }
  // Beside the value of `x`: its mark, key and length, and the time with its key.
  const room = 1024 - 1 - 2 - 3 - 5 - 9;
  expect(refusal(long(room))).toBeUndefined();
  expect(refusal(long(room + 1))).toMatchObject({
    message: "a ping with these data would be 1025 bytes long; at most 1024 are allowed",
  });
  client.stop();
});

test("a client that is not connected cannot ping, and one whose connection ends says why", async () => {
  const client = new PingClient({ conntype: CONNTYPE_PING });
  expect(() => client._ping()).toThrow(
    expect.objectContaining({ code: "P3D_ERR_INVALID_STATE", message: "the client is not connected" }),
  );
  client.stop();
  const listening = await rawServer();
  const other = track(new PingClient({ addr: listening.addr, conntype: CONNTYPE_PING }));
  const peer = await startWith(other, listening);
  const pong = other.waitForPong();
  peer.write(packet(16, { reason: "tired\x1b" }));
  peer.end();
  await expect(pong).rejects.toMatchObject({
    code: "P3D_ERR_CONNECTION_CLOSED",
    reason: "tired\x1b",
    message: "the connection ended before the answer to the ping: tired\\u001b",
    cause: undefined,
  });
});

describe("the time", () => {
  const at = (wallSeconds: number, fineSeconds: number): number => {
    const wall = jest.spyOn(Date, "now").mockReturnValue(wallSeconds * 1000);
    const fine = jest.spyOn(performance, "now").mockReturnValue(fineSeconds * 1000 - performance.timeOrigin);
    try {
      return epochSeconds();
    } finally {
      wall.mockRestore();
      fine.mockRestore();
    }
  };

  test.each([
    [1_800_000_000.123, 1_800_000_000.1234, 1_800_000_000.1234],
    [1_800_000_000.123, 1_800_000_000.129, 1_800_000_000.129],
    [1_800_000_000.123, 1_800_000_000.117, 1_800_000_000.117],
    [1_800_000_000.123, 1_800_000_000.14, 1_800_000_000.123],
    [1_800_000_000.123, 1_800_000_000.1, 1_800_000_000.123],
    [1_800_000_000, 1_900_000_000, 1_800_000_000.0000005],
  ])("of a wall clock at %d and a finer one at %d is %d", (wallSeconds, fineSeconds, expected) => {
    const seconds = at(wallSeconds, fineSeconds);
    expect(seconds).toBeCloseTo(expected, 4);
    expect(Number.isInteger(seconds)).toBe(false);
    expect(seconds).toBeGreaterThan(1_800_000_000);
  });
});

test("the end of a connection without a reason, or by an error, is told as such", async () => {
  const listening = await rawServer();
  const client = track(new PingClient({ addr: listening.addr, conntype: CONNTYPE_PING }));
  const peer = await startWith(client, listening);
  const asked = jest.spyOn(client, "waitForClose");
  const pongs = [client.waitForPong(), client.waitForPong()];
  peer.write(packet(16, { reason: null }));
  peer.end();
  for (const pong of pongs) {
    await expect(pong).rejects.toThrow(
      "the connection ended before the answer to the ping: without a reason",
    );
  }
  expect(asked).toHaveBeenCalledTimes(1);
  const other = track(new PingClient({ addr: "127.0.0.1:1", conntype: CONNTYPE_PING }));
  const pong = other.waitForPong();
  await expect(other.start()).rejects.toMatchObject({ code: "P3D_ERR_CONNECTION_REFUSED" });
  await expect(pong).rejects.toThrow(/before the answer to the ping: .*nothing listens/);
});

test("the delay is the time from ping to pong in seconds", async () => {
  const net = new TestNetwork();
  const server = net.server();
  enablePing(server, () => {
    net.clock.advance(1.25);
    return {};
  });
  const client = net.run(new PingClient({ conntype: CONNTYPE_PING, clock: net.clock }));
  net.clock.advance(3);
  net.connect(client, server);
  expect((await client.waitForPong()).delay).toBe(1.25);
  await client.close();
  server.stop();
});

describe("mistakes in getPingData", () => {
  const NO_MAP = "what getPingData returns has to be an object with keys and values";

  /** What a server with this connection type reports of a ping. */
  async function reported(own: (peer: Server) => PingConnectionType): Promise<readonly [string, string]> {
    const server = await startServer({}, (peer) => peer.addConnType(CONNTYPE_PING, own(peer)));
    const failures: (readonly [string, string])[] = [];
    server.on("handlerError", (error, { where }) => failures.push([where, (error as Error).message]));
    expect(await pingServer({ addr: server.addr })).toHaveProperty("peng3dnet");
    expect(failures).toHaveLength(1);
    return failures[0] as readonly [string, string];
  }

  test.each<[string, (peer: Server) => PingConnectionType, string]>([
    ["of a source", (peer) => new PingConnectionType(peer, { getPingData: () => [1] as never }), NO_MAP],
    [
      "of a type of one's own",
      (peer) => {
        class Own extends PingConnectionType {
          override getPingData(): PingData {
            return [1] as never;
          }
        }
        return new Own(peer, {});
      },
      NO_MAP,
    ],
    [
      "that is asynchronous, of a type of one's own",
      (peer) => {
        class Own extends PingConnectionType {
          override getPingData(): PingData {
            return Promise.reject(new Error("late")) as never;
          }
        }
        return new Own(peer, {});
      },
      "late",
    ],
    [
      "that returns too much",
      (peer) => new PingConnectionType(peer, { getPingData: () => long(17_000) }),
      "the answer to a ping would be",
    ],
  ])("%s are reported", async (_what, own, message) => {
    const [where, told] = await reported(own);
    expect(where).toBe("getPingData");
    expect(told).toContain(message);
  });

  test("there are none in what it returns by itself, also for a client that is gone", () => {
    const server = new (PingableServerMixin(Server))();
    expect(server.getPingData({}, 99)).toEqual({});
    expect(new PingConnectionType(server, { pingdata: { a: 1 } }).getPingData({}, 99)).toEqual({ a: 1 });
    server.stop();
  });
});

test("a client with half of what a pinger needs cannot ping", async () => {
  class Half extends Client {
    _ping(): void {}
  }
  const server = await startServer({}, (peer) => enablePing(peer));
  const client = track(new Half({ addr: server.addr, conntype: CONNTYPE_PING }));
  client.initialize();
  client.addConnType(CONNTYPE_PING, new PingConnectionType(client));
  const failures: unknown[] = [];
  client.on("handlerError", (error) => failures.push(error));
  await expect(client.start()).rejects.toThrow();
  expect(failures).toMatchObject([
    { message: "this client cannot ping; make its class with PingableClientMixin" },
  ]);
});

test("a server answers pings once, however it came to", async () => {
  const server = track(new Server({ addr: "127.0.0.1:0" }));
  enablePing(server);
  expect(() => enablePing(server)).toThrow("registered already");
});

test.each(["a text", ["a", "list"], null])("%p is no data of enablePing", async (data) => {
  const server = await startServer();
  expect(() => enablePing(server, data as never)).toThrow(PingDataError);
  expect(server.getConnType("ping")).toBeUndefined();
});

test("enablePing takes a server, and true or false as writeback", async () => {
  const server = await startServer();
  for (const writeback of [0, null] as never[]) {
    expect(() => enablePing(server, {}, { writeback })).toThrow('the option "writeback" is true or false');
  }
  expect(server.getConnType("ping")).toBeUndefined();
  expect(() => enablePing(null as never)).toThrow("enablePing takes a server");
});

test("a mistyped option of enablePing is refused", async () => {
  const server = await startServer();
  expect(() => enablePing(server, {}, { writeBack: false } as never)).toThrow(
    'enablePing has no option "writeBack"; did you mean "writeback"?',
  );
});

test.each(["a text", ["a", "list"]])(
  "pingdata that is %p is reported, and not taken apart",
  async (pingdata) => {
    class Own extends PingableServerMixin(Server) {}
    const server = track(new Own({ addr: ["127.0.0.1", 0] }));
    server.pingdata = pingdata as never;
    const errors: unknown[] = [];
    server.on("handlerError", (error) => errors.push(error));
    await server.start();
    const pong = await pingServer({ addr: server.addr });
    expect(Object.keys(pong)).toEqual(["oldmsg", "peng3dnet", "recvtime", "delay"]);
    expect(errors).toEqual([expect.any(PingDataError)]);
  },
);
