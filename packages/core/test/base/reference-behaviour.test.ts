// What the reference promises of calls and hooks, beyond their names.

import {
  AlreadyRegisteredError,
  type Cid,
  ClassicConnectionType,
  Client,
  ConnectionClosedError,
  ConnectionType,
  MODE_CLOSED,
  MODE_NOTSET,
  PacketTooLargeError,
  PrintPacket,
  ProtocolError,
  RegistryError,
  Server,
  SmartPacket,
  SSLSEC_NONE,
  TimedOutError,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { onCleanup, track } from "../support/cleanup.js";
import { echo, handle, LOCAL, next, startPair, startServer } from "../support/peers.js";
import { RawPeer, rawServer } from "../support/raw-peer.js";
import { accept, packet, settype, value } from "../support/wire.js";

/** A bus that writes down what it is sent. */
class Bus {
  readonly events: [name: string, data: Record<string, unknown>][] = [];
  sendEvent(name: string, data: Record<string, unknown> = {}): void {
    this.events.push([name, data]);
  }
}

/** Fails the test if a promise is rejected and nobody handles it. */
function watchRejections(): unknown[] {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", note);
  onCleanup(() => process.off("unhandledRejection", note));
  return rejections;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a time-out of 0", () => {
  test("is no time at all: what has not happened is a time-out, at once", async () => {
    const clock = new ManualClock();
    const listening = await rawServer();
    const client = track(new Client({ addr: listening.addr, clock }));
    await client.connect();
    const server = await startServer({ clock });
    const waits = [
      client.waitForConnection({ timeout: 0 }),
      client.waitForClose({ timeout: 0 }),
      client.join({ timeout: 0 }),
      client.processForever({ timeout: 0 }),
      client.close(null, { timeout: 0 }),
      server.join({ timeout: 0 }),
      server.runBlocking({ timeout: 0 }),
      server.processForever({ timeout: 0 }),
    ];
    for (const wait of waits) {
      await expect(wait).rejects.toThrow(TimedOutError);
      await expect(wait).rejects.toThrow(/waited 0 s for .* in vain/);
    }
    expect(await server.process({ wait: true, timeout: 0 })).toBe(0);
  });

  test("lets what has happened be", async () => {
    const { client } = await startPair();
    await client.waitForConnection({ timeout: 0 });
    await client.flush({ timeout: 0 });
    await client.close();
    await client.waitForClose({ timeout: 0 });
    await client.join({ timeout: 0 });
  });

  test("is no limit for shutdown", async () => {
    const server = await startServer();
    const peer = await RawPeer.activeClient(server.addr);
    await next(server, "handshakecomplete");
    const report = server.shutdown({ timeout: 0 });
    expect(await peer.closeReason()).toBe("servershutdown");
    expect(await report).toEqual({ clean: 1, unclean: 0 });
  });

  test("left out is as long as it takes", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock });
    const joined = jest.fn();
    void server.join({ timeout: undefined }).then(joined);
    clock.advance(1e6);
    await turn();
    expect(joined).not.toHaveBeenCalled();
    server.stop();
    await turn();
    expect(joined).toHaveBeenCalled();
  });
});

describe("join", () => {
  test("passes over what was never started", async () => {
    await new Server({ addr: LOCAL }).join();
    await new Client({ addr: LOCAL }).join();
    const stopped = new Client({ addr: LOCAL });
    stopped.stop();
    await stopped.join();
  });

  test("returns after close(), without a stop", async () => {
    const { client } = await startPair();
    const joined = client.join();
    await client.close();
    await joined;
    expect(client.stopped).toBe(false);
  });

  test("returns when the other side has closed, and after a connection that never came about", async () => {
    const { client, remote } = await startPair();
    const joined = client.join();
    await remote.close();
    await joined;
    const refused = new Client({ addr: "127.0.0.1:1" });
    await refused.start().catch(() => {});
    await refused.join();
  });

  test("of a server counts its time-out once, for the stop and the connections", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock });
    const peer = await RawPeer.activeClient(server.addr);
    await next(server, "handshakecomplete");
    const joined = server.join({ timeout: 3 });
    clock.advance(2);
    void server.shutdown({ join: false });
    await peer.closeReason({ answer: false });
    await turn();
    clock.advance(1);
    await expect(joined).rejects.toThrow(TimedOutError);
  });
});

