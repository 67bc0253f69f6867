// A server that is about to shut down: those who are there play on, and newcomers learn why they are refused.

import {
  type Acceptor,
  type Address,
  type Client,
  ClientOnServer,
  type CloseInfo,
  ConnectionType,
  definePacket,
  type ListenRequest,
  payload,
  type Server,
  SIDE_SERVER,
} from "@peng3dnet/peer";
import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";
import { scene as scriptedScene } from "../session/scripted-client.js";

const Move = definePacket({ name: "test:move", schema: payload<number>(), side: SIDE_SERVER });
const packets = [Move];

/** Asks the server something, and has no part in the game. */
class Monitor extends ConnectionType {
  override readonly servedWhileDraining: boolean = true;
  override init(cid: number | null): void {
    this.connection(cid).activate();
  }
}

/** Has a handshake of its own, which does not end by itself. */
class Slow extends ConnectionType {
  override init(): void {}
}

interface Scene {
  readonly net: TestNetwork;
  readonly server: Server;
  readonly active: number[];
  readonly drops: { readonly addr: Address; readonly reason: string }[];
  readonly closes: (string | null)[];
}

function setUp(peer: Server | Client): void {
  peer.addConnType("monitor", new Monitor(peer));
  peer.addConnType("slow", new Slow(peer));
}

function scene(): Scene {
  const net = new TestNetwork();
  const server = net.server({ packets });
  setUp(server);
  const active: number[] = [];
  const drops: { addr: Address; reason: string }[] = [];
  const closes: (string | null)[] = [];
  server.on("handshakecomplete", ({ cid }) => void active.push(cid));
  server.on("drop", (drop) => void drops.push(drop));
  server.on("close", (_client, { reason }) => void closes.push(reason));
  return { net, server, active, drops, closes };
}

function connect({ net, server }: Scene, conntype?: string): Client {
  const client = net.client({ packets, conntype });
  setUp(client);
  net.connect(client, server);
  return client;
}

async function join(parts: Scene, conntype?: string): Promise<Client> {
  const client = connect(parts, conntype);
  await client.waitForConnection();
  await parts.net.settle();
  return client;
}

/** How the wait of a promise stands once nothing is under way any more. */
async function stateOf({ net }: Pick<Scene, "net">, promise: Promise<unknown>): Promise<unknown> {
  let state: unknown = "waits";
  promise.then(
    () => {
      state = "done";
    },
    (error: { code: string }) => {
      state = error.code;
    },
  );
  await net.settle();
  return state;
}

test("those who are there play on, and newcomers are told why they are refused", async () => {
  const parts = scene();
  const { server, net } = parts;
  const moves: number[] = [];
  server.on(Move, (move) => void moves.push(move));
  const player = await join(parts);
  expect(server.draining).toBe(false);
  void server.drain();
  expect(server.draining).toBe(true);

  const newcomer = connect(parts);
  const { reason, clean } = await newcomer.waitForClose();
  expect({ reason, clean }).toEqual({ reason: "serverdraining", clean: true });
  await expect(newcomer.waitForConnection()).rejects.toMatchObject({
    code: "P3D_ERR_CONNECTION_CLOSED",
    reason: "serverdraining",
  });
  player.sendMessage(Move, 1);
  await net.settle();
  expect(moves).toEqual([1]);
  expect(parts.active).toEqual([1]);
  expect(parts.closes).toEqual(["serverdraining"]);
  expect(parts.drops).toEqual([{ addr: ["memory-client", 1], reason: "serverdraining" }]);
  expect(server.metrics.rejectedBy).toEqual({ serverdraining: 1 });
  expect([...server.clients.keys()]).toEqual([1]);
});

test("the close of a newcomer has an error that tells it apart", async () => {
  const parts = scene();
  const infos: CloseInfo[] = [];
  parts.server.on("close", (_client, info) => void infos.push(info));
  void parts.server.drain();
  await connect(parts).waitForClose();
  await parts.net.settle();
  expect(infos[0]?.error).toMatchObject({
    name: "ServerDrainingError",
    code: "P3D_ERR_SERVER_DRAINING",
    closeReason: "serverdraining",
    message: "the server lets nobody in any more, since it is about to shut down (drain)",
  });
});

