// Two nodes behind a balancer, over TCP: a client whose line breaks, and which the balancer leads to the other node, is told where
// its session is, or that it is gone.

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type BusFactory, type ClusterOptions, joinCluster, natsBus } from "@peng3dnet/cluster";
import { TestBus } from "@peng3dnet/cluster/testing";
import {
  type Address,
  Client,
  type ClientOnServer,
  type ClientOptions,
  type CloseInfo,
  type ConfigOverrides,
  definePacket,
  type Observable,
  observe,
  payload,
  Server,
} from "@peng3dnet/core";
import { certPem, clientTls, keyPem, serverTls } from "../../../core/test/support/certificates.js";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { startNats } from "../support/buses.js";
import { describeWithNats } from "../support/with-nats.js";

jest.setTimeout(60_000);

const News = definePacket({ name: "elsewhere:news", schema: payload<string>() });
const packets = [News];
const HURRY = { delay: 0.01, maxDelay: 0.1 };

/** Leads each connection to the node of the moment, as one that knows nothing of sessions does. */
class Balancer {
  to: Address = ["127.0.0.1", 1];
  /** How many connections it led anywhere. */
  count = 0;
  readonly #sockets = new Set<Socket>();
  readonly #listener = createServer({ allowHalfOpen: true }, (client) => {
    this.count++;
    const node = connect({ host: this.to[0], port: this.to[1], allowHalfOpen: true });
    for (const [from, into] of [
      [client, node],
      [node, client],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(into);
      from.on("error", () => into.destroy());
      from.on("close", () => into.destroy());
    }
  });

  async start(): Promise<Address> {
    await new Promise<void>((listening) => {
      this.#listener.listen({ host: "127.0.0.1", port: 0 }, listening);
    });
    onCleanup(() => {
      this.cut();
      return new Promise<void>((closed) => void this.#listener.close(() => closed()));
    });
    return ["127.0.0.1", (this.#listener.address() as AddressInfo).port];
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#sockets.clear();
  }
}

interface SceneOptions {
  readonly bus: BusFactory;
  readonly tls?: boolean;
  readonly join?: Partial<ClusterOptions>;
  readonly client?: Partial<ClientOptions>;
}

async function begin({ bus, tls = false, join, client: more }: SceneOptions) {
  const node = async (name: string, advertise = true, at = 0) => {
    const cfg: ConfigOverrides = { "net.resume.window": 20, ...(tls && serverTls()) };
    const server = new Server({ addr: ["127.0.0.1", at], packets, cfg });
    onCleanup(() => server.shutdown({ timeout: 5 }));
    await server.start();
    const [, port] = server.addr;
    const advertised = `${tls ? "localhost" : "127.0.0.1"}:${port}`;
    const joined = await joinCluster(server, {
      bus,
      name,
      interval: 0.2,
      timeout: 1,
      ...(advertise && { advertised }),
      ...join,
    });
    const news: string[] = [];
    server.on(News, (text) => void news.push(text));
    return { server, node: joined, news, advertised };
  };
  const balancer = new Balancer();
  const addr = await balancer.start();
  const a = await node("a");
  balancer.to = a.server.addr;
  const client = new Client({
    addr: tls ? ["localhost", addr[1]] : addr,
    packets,
    cfg: tls ? clientTls() : {},
    resume: { ...HURRY, ...(!tls && { redirect: true }) },
    ...more,
  });
  onCleanup(() => client.stop());
  const news: string[] = [];
  client.on(News, (text) => void news.push(text));
  const accepted = new Promise<ClientOnServer>((resolve) => a.server.once("handshakecomplete", resolve));
  await client.start();
  const remote = await accepted;
  /** Breaks the line; from then on the balancer leads to another node. @returns how it goes on. */
  const lead = async (to: Server): Promise<"resume" | CloseInfo> => {
    const outcome = Promise.race([
      new Promise<"resume">((resolve) => client.once("resume", () => resolve("resume"))),
      client.waitForClose(),
    ]);
    const suspended = new Promise<void>((resolve) => client.once("suspend", () => resolve()));
    balancer.to = to.addr;
    balancer.cut();
    client.sock?.destroy();
    await suspended;
    return outcome;
  };
  return { node, a, balancer, client, remote, news, lead };
}

/** Looks on at how resumptions end. */
function outcomesOf(peer: Observable): string[] {
  const outcomes: string[] = [];
  observe(peer, {
    resumption: (_connection, { outcome, seconds }) =>
      void outcomes.push(`${outcome}${seconds === undefined ? "" : " after a while"}`),
  });
  return outcomes;
}

test("observers hear at which node a client was led away, and where it goes on", async () => {
  const { node, a, client, lead } = await begin({ bus: new TestBus() });
  const b = await node("b");
  const [atA, atB, atClient] = [a.server, b.server, client].map(outcomesOf);
  expect(await lead(b.server)).toBe("resume");
  expect([atA, atB, atClient]).toEqual([["resumed after a while"], ["elsewhere"], ["resumed after a while"]]);
});

/** What holds over any bus. */
function overABus(open: () => Promise<BusFactory> | BusFactory): void {
  test("goes on with its session where that is, and nothing is lost, as often as it is led away", async () => {
    const scene = await begin({ bus: await open() });
    const b = await scene.node("b");
    for (let round = 0; round < 3; round++) {
      const outcome = scene.lead(b.server);
      scene.client.sendMessage(News, `up ${round}`);
      scene.remote.sendMessage(News, `down ${round}`);
      expect(await outcome).toBe("resume");
    }
    expect([...scene.a.server.clients.keys()]).toEqual([scene.remote.cid]);
    await scene.client.close();
    expect(scene.a.news).toEqual(["up 0", "up 1", "up 2"]);
    expect(scene.news).toEqual(["down 0", "down 1", "down 2"]);
  });

  test("goes on also where a node has just joined that it is led to, and knows of no other yet", async () => {
    const scene = await begin({ bus: await open() });
    const joining = scene.node("b");
    const b = await joining;
    expect(await scene.lead(b.server)).toBe("resume");
  });

  test("begins a fresh session at the balancer, once the node that had the other one has left", async () => {
    const scene = await begin({
      bus: await open(),
      client: { resume: { ...HURRY, redirect: true }, reconnect: HURRY },
    });
    await freshAtB(scene, (b) => {
      const left = new Promise((resolve) => b.node.on("nodeleave", resolve));
      scene.a.server.stop();
      return left;
    });
  });
}

type Scene = Awaited<ReturnType<typeof begin>>;

/** Ends the session of a client that the balancer leads to `b`, where it begins another one. */
async function freshAtB(
  scene: Scene,
  end: (b: Awaited<ReturnType<Scene["node"]>>) => unknown,
): Promise<void> {
  const b = await scene.node("b");
  const known = () => [...b.node.nodes.values()].some(({ advertised }) => advertised !== undefined);
  while (!known()) await new Promise(setImmediate);
  const lost = new Promise<CloseInfo>((resolve) => scene.client.once("lost", resolve));
  const fresh = new Promise<ClientOnServer>((resolve) => b.server.once("handshakecomplete", resolve));
  scene.balancer.to = b.server.addr;
  await end(b);
  scene.balancer.cut();
  expect((await lost).reason).toBe("resumeunknown");
  const remote = await fresh;
  await scene.client.waitForConnection();
  const heard = new Promise((resolve) => scene.client.on(News, resolve));
  remote.sendMessage(News, "welcome");
  await heard;
  expect(scene.news).toEqual(["welcome"]);
}

describe("over a bus in memory: a client that is led to another node", () => {
  overABus(() => new TestBus());

  test.each([
    ["leads it there", true, "a"],
    ["leads it there, and no node says where clients reach it", false, "a"],
    ["leads it to another node, which takes the one before for alive", true, "b"],
    ["leads it to another node, and no node says where clients reach it", false, "b"],
  ])(
    "begins a fresh session where its node was started again, and the balancer %s",
    async (_, says, leads) => {
      const bus = new TestBus();
      const scene = await begin({
        bus,
        // The node before is taken for alive all the time.
        join: { timeout: 60, ...(!says && { advertised: undefined }) },
        client: { resume: { ...HURRY, redirect: true }, reconnect: HURRY },
      });
      const b = await scene.node("b");
      while (b.node.nodes.size === 0) await new Promise(setImmediate);
      const lost: unknown[] = [];
      scene.client.on("lost", ({ reason }) => lost.push(reason));
      // It dies without a word, and another one has its name and address.
      bus.disconnect("a");
      const [, port] = scene.a.server.addr;
      const suspended = new Promise((resolve) => scene.client.once("suspend", () => resolve(true)));
      scene.balancer.to = ["127.0.0.1", 1];
      scene.a.server.stop();
      scene.balancer.cut();
      await suspended;
      const again = await scene.node("a", true, port);
      while (b.node.nodes.size < 2) await new Promise(setImmediate);
      const at = leads === "a" ? again : b;
      const fresh = new Promise<ClientOnServer>((resolve) => at.server.once("handshakecomplete", resolve));
      scene.balancer.to = at.server.addr;
      const remote = await fresh;
      await scene.client.waitForConnection();
      expect([lost, b.node.nodes.has(scene.a.node.id)]).toEqual([["resumeunknown"], true]);
      const heard = new Promise((resolve) => scene.client.on(News, resolve));
      remote.sendMessage(News, "welcome");
      await heard;
      // One session, in one place.
      expect([again, b].map(({ server }) => server.clients.size)).toEqual(leads === "a" ? [1, 0] : [0, 1]);
      expect(scene.news).toEqual(["welcome"]);
    },
  );

  test("tries again until it is found out that the node is dead, and begins a fresh session then", async () => {
    const bus = new TestBus();
    const scene = await begin({ bus, client: { resume: { ...HURRY, redirect: true }, reconnect: HURRY } });
    await freshAtB(scene, (b) => {
      bus.disconnect("a");
      scene.a.server.stop();
      expect(b.node.nodes.size).toBe(1);
    });
    // Each time it was told where the node was, which nobody answered.
    expect(scene.balancer.count).toBeGreaterThan(3);
  });

  test.each<[string, Partial<ClusterOptions>]>([
    ["that node tells nobody where others are", { redirect: false }],
    ["no node says where clients reach it", { advertised: undefined }],
  ])("is told that the session is gone where %s", async (_why, join) => {
    const scene = await begin({ bus: new TestBus(), join });
    const b = await scene.node("b");
    expect(await scene.lead(b.server)).toMatchObject({ reason: "resumeunknown" });
  });

  test("is told so as ever where it goes to no other address, as without TLS by default", async () => {
    const scene = await begin({ bus: new TestBus(), client: { resume: HURRY } });
    const b = await scene.node("b");
    expect(await scene.lead(b.server)).toMatchObject({ reason: "resumeunknown" });
  });

  test("is told so where the node has left the cluster", async () => {
    const scene = await begin({ bus: new TestBus() });
    const b = await scene.node("b");
    await b.node.leave();
    expect(await scene.lead(b.server)).toMatchObject({ reason: "resumeunknown" });
  });

  test("comes back, too, where its session began before its node joined: the ticket says nothing of it", async () => {
    const bus = new TestBus();
    const scene = await begin({ bus });
    await scene.a.node.leave();
    expect(await scene.lead(scene.a.server)).toBe("resume");
  });

  test("over TLS, goes there by default, and asks for the certificate of the host that was named", async () => {
    const scene = await begin({ bus: new TestBus(), tls: true });
    const b = await scene.node("b");
    expect(await scene.lead(b.server)).toBe("resume");
    await scene.client.close();
  });

  test("over TLS, shows its ticket to nobody who has no certificate for the address that was named", async () => {
    let bytes = 0;
    const refused: Error[] = [];
    const { port, closed } = await impostor({
      data: (chunk) => {
        bytes += chunk.length;
      },
      failed: (error) => void refused.push(error),
    });
    onCleanup(closed);
    const scene = await begin({ bus: new TestBus(), tls: true, join: { advertised: `localhost:${port}` } });
    const b = await scene.node("b");
    void scene.lead(b.server);
    while (refused.length === 0) await new Promise(setImmediate);
    expect([bytes, scene.client.suspended]).toEqual([0, true]);
  });
});

/** Listens with the certificate of another host. */
async function impostor(told: { data(chunk: Uint8Array): void; failed(error: Error): void }) {
  const server = createTlsServer(
    { key: keyPem("wrong-host"), cert: certPem("wrong-host") },
    (socket) =>
      void socket
        .on("data", told.data)
        .on("error", told.failed)
        .on("close", () => told.failed(new Error("closed"))),
  );
  server.on("tlsClientError", told.failed);
  await new Promise<void>((listening) => {
    server.listen({ host: "localhost", port: 0 }, listening);
  });
  return {
    port: (server.address() as AddressInfo).port,
    closed: () => new Promise<void>((closed) => void server.close(() => closed())),
  };
}

describeWithNats("a client that is led to another node", () => {
  overABus(async () => {
    const { url } = await startNats();
    return natsBus({ servers: url });
  });
});