describe("before it connects, a client", () => {
  test("has its mode and level by default", async () => {
    const client = new Client({ addr: LOCAL });
    expect(client.mode).toBe(MODE_NOTSET);
    expect(client.sslSeclevel).toBe(SSLSEC_NONE);
    expect(client.peerCertificate).toBeUndefined();
    await client.close();
    expect(client.mode).toBe(MODE_CLOSED);
  });

  test.each(["at once", "while it connects"])(
    "that is closed %s tells it once, with its reason",
    async (when) => {
      const listening = await rawServer();
      const peng = new Bus();
      const hook: unknown[] = [];
      class Own extends Client {
        override onClose(reason: string | null): void {
          hook.push(reason);
        }
      }
      const client = new Own({ addr: listening.addr, peng });
      const closes: unknown[] = [];
      client.on("close", (info) => closes.push(info));
      const starting = when === "at once" ? undefined : client.start().catch(() => {});
      const info = await client.close("changed my mind");
      await client.close("again");
      await starting;
      expect(info).toMatchObject({ reason: "changed my mind", clean: false });
      expect(closes).toEqual([info]);
      expect(hook).toEqual(["changed my mind"]);
      const told = peng.events.filter(([name]) => name === "peng3dnet:client.close");
      expect(told).toEqual([["peng3dnet:client.close", { peng, client, reason: "changed my mind" }]]);
      client.stop();
      expect(closes).toHaveLength(1);
    },
  );
});

test("sendEvent's own keys win over data", () => {
  const peng = new Bus();
  const server = new Server({ peng });
  const client = new Client({ peng });
  server.sendEvent("custom", { peng: 1, server: 2, more: 3 });
  client.sendEvent("other:name", { peng: 1, client: 2 });
  expect(peng.events).toEqual([
    ["peng3dnet:server.custom", { peng, server, more: 3 }],
    ["other:name", { peng, client }],
  ]);
});

test("PrintPacket prints by default, on a server with the client's id", async () => {
  const lines: string[] = [];
  const { client, remote } = await startPair({
    server: { print: (line) => void lines.push(line) },
    setUp: (peer) => void peer.registry.register(new PrintPacket(peer.registry, peer), "test:print"),
  });
  client.sendMessage("test:print", { a: 1 });
  await client.close();
  expect(lines).toEqual([`${remote.cid}: { a: 1 }`]);
  const written: string[] = [];
  const write = jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  new PrintPacket(client.registry, client).receive("hello", null);
  write.mockRestore();
  expect(written).toEqual(["hello\n"]);
});

test("overridden steps of receiving get null as cid on a client", async () => {
  const seen: Cid[] = [];
  class Own extends Client {
    override receiveData(data: Uint8Array, cid: Cid): void {
      seen.push(cid);
      super.receiveData(data, cid);
    }
    override receivePacket(data: Uint8Array, cid: Cid): void {
      seen.push(cid);
      super.receivePacket(data, cid);
    }
  }
  const server = await startServer();
  const client = track(new Own({ addr: server.addr }));
  echo(client);
  await client.start();
  expect(seen.length).toBeGreaterThan(3);
  expect(new Set(seen)).toEqual(new Set([null]));
});

test("a connection type has a name", () => {
  const server = new Server();
  const type = new ClassicConnectionType(server);
  expect(() => server.addConnType("", type)).toThrow(RegistryError);
  expect(() => new Client().addConnType("", type)).toThrow(RegistryError);
  server.addConnType("own", type);
  expect(() => server.addConnType("own", type)).toThrow(AlreadyRegisteredError);
});

test("SmartPackets before settype are ignored, and the handshake goes on", async () => {
  const received: unknown[] = [];
  class Smart extends SmartPacket {
    override receive(msg: unknown): void {
      received.push(msg);
    }
  }
  const server = await startServer({}, (peer) => {
    peer.registerPacket("test:smart", new Smart(peer.registry, peer));
    handle(peer, "test:echo", (msg, cid) => void peer.sendMessage("test:echo", msg, cid as number));
  });
  const peer = await RawPeer.connect(server.addr);
  await peer.packet();
  peer.write(packet(64, "early"), settype());
  await peer.packet();
  peer.write(accept(), packet(64, "in time"), packet(65, "echo"));
  expect(value(await peer.packet())).toBe("echo");
  expect(received).toEqual(["in time"]);
  expect(server.metrics.rejectedBy).toEqual({ smartpacketinvalid: 1 });
});

