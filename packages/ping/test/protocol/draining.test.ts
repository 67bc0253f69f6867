// A server that lets nobody in any more tells whoever pings it.

import { Client, CONNTYPE_PING, Server } from "@peng3dnet/core";
import { enablePing, PingableClientMixin, pingServer } from "../../src/index.js";

test("pings are answered, and say so, until it lets clients in again", async () => {
  const server = new Server({ addr: "127.0.0.1:0" });
  enablePing(server);
  await server.start();
  const { addr } = server;
  const own = { version: "0.2.0", release: "0.2.0", protoversion: 2 };
  expect((await pingServer({ addr })).peng3dnet).toEqual(own);
  // Nobody waits for a pinger.
  const pinger = new (PingableClientMixin(Client))({ addr, conntype: CONNTYPE_PING });
  await pinger.start();
  await server.drain();
  expect((await pingServer({ addr })).peng3dnet).toEqual({ ...own, draining: true });
  server.admit();
  expect((await pingServer({ addr })).peng3dnet).toEqual(own);
  pinger.stop();
  await server.shutdown();
});
