// A server that lists its connection types says whether it answers pings.

import { CONNTYPE_CLASSIC, CONNTYPE_PING, Server } from "@peng3dnet/core";
import { PingableServerMixin, PingError, pingServer } from "../../src/index.js";

const started: Server[] = [];

async function start(conntypes?: readonly string[]): Promise<Server> {
  const server = new (PingableServerMixin(Server))({ addr: "127.0.0.1:0", conntypes }) as unknown as Server;
  started.push(server);
  await server.start();
  return server;
}

afterEach(() => Promise.all(started.splice(0).map((server) => server.shutdown())));

test("with ping in the list, or without a list, pings are answered", async () => {
  for (const conntypes of [undefined, [CONNTYPE_PING], [CONNTYPE_CLASSIC, CONNTYPE_PING]]) {
    const { addr } = await start(conntypes);
    expect(await pingServer({ addr })).toHaveProperty("peng3dnet");
  }
});

test("with a list without ping, they are not, and the pinger learns why", async () => {
  const { addr } = await start([CONNTYPE_CLASSIC]);
  const error = await pingServer({ addr }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PingError);
  expect(error).toMatchObject({ failure: "closed", reason: "unknownconntype" });
});
