// A page behind a balancer that is led to the server with its session: it says there that it came from the balancer.

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Client } from "@peng3dnet/browser";
import { CLUSTER_HOST, Server } from "@peng3dnet/core";
import { serveWebSocket } from "@peng3dnet/websocket";
import { WebSocket } from "ws";
import { onCleanup, track } from "../support/cleanup.js";

jest.setTimeout(30_000);

/** Leads each connection to the port of the moment. */
async function startBalancer() {
  const sockets = new Set<Socket>();
  const balancer = { port: 0, to: 0, cut: () => sockets.forEach((socket) => void socket.resetAndDestroy()) };
  const listener = createServer((client) => {
    const node = connect(balancer.to, "127.0.0.1");
    client.pipe(node).pipe(client);
    for (const socket of [client, node]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        node.destroy();
      });
    }
  });
  await new Promise<void>((listening) => {
    listener.listen(0, "127.0.0.1", listening);
  });
  onCleanup(() => {
    balancer.cut();
    return new Promise<void>((closed) => void listener.close(() => closed()));
  });
  balancer.port = (listener.address() as AddressInfo).port;
  return balancer;
}

/** Breaks the line of a page, which the balancer then leads to the other server. @returns how it goes on. */
async function lead(originsOf?: (balancer: string) => string[]) {
  const balancer = await startBalancer();
  const page = `http://127.0.0.1:${balancer.port}`;
  class FromPage extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols, { origin: page });
    }
  }
  let home = "";
  const serve = async (name: string) => {
    const server = track(new Server({ addr: "127.0.0.1:0", cfg: { "net.resume.window": 20 } }));
    server.initialize();
    server[CLUSTER_HOST].resumeAmong({
      mark: new TextEncoder().encode(name.repeat(8)),
      addressOf: async () => home,
    });
    await server.start();
    const origins = originsOf?.(page);
    const { address } = await serveWebSocket(server, { port: 0, ...(origins && { origins }) });
    return { server, port: address[1] };
  };
  const [a, b] = [await serve("a"), await serve("b")];
  home = `ws://127.0.0.1:${a.port}/`;
  balancer.to = a.port;
  const client = track(
    new Client({
      addr: `ws://127.0.0.1:${balancer.port}/`,
      WebSocket: FromPage,
      resume: { redirect: true, delay: 0.01, maxDelay: 0.1 },
    }),
  );
  await client.start();
  balancer.to = b.port;
  const refused = new Promise<string>((resolve) => a.server.on("drop", ({ reason }) => resolve(reason)));
  const resumed = new Promise<string>((resolve) => client.once("resume", () => resolve("resume")));
  balancer.cut();
  return Promise.race([refused, resumed]);
}

test("where servers admit pages of their own host alone, it is refused", async () => {
  expect(await lead()).toBe("badorigin");
});

test("where they admit those of the balancer, it goes on", async () => {
  expect(await lead((balancer) => [balancer])).toBe("resume");
});
