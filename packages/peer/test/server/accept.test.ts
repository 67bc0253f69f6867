// Transports that are handed to a server by the application.

import {
  type Acceptor,
  type Address,
  type ClientOnServer,
  InvalidStateError,
  type ListenRequest,
  Server,
  type ServerOptions,
} from "@peng3dnet/peer";
import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";
import { ScriptedTransport } from "../resume/scripted.js";

test.each(["stop", "shutdown"] as const)("after %s, a server takes no transport any more", async (end) => {
  const net = new TestNetwork();
  const server = net.server();
  const client = net.client();
  net.connect(client, server);
  await client.waitForConnection();
  const ended = server[end]();
  expect(() => server.accept(new MemoryLink().server)).toThrow(InvalidStateError);
  expect(server.clients.size).toBeLessThanOrEqual(1);
  await ended;
  await server.join();
  expect(() => server.accept(new MemoryLink().server)).toThrow("accepts nothing more");
  expect(server.clients.size).toBe(0);
});

/** A server that listens by an acceptor whose request the test has, and what it tells of whom it does not take in. */
async function listening(options: ServerOptions = {}) {
  const requests: ListenRequest[] = [];
  const acceptor: Acceptor = {
    listen: async (request) => {
      requests.push(request);
      return { address: request.address, close: async () => {} };
    },
  };
  const net = new TestNetwork();
  const server = net.run(new Server({ acceptor, clock: net.clock, ...options }));
  const failures: string[] = [];
  const drops: string[] = [];
  server.on(
    "handlerError",
    (error, { where }) => void failures.push(`${where}: ${(error as Error).message}`),
  );
  server.on("drop", ({ addr, reason }) => void drops.push(`${addr[0]} ${reason}`));
  await server.bind();
  const refused: string[] = [];
  const offer = (
    name: string,
    transport: () => ScriptedTransport = () => new ScriptedTransport(name),
    refuse: () => void = () => void refused.push(name),
  ): void => requests[0]?.offer([name, 1] satisfies Address, transport, refuse);
  return { net, server, offer, refused, failures, drops };
}

describe("whom an acceptor offers", () => {
  test("is told that the server shuts down, once it does", async () => {
    const { server, offer, refused, drops } = await listening();
    void server.shutdown();
    offer("late");
    expect([refused, drops]).toEqual([["late"], ["late servershutdown"]]);
    expect(server.metrics.rejectedBy).toEqual({ servershutdown: 1 });
  });

  test("is counted as refused, also where that fails, which is reported", async () => {
    const { server, offer, failures, drops } = await listening({ cfg: { "net.limits.connections": 1 } });
    offer("first");
    offer("second", undefined, () => {
      throw new Error("cannot refuse");
    });
    expect([failures, drops]).toEqual([["accept: cannot refuse"], ["second serverfull"]]);
    expect(server.clients.size).toBe(1);
  });

  test("is refused where a transport cannot be opened, and that is reported", async () => {
    const { server, offer, refused, failures } = await listening();
    offer("broken", () => {
      throw new Error("no descriptors");
    });
    expect([refused, failures]).toEqual([["broken"], ["accept: no descriptors"]]);
    expect(server.clients.size).toBe(0);
  });

  test("is cut where the application fails at it, whatever the transport says to that", async () => {
    const { server, offer, refused, failures } = await listening();
    server.genCID = () => {
      throw new Error("no ids");
    };
    class Stuck extends ScriptedTransport {
      override destroy(): void {
        super.destroy();
        throw new Error("stuck");
      }
    }
    const transport = new Stuck("one");
    offer("one", () => transport);
    expect([transport.calls, refused]).toEqual([["destroy"], []]);
    expect(failures).toEqual(["accept: stuck", "accept: no ids"]);
  });

  test("counts towards the limit by connections alone, and not by clients that are away", async () => {
    const { net, server, offer, refused } = await listening({
      cfg: { "net.limits.connections": 2, "net.resume.window": 60 },
    });
    const client = net.client({ resume: true });
    const link = net.connect(client, server);
    await client.waitForConnection();
    await net.settle();
    offer("second");
    offer("third");
    expect(refused).toEqual(["third"]);
    link.cut();
    await net.settle();
    expect(server.clients.get(1)?.suspended).toBe(true);
    offer("fourth");
    offer("fifth");
    expect(refused).toEqual(["third", "fifth"]);
    expect(server.clients.size).toBe(3);
  });

  test("finds no place at its address that a client has, unless that is away, and again once it is back", async () => {
    const { net, server, offer, refused } = await listening({
      cfg: { "net.limits.connections.address": 1, "net.resume.window": 60, "net.heartbeat.interval": 0 },
    });
    const links: MemoryLink[] = [];
    const client = net.client({
      resume: true,
      connector: {
        connect: async ({ established }) => {
          const link = new MemoryLink();
          links.push(link);
          server.accept(link.server);
          established(link.client);
        },
      },
    });
    await client.connect();
    await client.waitForConnection();
    await net.settle();
    const remote = server.clients.get(1) as ClientOnServer;
    const [address] = remote.addr;
    offer(address);
    expect(refused).toEqual([address]);
    links[0]?.cut();
    await net.settle();
    const transport = new ScriptedTransport(address);
    offer(address, () => transport);
    expect(refused).toHaveLength(1);
    transport.handler?.closed(undefined);
    await net.pass(5);
    expect([links.length, remote.suspended]).toEqual([2, false]);
    offer(address);
    expect(refused).toEqual([address, address]);
    server.stop();
  });
});