test("it resolves once all have left who were there, whoever comes meanwhile", async () => {
  const parts = scene();
  const players = [await join(parts), await join(parts)];
  const drained = parts.server.drain();
  expect(await stateOf(parts, drained)).toBe("waits");
  connect(parts);
  await players[0]?.close();
  expect(await stateOf(parts, drained)).toBe("waits");
  await players[1]?.close();
  // A connection that is refused, and has not gone yet, keeps nobody waiting.
  const link = new MemoryLink();
  parts.server.accept(link.server);
  expect(await stateOf(parts, drained)).toBe("done");
  expect(parts.server.clients.size).toBe(1);
  await parts.server.drain();
  parts.server.stop();
});

test("one that closes, and has not left yet, is waited for, however often drain() is called", async () => {
  const { net, server, client, handler } = scriptedScene();
  const first = server.drain();
  void client.close();
  const second = server.drain();
  expect([await stateOf({ net }, first), await stateOf({ net }, second)]).toEqual(["waits", "waits"]);
  handler.ended();
  handler.closed(undefined);
  await Promise.all([first, second]);
});

test("a server without clients is drained at once, and so is one that is stopped", async () => {
  const parts = scene();
  await parts.server.drain();
  const other = scene();
  const player = await join(other);
  const drained = other.server.drain();
  other.server.stop();
  await drained;
  expect((await player.waitForClose()).reason).toBe("socketclose");
  await other.server.drain();
});

test("admit() lets newcomers in again, and tells those who wait for all to leave", async () => {
  const parts = scene();
  await join(parts);
  const drained = parts.server.drain();
  parts.server.admit();
  await expect(drained).rejects.toMatchObject({
    code: "P3D_ERR_ABORTED",
    message: expect.stringContaining("lets clients in again (admit)"),
  });
  expect(parts.server.draining).toBe(false);
  await join(parts);
  expect(parts.active).toEqual([1, 2]);
  // And again, with those who have come meanwhile.
  const again = parts.server.drain();
  expect(await stateOf(parts, again)).toBe("waits");
  for (const client of [...parts.server.clients.values()]) await client.close();
  await again;
  parts.server.admit();
  parts.server.admit();
});

test("giving up the wait lets nobody in", async () => {
  const parts = scene();
  await join(parts);
  const waiting = [
    parts.server.drain({ timeout: 5 }),
    parts.server.drain({ signal: AbortSignal.abort() }),
  ] as const;
  parts.net.clock.advance(5);
  await expect(waiting[0]).rejects.toMatchObject({
    code: "P3D_ERR_TIMED_OUT",
    message: expect.stringContaining("all clients to leave"),
  });
  await expect(waiting[1]).rejects.toMatchObject({ code: "P3D_ERR_ABORTED" });
  expect((await connect(parts).waitForClose()).reason).toBe("serverdraining");
});

test("who leaves while newcomers are let in disturbs nobody", async () => {
  const parts = scene();
  const failures: unknown[] = [];
  parts.server.on("handlerError", (error) => void failures.push(error));
  const player = await join(parts);
  await player.close();
  await parts.net.settle();
  expect(parts.server.clients.size).toBe(0);
  expect(failures).toEqual([]);
});

test("a wrong timeout changes nothing", async () => {
  const { server } = scene();
  await expect(server.drain({ timeout: -1 })).rejects.toMatchObject({ code: "P3D_ERR_CONFIG" });
  expect(server.draining).toBe(false);
});

