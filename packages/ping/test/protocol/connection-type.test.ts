// What a ping connection lets through and what ends it, on both sides.

import { deflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import {
  Client,
  CONNTYPE_PING,
  FailedPingError,
  Packet,
  Server,
  STATE_ACTIVE,
  STATE_HANDSHAKE_WAIT2,
  TimedOutError,
} from "@peng3dnet/core";
import {
  enablePing,
  MAX_PING_LENGTH,
  MAX_PINGS,
  MAX_PONG_LENGTH,
  PING_ID,
  PingableClientMixin,
  PingableServerMixin,
  PingConnectionType,
  type PingData,
  PingDataError,
  PONG_ID,
  pingServer,
  WRITEBACK,
} from "@peng3dnet/ping";
import { track } from "../../../core/test/support/cleanup.js";
import { LOCAL, startServer } from "../../../core/test/support/peers.js";
import { RawPeer, rawServer } from "../../../core/test/support/raw-peer.js";
import { frame, hello, packet, settype, value } from "../../../core/test/support/wire.js";

const PingableServer = PingableServerMixin(Server);
const PingClient = PingableClientMixin(Client);
const OWN = { version: "0.2.0", release: "0.2.0", protoversion: 2 };

async function startPingable(): Promise<InstanceType<typeof PingableServer>> {
  const server = track(new PingableServer({ addr: LOCAL }));
  await server.start();
  return server;
}

/** A raw connection to a server that has named ping as its type. */
async function pinging(server: Pick<Server, "addr">): Promise<RawPeer> {
  const peer = await RawPeer.connect(server.addr);
  await peer.packet();
  peer.write(settype("ping"));
  return peer;
}

/** A map whose encoding is so long. */
function mapOfLength(length: number): PingData {
  const map = (fill: number): PingData => ({ x: "a".repeat(fill) });
  let fill = length;
  while (encode(map(fill)).length > length) fill--;
  expect(encode(map(fill))).toHaveLength(length);
  return map(fill);
}

describe("a server", () => {
  test("answers as many pings on one connection as it may, and closes on the next one", async () => {
    const peer = await pinging(await startPingable());
    for (let n = 1; n <= MAX_PINGS; n++) {
      peer.write(packet(PING_ID, { n }));
      expect(value(await peer.packet())).toEqual({ oldmsg: { n }, peng3dnet: OWN });
    }
    peer.write(packet(PING_ID, {}));
    expect(await peer.closeReason()).toBe("invalidpingpacket");
    await peer.ended();
  });

  test.each([
    ["a pong", packet(PONG_ID, {}), "pinginvalidside"],
    ["an id that is neither", packet(66, {}), "invalidpingpacket"],
    ["an id below those of applications", packet(20, {}), "unknownpacket"],
    ["a list", packet(PING_ID, [1]), "invalidpingpacket"],
    ["nil", packet(PING_ID, null), "invalidpingpacket"],
    ["binary", packet(PING_ID, new Uint8Array(3)), "invalidpingpacket"],
    ["no msgpack", frame(PING_ID, Buffer.from([0xc1])), "baddata"],
    ["an acceptance of a registry", packet(4, { success: true }), "unexpectedpacket"],
    ["another type", settype("classic"), "unexpectedpacket"],
    [
      "a byte more than a ping may have",
      packet(PING_ID, mapOfLength(MAX_PING_LENGTH + 1)),
      "invalidpingpacket",
    ],
    ["more than any packet of a handshake may have", packet(PING_ID, mapOfLength(5000)), "packettoolong"],
    [
      "a compressed ping that inflates to more",
      frame(PING_ID, deflateSync(encode(mapOfLength(50_000))), 1),
      "invalidpingpacket",
    ],
  ])("closes on %s", async (_, bytes, reason) => {
    const server = await startPingable();
    const failures: unknown[] = [];
    server.on("handlerError", (error) => failures.push(error));
    const peer = await pinging(server);
    peer.write(bytes);
    expect(await peer.closeReason()).toBe(reason);
    await peer.ended();
    expect(failures).toEqual([]);
  });

  test("counts the pings of a connection, and not those of an earlier one with the same id", async () => {
    class Reusing extends PingableServer {
      override genCID(): number {
        return 7;
      }
    }
    const server = track(new Reusing({ addr: LOCAL }));
    await server.start();
    for (let n = 0; n <= MAX_PINGS; n++) {
      const gone = new Promise((resolve) => server.once("close", resolve));
      await pingServer({ addr: server.addr });
      await gone;
    }
  });

  test("answers a ping of exactly the length that is allowed, also a compressed one", async () => {
    const peer = await pinging(await startPingable());
    const data = mapOfLength(MAX_PING_LENGTH);
    peer.write(packet(PING_ID, data), frame(PING_ID, deflateSync(encode(data)), 1));
    expect(value(await peer.packet())).toEqual({ oldmsg: data, peng3dnet: OWN });
    expect(value(await peer.packet())).toEqual({ oldmsg: data, peng3dnet: OWN });
  });

  test("composes an answer in order of precedence", async () => {
    class Source extends PingableServer {
      override pingdata: PingData = {
        peng3dnet: "pingdata",
        a: "pingdata",
        b: "pingdata",
        oldmsg: "pingdata",
      };
      override getPingData(msg: PingData, cid: number): PingData {
        return { oldmsg: "getPingData", b: "getPingData", c: msg.q, cid, clients: this.clients.size };
      }
    }
    const server = track(new Source({ addr: LOCAL }));
    await server.start();
    const { recvtime, delay, ...answer } = await pingServer({
      addr: server.addr,
      data: { q: 7, time: "mine" },
    });
    expect(Object.entries(answer)).toEqual([
      ["oldmsg", { q: 7, time: expect.any(Number) }],
      ["b", "pingdata"],
      ["c", 7],
      ["cid", 1],
      ["clients", 1],
      ["a", "pingdata"],
      ["peng3dnet", OWN],
    ]);
    expect(recvtime).toBeCloseTo(Date.now() / 1000, 0);
    expect(delay).toBeGreaterThan(0);
  });

  test.each([true, false])(
    "merges what a connection type of one's own returns, and keeps what a Python pinger needs (super called: %s)",
    async (calls) => {
      class Own extends PingConnectionType {
        override getPingData(msg: PingData, cid: number): PingData {
          return { ...(calls && super.getPingData(msg, cid)), own: cid, peng3dnet: "own", oldmsg: "own" };
        }
      }
      const server = await startServer({}, (peer) =>
        peer.addConnType(CONNTYPE_PING, new Own(peer, { pingdata: { motd: "hi" } })),
      );
      const { delay: _delay, recvtime: _recvtime, ...answer } = await pingServer({ addr: server.addr });
      expect(answer).toEqual({
        oldmsg: { time: expect.any(Number) },
        ...(calls && { motd: "hi" }),
        own: 1,
        peng3dnet: OWN,
      });
    },
  );

  test("need not send the ping back", async () => {
    expect(WRITEBACK).toBe(true);
    const server = await startPingable();
    server.pingWriteback = false;
    expect(await pingServer({ addr: server.addr })).not.toHaveProperty("oldmsg");
    const plain = await startServer({}, (peer) => enablePing(peer, { motd: "hi" }, { writeback: false }));
    const answer = await pingServer({ addr: plain.addr });
    expect(answer).toMatchObject({ motd: "hi" });
    expect(answer).not.toHaveProperty("oldmsg");
  });

  test.each<[string, () => PingData]>([
    [
      "throws",
      () => {
        throw new Error("no data today");
      },
    ],
    [
      "throws what cannot be described",
      () => {
        throw { toString: 1, valueOf: 1 };
      },
    ],
    ["is asynchronous and rejects", () => Promise.reject(new Error("late")) as never],
    ["returns what cannot be sent", () => ({ when: new Set() })],
    ["returns a Map", () => new Map([["a", 1]]) as unknown as PingData],
    ["returns a Date", () => new Date(0) as unknown as PingData],
    ["returns more than fits", () => mapOfLength(MAX_PONG_LENGTH)],
    ["returns no map", () => [1] as unknown as PingData],
  ])(
    "answers without the application's data where getPingData %s, and reports it",
    async (_, getPingData) => {
      const server = await startServer({}, (peer) => enablePing(peer, getPingData));
      const failures: string[] = [];
      server.on("handlerError", (_error, { where }) => failures.push(where));
      expect(await pingServer({ addr: server.addr })).toMatchObject({ peng3dnet: OWN });
      expect(failures).toEqual(["getPingData"]);
    },
  );

  test("keeps the pinger apart from its users: no handshake, no broadcast, no packet", async () => {
    const server = await startPingable();
    const seen: string[] = [];
    class Secret extends Packet {
      override receive(): void {
        seen.push("packet");
      }
    }
    server.registerPacket("test:secret", new Secret(server.registry, server), 64);
    server.on("handshakecomplete", () => seen.push("handshakecomplete"));
    const peer = await pinging(server);
    peer.write(packet(PING_ID, {}));
    expect((await peer.packet()).id).toBe(PONG_ID);
    const [client] = [...server.clients.values()];
    expect(client).toMatchObject({ conntype: "ping", active: false, state: STATE_HANDSHAKE_WAIT2 });
    expect(server.broadcast("test:secret", 1)).toBe(0);
    peer.write(packet(PING_ID, {}));
    expect((await peer.packet()).id).toBe(PONG_ID);
    expect(seen).toEqual([]);
  });

  test("answers at once, though the application does not call process()", async () => {
    const server = track(new PingableServer({ addr: LOCAL }));
    await server.runAsync();
    await pingServer({ addr: server.addr, timeout: 5 });
  });

  test("closes a ping connection on which nothing comes", async () => {
    const server = track(new PingableServer({ addr: LOCAL, cfg: { "net.timeout.handshake": 0.1 } }));
    await server.start();
    expect(await (await pinging(server)).closeReason()).toBe("handshaketimeout");
  });

  test("stays quiet when getPingData closes the connection", async () => {
    const server: Server = await startServer({}, (peer) =>
      enablePing(peer, (_msg, cid) => {
        void server.closeConnection(cid, "goaway");
        return {};
      }),
    );
    const failures: unknown[] = [];
    server.on("handlerError", (error) => failures.push(error));
    await expect(pingServer({ addr: server.addr })).rejects.toMatchObject({
      failure: "closed",
      reason: "goaway",
    });
    expect(failures).toEqual([]);
  });

  test("has one ping type only", async () => {
    const server = await startPingable();
    expect(() => enablePing(server)).toThrow("registered already");
  });
});

describe("a client", () => {
  /** A client that pings a bare socket; resolves once the ping has come. */
  async function pingedPeer(): Promise<{ client: InstanceType<typeof PingClient>; peer: RawPeer }> {
    const listening = await rawServer();
    const client = track(new PingClient({ addr: listening.addr, conntype: CONNTYPE_PING }));
    const started = client.start();
    const peer = await listening.accepted();
    peer.write(hello());
    await peer.packet();
    expect((await peer.packet()).id).toBe(PING_ID);
    await started;
    return { client, peer };
  }

  test("is active at once and takes one pong, with what was measured", async () => {
    const { client, peer } = await pingedPeer();
    expect(client.state).toBe(STATE_ACTIVE);
    const heard: PingData[] = [];
    client.onPong = (pong) => void heard.push(pong);
    peer.write(packet(PONG_ID, { motd: "hi", delay: "theirs" }));
    const pong = await client.waitForPong();
    expect(pong).toEqual({ motd: "hi", recvtime: expect.any(Number), delay: expect.any(Number) });
    expect(await client.waitForPong({ timeout: 1 })).toBe(pong);
    const refused = { code: "P3D_ERR_CONFIG", key: "timeout" };
    await expect(client.waitForPong({ timeout: Number.NaN })).rejects.toMatchObject(refused);
    expect(heard).toEqual([pong]);
    peer.write(packet(PONG_ID, {}));
    expect(await peer.closeReason()).toBe("invalidpingpacket");
  });

  test.each([
    ["a ping", packet(PING_ID, {}), "pinginvalidside"],
    ["another id", packet(1000, {}), "invalidpingpacket"],
    ["a pong that is no map", packet(PONG_ID, "hi"), "invalidpingpacket"],
    ["a pong that is a Map", frame(PONG_ID, Buffer.from("8101c0", "hex")), "invalidpingpacket"],
    ["a pong that is a Date", frame(PONG_ID, Buffer.from("d6ff00000000", "hex")), "invalidpingpacket"],
    ["a pong that is too long", packet(PONG_ID, mapOfLength(MAX_PONG_LENGTH + 1)), "invalidpingpacket"],
    ["a registry", packet(3, { version: "", protoversion: 2, registry: {} }), "unexpectedpacket"],
  ])("closes on %s", async (_, bytes, reason) => {
    const { client, peer } = await pingedPeer();
    const pong = client.waitForPong();
    peer.write(bytes);
    expect(await peer.closeReason()).toBe(reason);
    peer.end();
    await expect(pong).rejects.toMatchObject({ code: "P3D_ERR_CONNECTION_CLOSED", reason });
  });

  test("takes a pong of exactly the length that is allowed", async () => {
    const { client, peer } = await pingedPeer();
    const data = mapOfLength(MAX_PONG_LENGTH);
    peer.write(packet(PONG_ID, data));
    expect(await client.waitForPong()).toMatchObject(data);
  });

  test.each([0, 0.01])("whose pong does not come within %d s says that the ping failed", async (timeout) => {
    const { client, peer } = await pingedPeer();
    const failed = client.waitForPong({ timeout });
    await expect(failed).rejects.toBeInstanceOf(FailedPingError);
    await expect(failed).rejects.toBeInstanceOf(TimedOutError);
    await expect(failed).rejects.toMatchObject({
      code: "P3D_ERR_FAILED_PING",
      message: `waited ${timeout} s for the answer to a ping in vain`,
      cause: { code: "P3D_ERR_TIMED_OUT" },
    });
    // A later one finds it, even if it does not wait.
    peer.write(packet(PONG_ID, { motd: "hi" }));
    expect(await client.waitForPong()).toMatchObject({ motd: "hi" });
    expect(await client.waitForPong({ timeout: 0 })).toMatchObject({ motd: "hi" });
  });

  test("that failed to connect fails those who wait for a pong", async () => {
    const client = track(new PingClient({ addr: "127.0.0.1:1", conntype: CONNTYPE_PING }));
    const pong = client.waitForPong();
    await expect(client.start()).rejects.toMatchObject({ code: "P3D_ERR_CONNECTION_REFUSED" });
    await expect(pong).rejects.toMatchObject({ cause: { code: "P3D_ERR_CONNECTION_REFUSED" } });
  });

  test("reports an onPong that throws", async () => {
    const { client, peer } = await pingedPeer();
    const failures: string[] = [];
    client.on("handlerError", (_error, { where }) => failures.push(where));
    client.onPong = () => {
      throw new Error("not now");
    };
    peer.write(packet(PONG_ID, {}));
    await client.waitForPong();
    await new Promise(setImmediate);
    expect(failures).toEqual(["onPong"]);
  });

  test("refuses data that do not fit a ping", () => {
    const client = new PingClient({ conntype: CONNTYPE_PING });
    expect(() => client.setPingData(mapOfLength(MAX_PING_LENGTH))).toThrow(PingDataError);
    expect(() => client.setPingData([] as unknown as PingData)).toThrow(PingDataError);
    expect(() => client.setPingData({ when: new Set() })).toThrow("a Set cannot be sent");
    expect(() => client.setPingData(new Map([["a", 1]]) as unknown as PingData)).toThrow(PingDataError);
    client.setPingData({ q: 1 });
    client.stop();
  });

  test("of a class without the mixin cannot ping", async () => {
    const server = await startPingable();
    const client = track(new Client({ addr: server.addr, conntype: CONNTYPE_PING }));
    client.initialize();
    client.addConnType(CONNTYPE_PING, new PingConnectionType(client));
    const failures: unknown[] = [];
    client.on("handlerError", (error) => failures.push(error));
    await client.runAsync();
    await expect(client.waitForConnection({ timeout: 0.2 })).rejects.toThrow();
    expect(failures).toMatchObject([{ code: "P3D_ERR_INVALID_STATE" }]);
  });
});

test("the mixins keep what a class has: its clients' class, its constructor, its protected members", async () => {
  class Base extends Server {
    constructor(
      readonly label: string,
      addr: string,
    ) {
      super({ addr });
    }
  }
  class Derived extends PingableServerMixin(Base) {
    override getPingData(): PingData {
      return { label: this.label, kind: this.kind };
    }
  }
  const server = track(new Derived("one", LOCAL));
  await server.start();
  expect(await pingServer({ addr: server.addr })).toMatchObject({ label: "one", kind: "server" });
});