test("the oldest handshake is given up for a newer one, past the limit on them, and told why", async () => {
  const { server, offer, drops } = await listening({ cfg: { "net.limits.pending": 2 } });
  const transports = ["one", "two", "three"].map((name) => new ScriptedTransport(name));
  const closes: unknown[] = [];
  server.on("close", ({ addr }, { reason, error }) => void closes.push([addr[0], reason, error?.name]));
  for (const transport of transports) {
    offer(transport.remoteAddress[0], () => transport);
    transport.handler?.ready();
  }
  expect(transports.map(({ calls }) => calls.includes("closing serverfull"))).toEqual([true, false, false]);
  expect(drops).toEqual(["one serverfull"]);
  transports[0]?.handler?.closed(undefined);
  expect(closes).toEqual([["one", "serverfull", "ServerFullError"]]);
});

test.each([
  ["is in use", () => 1, "genCID gave the id 1, which is in use"],
  ["is no whole number", () => 1.5, "genCID gave something that is not an integer"],
  ["is none", () => "2" as unknown as number, "genCID gave something that is not an integer"],
  [
    "comes later",
    () => Promise.reject(new Error("no ids")) as unknown as number,
    "genCID gave something that is not an integer",
  ],
])("an id that %s makes no client", async (_, genCID, message) => {
  const { net, server, failures } = await listening();
  server.accept(new MemoryLink().server);
  server.genCID = genCID;
  const accept = (): unknown => server.accept(new MemoryLink().server);
  expect(accept).toThrow(new InvalidStateError(message));
  expect(server.clients.size).toBe(1);
  await net.settle();
  expect(failures).toEqual(_ === "comes later" ? ["genCID: no ids"] : []);
});

test("a class of clients need not be a subclass of the library's", async () => {
  const closed: unknown[] = [];
  const ignore = (): void => {};
  class Plain {
    readonly onConnect = ignore;
    readonly onHandshakeComplete = ignore;
    readonly onReceive = ignore;
    readonly onSend = ignore;
    readonly cid: number;
    constructor(_server: Server, _conn: unknown, _addr: Address, cid: number) {
      this.cid = cid;
    }
    onClose(reason: string | null): void {
      closed.push([this.cid, reason]);
    }
  }
  const { net, server } = await listening({ clientcls: Plain as unknown as typeof ClientOnServer });
  const client = net.client();
  net.connect(client, server);
  await client.waitForConnection();
  await client.close("bye");
  await net.settle();
  expect(closed).toEqual([[1, "bye"]]);
});
