// A server that listens in several ways: one set of clients, one set of limits, one end.

import {
  type Acceptor,
  type Address,
  Client,
  definePacket,
  InvalidStateError,
  ListenError,
  type ListenRequest,
  NotRegisteredError,
  payload,
  Server,
  type ServerOptions,
  SIDE_CLIENT,
} from "@peng3dnet/peer";
import { ManualClock, MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";

const News = definePacket({ name: "test:news", schema: payload<string>(), side: SIDE_CLIENT });

/** An acceptor over links in memory, which says what it was asked and whether it was closed. */
class MemoryAcceptor implements Acceptor {
  request: ListenRequest | undefined;
  closed = 0;
  readonly refused: Address[] = [];
  reloaded = 0;
  readonly #options: { readonly close?: () => Promise<void>; readonly tls?: boolean };

  constructor(options: { readonly close?: () => Promise<void>; readonly tls?: boolean } = {}) {
    this.#options = options;
  }

  async listen(request: ListenRequest) {
    this.request = request;
    const { close, tls } = this.#options;
    const listening = {
      address: request.address,
      close: async () => {
        this.closed++;
        await close?.();
      },
    };
    return tls === true ? { ...listening, reloadCertificates: async () => void this.reloaded++ } : listening;
  }

  /** Offers the server's end of a link. */
  offer(link: MemoryLink, from: Address = ["10.0.0.1", 1], connected?: number): void {
    const transport = Object.assign(link.server, { remoteAddress: from });
    this.request?.offer(
      from,
      () => transport,
      () => this.refused.push(from),
      connected,
    );
  }
}

function serverOf(options: ServerOptions = {}): { server: Server; clock: ManualClock; errors: unknown[] } {
  const clock = new ManualClock();
  const server = new Server({ clock, packets: [News], ...options });
  const errors: unknown[] = [];
  server.on("handlerError", (error) => errors.push(error));
  return { server, clock, errors };
}

function clientOver(link: MemoryLink, clock: ManualClock): Client {
  const client = new Client({ clock, packets: [News] });
  client.on(News, () => {});
  client.attach(link.client);
  client.processAsync();
  return client;
}

test.each(["before", "after"] as const)(
  "an acceptor that was added %s the start hands its clients to the same server",
  async (when) => {
    const [own, added] = [new MemoryAcceptor(), new MemoryAcceptor()];
    const { server, clock } = serverOf({ acceptor: own, addr: "own:1" });
    if (when === "after") await server.start();
    const listening = await server.addAcceptor(added, "added:2");
    if (when === "before") await server.start();
    expect(listening.address).toEqual(["added", 2]);
    expect(server.addr).toEqual(["own", 1]);
    const links = [new MemoryLink(), new MemoryLink()] as const;
    own.offer(links[0]);
    added.offer(links[1]);
    const clients = links.map((link) => clientOver(link, clock));
    await Promise.all(clients.map((client) => client.waitForConnection()));
    expect([...server.clients.keys()]).toEqual([1, 2]);
    expect(server.broadcast(News, "hello")).toBe(2);
    await server.shutdown();
    expect([own.closed, added.closed]).toEqual([1, 1]);
  },
);

test("a server without an acceptor of its own serves those of an added one, without start()", async () => {
  const added = new MemoryAcceptor();
  const { server, clock } = serverOf();
  const bound: unknown[] = [];
  server.sendEvent = (event, data) => void (event === "bind" && bound.push(data?.addr));
  await server.addAcceptor(added, "added:2");
  server.processAsync();
  expect(bound).toEqual([["added", 2]]);
  const link = new MemoryLink();
  added.offer(link);
  await clientOver(link, clock).waitForConnection();
  expect(server.clients.size).toBe(1);
  const joined = server.join();
  await server.shutdown();
  await joined;
});

test("a server that only added acceptors listen for is not over before it is stopped", async () => {
  const { server } = serverOf();
  await server.addAcceptor(new MemoryAcceptor());
  await expect(server.join({ timeout: 0 })).rejects.toMatchObject({ code: "P3D_ERR_TIMED_OUT" });
  server.stop();
  await server.join();
});

test("limits by address and in all hold over all acceptors together", async () => {
  const [own, added] = [new MemoryAcceptor(), new MemoryAcceptor()];
  const cfg = { "net.limits.connections": 3, "net.limits.connections.address": 2 };
  const { server } = serverOf({ acceptor: own, cfg });
  await server.start();
  await server.addAcceptor(added);
  own.offer(new MemoryLink(), ["10.0.0.1", 1]);
  added.offer(new MemoryLink(), ["10.0.0.1", 2]);
  own.offer(new MemoryLink(), ["10.0.0.1", 3]);
  added.offer(new MemoryLink(), ["10.0.0.1", 4]);
  added.offer(new MemoryLink(), ["10.0.0.2", 5]);
  own.offer(new MemoryLink(), ["10.0.0.3", 6]);
  expect(own.refused).toEqual([
    ["10.0.0.1", 3],
    ["10.0.0.3", 6],
  ]);
  expect(added.refused).toEqual([["10.0.0.1", 4]]);
  expect(server.metrics.rejectedBy).toEqual({ serverfull: 3 });
  server.stop();
});

test.each(["stop", "shutdown"] as const)("%s closes all, also where one fails to", async (end) => {
  const stuck = new MemoryAcceptor({ close: () => Promise.reject(new Error("stuck")) });
  const added = new MemoryAcceptor();
  const { server, errors } = serverOf({ acceptor: stuck });
  await server.start();
  await server.addAcceptor(added);
  await server[end]();
  await new Promise((resolve) => setImmediate(resolve));
  expect([stuck.closed, added.closed]).toEqual([1, 1]);
  expect(errors).toEqual([new Error("stuck")]);
});

test("what an acceptor says of listening itself is reported, whichever it is", async () => {
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (text: string) => void warnings.push(text) };
  const added = new MemoryAcceptor();
  const { server } = serverOf({ logger });
  await server.addAcceptor(added);
  added.request?.failed(new Error("no descriptors left"));
  expect(warnings).toEqual([expect.stringContaining("no descriptors left")]);
  server.stop();
});

