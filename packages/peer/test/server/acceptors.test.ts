// What listens for a server is not trusted: whatever it does, the server ends in order.

import {
  type Acceptor,
  type Address,
  Client,
  InvalidStateError,
  type ListenRequest,
  Server,
} from "@peng3dnet/peer";
import { ManualClock, MemoryLink } from "@peng3dnet/peer/testing";

const ADDRESS: Address = ["here", 1];

/** An acceptor whose requests the test answers. */
function scripted(close: () => Promise<void> = async () => {}) {
  const requests: ListenRequest[] = [];
  const acceptor: Acceptor = {
    async listen(request) {
      requests.push(request);
      return { address: ADDRESS, close };
    },
  };
  return { acceptor, requests };
}

function serverOf(acceptor: Acceptor): { server: Server; errors: unknown[] } {
  const server = new Server({ acceptor, clock: new ManualClock() });
  const errors: unknown[] = [];
  server.on("handlerError", (error) => errors.push(error));
  return { server, errors };
}

test("an address without anything that listens is refused at the start", async () => {
  await expect(new Server({ addr: "127.0.0.1:0" }).start()).rejects.toThrow(InvalidStateError);
  const server = new Server();
  await server.start();
  await server.shutdown();
});

test("one that was never started is waited for by nobody", async () => {
  const clock = new ManualClock();
  await new Server({ clock, acceptor: scripted().acceptor }).join();
  const { server } = serverOf(scripted().acceptor);
  await server.start();
  let joined = false;
  const waiting = server.join().then(() => {
    joined = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(joined).toBe(false);
  server.stop();
  await waiting;
});

test.each([
  ["acceptor", { acceptor: {} as Acceptor }],
  ["platform", { platform: {} as never }],
])("an option %s that is none is refused where it is handed in", (name, options) => {
  expect(() => new Server(options)).toThrow(TypeError);
  expect(() => new Server(options)).toThrow(name);
});

test("where the application fails after a transport was opened, it is destroyed and not refused", async () => {
  const { acceptor, requests } = scripted();
  const { server, errors } = serverOf(acceptor);
  server.genCID = () => {
    throw new Error("no ids");
  };
  await server.start();
  const link = new MemoryLink();
  const refuse = jest.fn();
  requests[0]?.offer(ADDRESS, () => link.server, refuse);
  await new Promise((resolve) => setImmediate(resolve));
  expect(refuse).not.toHaveBeenCalled();
  expect(link.server.isClosed).toBe(true);
  expect(errors).toEqual([new Error("no ids")]);
  await server.shutdown();
});

test("a refusal that throws is reported once, and the client is counted as refused", async () => {
  const { acceptor, requests } = scripted();
  const { server, errors } = serverOf(acceptor);
  const drops: string[] = [];
  server.on("drop", ({ reason }) => drops.push(reason));
  server.cfg.set("net.limits.connections", 1);
  await server.start();
  server.accept(new MemoryLink().server);
  const refuse = jest.fn(() => {
    throw new Error("cannot refuse");
  });
  requests[0]?.offer(ADDRESS, () => new MemoryLink().server, refuse);
  expect(refuse).toHaveBeenCalledTimes(1);
  expect(errors).toEqual([new Error("cannot refuse")]);
  expect(drops).toEqual(["serverfull"]);
  server.stop();
});

test.each([
  [
    "throws",
    () => {
      throw new Error("stuck");
    },
  ],
  [
    "rejects",
    async () => {
      throw new Error("stuck");
    },
  ],
] as const)("a listener whose close %s keeps no client connected", async (_, close) => {
  for (const end of ["stop", "shutdown"] as const) {
    const { acceptor } = scripted(close as () => Promise<void>);
    const { server, errors } = serverOf(acceptor);
    await server.start();
    const link = new MemoryLink();
    server.accept(link.server);
    new Client({ clock: new ManualClock() }).attach(link.client);
    await server[end]();
    await server.join();
    expect(server.clients.size).toBe(0);
    expect(errors[0]).toEqual(new Error("stuck"));
  }
});

test("one that is stopped before it listens says so, whatever its acceptor comes to", async () => {
  for (const outcome of ["fails", "listens"] as const) {
    const closed = jest.fn(async () => {});
    let settle = (): void => {};
    const acceptor: Acceptor = {
      listen: ({ signal }) =>
        new Promise((resolve, reject) => {
          settle = () => {
            expect(signal.aborted).toBe(true);
            if (outcome === "fails") reject(new Error("port in use"));
            else resolve({ address: ADDRESS, close: closed });
          };
        }),
    };
    const { server } = serverOf(acceptor);
    const starting = server.start();
    server.stop();
    settle();
    await expect(starting).rejects.toThrow(InvalidStateError);
    expect(closed).toHaveBeenCalledTimes(outcome === "listens" ? 1 : 0);
  }
});