describe("handshakes that are under way", () => {
  test("end with the reason, whether the client has named its type or not", async () => {
    const parts = scene();
    const { server, net } = parts;
    const slow = connect(parts, "slow");
    await net.settle();
    const silent = new MemoryLink();
    server.accept(silent.server);
    await net.settle();
    const late = net.client({ packets });
    const drained = server.drain();
    late.attach(silent.client);
    expect((await slow.waitForClose()).reason).toBe("serverdraining");
    expect((await late.waitForClose()).reason).toBe("serverdraining");
    await drained;
    expect(parts.active).toEqual([]);
    expect(parts.drops.length).toBe(2);
  });

  test("are refused once, however often drain() is called", async () => {
    const parts = scene();
    connect(parts, "slow");
    await parts.net.settle();
    // They have not left yet when it is called again.
    await Promise.all([parts.server.drain(), parts.server.drain()]);
    expect(parts.drops.length).toBe(1);
  });

  test("are refused once, also where newcomers are let in again meanwhile", async () => {
    const parts = scene();
    const refused = connect(parts, "slow");
    const other = connect(parts, "slow");
    await parts.net.settle();
    // This one has its reason already.
    void [...parts.server.clients.values()][1]?.close("wrongmap");
    void parts.server.drain();
    parts.server.admit();
    // They have not left yet when it is called again.
    const drained = parts.server.drain();
    expect((await refused.waitForClose()).reason).toBe("serverdraining");
    expect((await other.waitForClose()).reason).toBe("wrongmap");
    expect(parts.drops.length).toBe(1);
    await drained;
  });

  test("are refused once, also where a listener that is told of it drains again", async () => {
    const parts = scene();
    for (const _ of [1, 2]) connect(parts, "slow");
    await parts.net.settle();
    parts.server.on("drop", () => void parts.server.drain());
    await parts.server.drain();
    expect(parts.drops.length).toBe(2);
  });

  test("end also where the client believes that it is in already", async () => {
    const parts = scene();
    const { server, net } = parts;
    const client = connect(parts);
    // The client has accepted the registry, and the server has not heard of it.
    client.on("handshakecomplete", () => void server.drain());
    await client.waitForConnection();
    expect((await client.waitForClose()).reason).toBe("serverdraining");
    await net.settle();
    expect(parts.active).toEqual([]);
  });
});

describe("connection types that are served nevertheless", () => {
  test("are let in, and nobody waits for them", async () => {
    const parts = scene();
    const before = await join(parts, "monitor");
    const player = await join(parts);
    const drained = parts.server.drain();
    const after = await join(parts, "monitor");
    await player.close();
    await drained;
    expect([before, after].map(({ conn }) => conn?.active)).toEqual([true, true]);
    expect(parts.drops).toEqual([]);
  });
});

test("clients of any acceptor are refused, and a client class may hide its session's type", async () => {
  let request: ListenRequest | undefined;
  const acceptor: Acceptor = {
    listen: async (asked) => {
      request = asked;
      return { address: asked.address, close: async () => {} };
    },
  };
  class Odd extends ClientOnServer {
    override get conntype(): string {
      return "monitor";
    }
  }
  const net = new TestNetwork();
  const server = net.server({ packets, clientcls: Odd });
  setUp(server as unknown as Server);
  await server.addAcceptor(acceptor, "somewhere:1");
  const offer = (): Client => {
    const link = new MemoryLink();
    request?.offer(
      ["10.0.0.1", 1],
      () => link.server,
      () => {},
    );
    const client = net.client({ packets });
    client.attach(link.client);
    return client;
  };
  const player = offer();
  await player.waitForConnection();
  await net.settle();
  const drained = server.drain();
  expect((await offer().waitForClose()).reason).toBe("serverdraining");
  expect(await stateOf({ net }, drained)).toBe("waits");
  await player.close();
  await drained;
  await server.shutdown();
});

test("a listener of drop that lets newcomers in again ends the wait, and is asked for nobody more", async () => {
  const parts = scene();
  const { net, server } = parts;
  await join(parts);
  connect(parts, "slow");
  connect(parts, "slow");
  await net.settle();
  server.on("drop", () => server.admit());
  expect(await stateOf(parts, server.drain())).toBe("P3D_ERR_ABORTED");
  expect(server.draining).toBe(false);
  expect(parts.drops).toHaveLength(1);
  expect(server.clients.size).toBe(2);
});
