// Pings need no sockets: `@peng3dnet/ping/peer` bundles for browsers without a shim, and works with peers of peer alone.

import { Client, CONNTYPE_PING, Server } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import * as everything from "@peng3dnet/ping";
import * as pings from "@peng3dnet/ping/peer";
import { build } from "esbuild";

class StatusServer extends pings.PingableServerMixin(Server) {
  override pingdata = { motd: "hello" };
}

const Pinger = pings.PingableClientMixin(Client);

test("a client of peer pings a server of peer over a link in memory", async () => {
  const net = new TestNetwork();
  const server = net.run(new StatusServer({ clock: net.clock }));
  const client = net.run(new Pinger({ clock: net.clock, conntype: CONNTYPE_PING }));
  client.setPingData({ name: "asker" });
  net.connect(client, server);
  expect(await client.waitForPong()).toMatchObject({
    motd: "hello",
    oldmsg: { name: "asker" },
  });
  client.stop();
  await server.shutdown();
});

test("the package exports all of it, too", () => {
  expect(everything).toMatchObject(pings);
  expect(Object.keys(pings).length).toBeGreaterThan(10);
});

test("it is bundled for browsers without a shim, and nothing of core or Node is in it", async () => {
  const { metafile } = await build({
    stdin: { contents: `export * from "@peng3dnet/ping/peer";`, resolveDir: __dirname },
    bundle: true,
    format: "esm",
    platform: "browser",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.some((path) => path.includes("packages/peer/"))).toBe(true);
  expect(inputs.filter((path) => path.includes("packages/core/"))).toEqual([]);
});