test("a closing packet without a map has no reason", async () => {
  const server = await startServer();
  const peer = await RawPeer.activeClient(server.addr);
  const closed = next(server, "close");
  peer.write(packet(16, "bye"));
  await peer.ended();
  peer.end();
  expect((await closed)[1]).toEqual({ reason: null, error: undefined, clean: true });
});

describe("a rejection that nobody waits for", () => {
  test("comes from no kick of somebody who has just left, which resolves as a close does", async () => {
    const rejections = watchRejections();
    const { server, client, remote } = await startPair();
    await client.close("left");
    while (server.clients.size > 0) await turn();
    const info = { reason: "left", error: undefined, clean: true };
    expect(await server.closeConnection(remote.cid, "kick")).toEqual(info);
    expect(await remote.close("kick")).toEqual(info);
    void server.closeConnection(remote.cid);
    expect(await server.closeConnection(4711)).toEqual({
      reason: "socketclose",
      error: expect.any(ConnectionClosedError),
      clean: false,
    });
    await turn();
    expect(rejections).toEqual([]);
  });

  test("of those who left, the last 256 are remembered", async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock });
    const peers: RawPeer[] = [];
    for (let count = 0; count < 257; count++) {
      const peer = await RawPeer.connect(server.addr);
      const closed = next(server, "close");
      peer.end();
      await closed;
      peers.push(peer);
    }
    expect((await server.closeConnection(1)).error).toBeInstanceOf(ConnectionClosedError);
    expect(await server.closeConnection(2)).toMatchObject({ reason: "socketclose", error: undefined });
  });

  test("is left by no close, flush or shutdown that fails", async () => {
    const rejections = watchRejections();
    const { server, client, remote } = await startPair({
      server: { cfg: { "net.compress.enabled": false } },
      client: { cfg: { "net.compress.enabled": false } },
    });
    const long = "x".repeat(2 ** 21);
    for (const closing of [
      client.close(long),
      remote.close(long),
      server.closeConnection(remote.cid, long),
    ]) {
      void closing;
    }
    void client.close(null, { timeout: 0 });
    void remote.close(null, { timeout: 0 });
    const unconnected = new Client({ addr: LOCAL });
    void unconnected.flush();
    void server.flush(4711);
    void server.flush(undefined, { timeout: 0 });
    await turn();
    await server.shutdown();
    await turn();
    expect(rejections).toEqual([]);
  });

  test("but whoever waits is told", async () => {
    const { client, remote } = await startPair({ client: { cfg: { "net.compress.enabled": false } } });
    await expect(client.closeConnection(null, "x".repeat(2 ** 21))).rejects.toThrow(PacketTooLargeError);
    await expect(new Client({ addr: LOCAL }).flush()).rejects.toThrow("not connected yet");
    await expect(remote.close(null, { timeout: 0 })).rejects.toThrow(TimedOutError);
  });

  test.each([
    ["an error", () => new Error("closed badly")],
    [
      "an error that ends connections",
      () =>
        new (class extends ProtocolError {
          readonly code = "P3D_ERR_MINE";
          readonly closeReason = "mine";
        })("closed badly"),
    ],
  ])("nor does a connection type do harm whose closed throws %s", async (_, make) => {
    const failures: unknown[] = [];
    class Own extends ConnectionType {
      override init(cid: Cid): void {
        this.connection(cid).activate();
      }
      override closed(): void {
        throw make();
      }
    }
    const server = await startServer({}, (peer) => peer.addConnType("own", new Own(peer)));
    server.on("handlerError", (error, { where }) => failures.push([(error as Error).message, where]));
    const client = track(new Client({ addr: server.addr, conntype: "own" }));
    client.addConnType("own", new Own(client));
    client.on("handlerError", () => {});
    await client.start();
    const closed = next(server, "close");
    expect(await client.close("done")).toMatchObject({ clean: true });
    expect((await closed)[1].reason).toBe("done");
    expect(failures).toEqual([["closed badly", "own.closed"]]);
    expect(server.clients.size).toBe(0);
  });
});