test.each(["stop", "shutdown"] as const)("%s gives up an acceptor that is about to listen", async (end) => {
  for (const outcome of ["fails", "listens"] as const) {
    const closed = jest.fn(async () => {});
    let aborted = false;
    const { server } = serverOf();
    const adding = server.addAcceptor({
      listen: ({ signal, address }) =>
        new Promise((resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            if (outcome === "fails") reject(new Error("given up"));
            else resolve({ address, close: closed });
          });
        }),
    });
    void server[end]();
    await expect(adding).rejects.toThrow(InvalidStateError);
    expect(aborted).toBe(true);
    expect(closed).toHaveBeenCalledTimes(outcome === "listens" ? 1 : 0);
  }
});

test.each(["stop", "shutdown"] as const)("after %s, no acceptor can be added", async (end) => {
  const added = new MemoryAcceptor();
  const { server } = serverOf();
  const ended = server[end]();
  await expect(server.addAcceptor(added)).rejects.toThrow(InvalidStateError);
  await ended;
  await expect(server.addAcceptor(added)).rejects.toThrow("listens no more");
  expect(added.request).toBeUndefined();
});

test("an acceptor that cannot listen harms no other, and may be tried again", async () => {
  const own = new MemoryAcceptor();
  const { server } = serverOf({ acceptor: own });
  await server.start();
  const failing: Acceptor = {
    listen: async () => {
      throw new ListenError("the port is in use");
    },
  };
  await expect(server.addAcceptor(failing)).rejects.toThrow(ListenError);
  own.offer(new MemoryLink());
  expect(server.clients.size).toBe(1);
  await server.addAcceptor(new MemoryAcceptor());
  server.stop();
});

test("what was added can be closed alone, and is closed once", async () => {
  const [own, added] = [new MemoryAcceptor(), new MemoryAcceptor()];
  const { server } = serverOf({ acceptor: own });
  await server.start();
  const listening = await server.addAcceptor(added);
  await Promise.all([listening.close(), listening.close()]);
  expect([own.closed, added.closed]).toEqual([0, 1]);
  await server.shutdown();
  expect([own.closed, added.closed]).toEqual([1, 1]);
});

test("certificates are read again for all that have some", async () => {
  const [own, added, plain] = [
    new MemoryAcceptor({ tls: true }),
    new MemoryAcceptor({ tls: true }),
    new MemoryAcceptor(),
  ];
  const { server } = serverOf({ acceptor: own });
  await server.start();
  const listening = await server.addAcceptor(plain);
  expect(listening.reloadCertificates).toBeUndefined();
  await (await server.addAcceptor(added)).reloadCertificates?.();
  await server.reloadCertificates();
  expect([own.reloaded, added.reloaded]).toEqual([1, 2]);
  server.stop();
});

test("where none has certificates, there are none to read again", async () => {
  const { server } = serverOf({ acceptor: new MemoryAcceptor() });
  await server.start();
  await expect(server.reloadCertificates()).rejects.toThrow("the server does not listen with TLS");
  await expect(server.reloadCertificates()).rejects.toThrow(InvalidStateError);
  server.stop();
});

test("what is no acceptor, has no valid address, or would serve a type that is not there is refused at once", async () => {
  const { server } = serverOf();
  for (const none of [{}, undefined, null])
    await expect(server.addAcceptor(none as unknown as Acceptor)).rejects.toThrow(
      new TypeError("what addAcceptor was given has no listen()"),
    );
  await expect(server.addAcceptor(new MemoryAcceptor(), "here:70000")).rejects.toMatchObject({
    code: "P3D_ERR_INVALID_PORT",
  });
  const { server: other } = serverOf({ conntypes: ["password"] });
  await expect(other.addAcceptor(new MemoryAcceptor())).rejects.toThrow(NotRegisteredError);
});

describe("the deadline of the handshake", () => {
  const cfg = { "net.timeout.handshake": 10 };

  test.each([
    ["counts from when the network accepted the connection", 6, 4],
    ["counts from now where the acceptor does not say when", undefined, 10],
    ["is not longer where that is said to be yet to come", -5, 10],
  ])("%s", async (_, ago, left) => {
    const added = new MemoryAcceptor();
    const { server, clock } = serverOf({ cfg });
    clock.advance(100);
    await server.addAcceptor(added);
    const closes: string[] = [];
    server.on("close", (_client, { error }) => closes.push((error as { code?: string }).code ?? ""));
    added.offer(new MemoryLink(), undefined, ago === undefined ? undefined : clock.now() - ago * 1000);
    clock.advance(left - 0.1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(closes).toEqual([]);
    clock.advance(0.1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(closes).toEqual(["P3D_ERR_HANDSHAKE_TIMEOUT"]);
    server.stop();
  });

  test("counts from there for a transport that is handed to accept(), too", async () => {
    const net = new TestNetwork();
    const server = net.server({ cfg });
    net.clock.advance(100);
    server.accept(new MemoryLink().server, net.clock.now() - 9000);
    net.clock.advance(1);
    await net.settle();
    expect(server.clients.size).toBe(0);
  });
});
