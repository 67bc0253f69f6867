// What a node says of the places of sessions, and when: with nodes in memory, and a clock that is turned by hand.

import type { Bus } from "@peng3dnet/cluster";
import {
  type Client,
  type CloseInfo,
  type RedirectedConnector,
  type Server,
  SSLSEC_SERVERAUTH,
  silentLogger,
} from "@peng3dnet/peer";
import { ManualClock, MemoryLink } from "@peng3dnet/peer/testing";
import { NodePlaces } from "../../src/nodes/node-places.js";
import { BEAT } from "../../src/wire/messages.js";
import { TestCluster, type TestNode } from "../support/cluster.js";

const cfg = { "net.resume.window": 600 };

/** A client whose session is on node `a`, and which is led to another server from then on. */
async function comesBack() {
  const cluster = new TestCluster();
  const a = await cluster.join("a", { cfg, packets: [] });
  let leads: Server = a.server;
  let link: MemoryLink | undefined;
  const dialled: string[] = [];
  const connectorTo = (host: string): RedirectedConnector => ({
    address: [host, 1],
    connect: async ({ established }) => {
      dialled.push(host);
      link = new MemoryLink(SSLSEC_SERVERAUTH);
      leads.accept(link.server);
      established(link.client);
    },
  });
  const client = cluster.net.client({
    cfg: { "net.timeout.handshake": 600 },
    resume: { attemptTimeout: 600, delay: 0.001 },
    connector: { ...connectorTo("balancer"), redirected: (host) => connectorTo(host) },
  }) as Client;
  let closed: CloseInfo | undefined;
  client.on("close", (info) => {
    closed = info;
  });
  await client.connect();
  await client.waitForConnection();
  await cluster.settle();
  const lead = async ({ server }: TestNode): Promise<void> => {
    leads = server;
    link?.cut();
    await cluster.settle();
    cluster.net.clock.advance(0.01);
    await cluster.settle();
  };
  return { cluster, a, client, lead, dialled, closed: () => closed };
}

test("those who wait to be told share one timer, and are told at once when the node leaves", async () => {
  const clock = new ManualClock();
  const id = "b~AAAAAAAAAAAA";
  const places = new NodePlaces({ id, clock, untilSettled: 120_000, nodes: () => [] }, true);
  const told = Array.from({ length: 100 }, (_, at) =>
    places.addressOf(Uint8Array.of(at, 2, 3, 4, 5, 6, 7, 8)),
  );
  await Promise.resolve();
  expect(clock.timers).toBe(1);
  places.end();
  expect(clock.timers).toBe(0);
  expect(new Set(await Promise.all(told))).toEqual(new Set([undefined]));
  expect([await places.addressOf(new Uint8Array(8)), clock.timers]).toEqual([undefined, 0]);
});

test("a node that stops has no timer left of a client that waited to be told", async () => {
  const { cluster, a, client, lead } = await comesBack();
  const b = await cluster.join("b", { cfg, packets: [] });
  // It hears of nobody, so that it does not know whose session it is.
  cluster.bus.drop(({ to }) => to === "b");
  await lead(b);
  expect([client.suspended, b.server.clients.size]).toEqual([true, 1]);
  await a.node.leave();
  client.stop();
  b.server.stop();
  await cluster.settle();
  a.server.stop();
  await cluster.settle();
  expect(cluster.net.clock.timers).toBe(0);
});

test.each([
  ["a text that is not ASCII", "münchen.example:8080"],
  ["too long a text", "x".repeat(257)],
  ["nothing", ""],
])(
  "a client is told that its session is gone where another node says %s as its address",
  async (_what, advertised) => {
    const { cluster, a, lead, dialled, closed } = await comesBack();
    const b = await cluster.join("b", { cfg, packets: [] });
    const bus: Bus = await cluster.bus.connect({ name: "m", clock: cluster.net.clock, logger: silentLogger });
    await cluster.turn(3);
    bus.publish("peng3dnet.a", BEAT.write({ from: a.node.id, version: 0, advertised, clients: 1 }));
    await cluster.settle();
    expect(b.node.nodes.get(a.node.id)?.advertised).toBe(advertised);
    await lead(b);
    expect([closed()?.reason, dialled]).toEqual(["resumeunknown", ["balancer", "balancer"]]);
  },
);
