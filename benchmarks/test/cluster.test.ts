// What `npm run bench:cluster` takes for nodes of a cluster: what a client of one says reaches those of all.

import { spawnSync } from "node:child_process";
import { findNatsServer, NatsServer } from "@peng3dnet-internal/nats-server";
import type { ClusterServer } from "../src/cluster/kinds.js";
import { type KindName, loadKind } from "../src/cluster/load.js";
import { startRedis } from "../src/cluster/redis-server.js";
import type { Message, PeerClient } from "../src/peer.js";
import { loadPeer } from "../src/peers/index.js";

jest.setTimeout(30_000);

const there = {
  nats: findNatsServer() !== undefined,
  redis: spawnSync("redis-server", ["--version"]).status === 0,
};
const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});

async function nodes(kind: KindName, mode: "broadcast" | "echo") {
  const { broker, client: peer, serve } = await loadKind(kind);
  const started = broker === "nats" ? await NatsServer.start() : await startRedis();
  cleanUp.push(() => started.dispose());
  const servers: ClusterServer[] = [];
  for (const name of ["one", "two"]) {
    const server = await serve({ name, broker: started.url, mode, work: 0 });
    cleanUp.push(() => server.close());
    servers.push(server);
  }
  const { connect } = await loadPeer(peer);
  let entered = 0;
  const enter = async (place: number) => {
    const heard: Message[] = [];
    let look = (): void => {};
    const client: PeerClient = await connect({
      port: servers[place]?.port ?? 0,
      compress: false,
      registered: 0,
      onMessage: (message) => {
        heard.push(message);
        look();
      },
      onFailure: () => {},
    });
    entered++;
    cleanUp.push(async () => client.close());
    const until = (count: number) =>
      new Promise<Message[]>((resolve) => {
        look = () => heard.length >= count && resolve(heard);
        look();
      });
    return { client, until };
  };
  /** From then on all nodes know their clients, and hear each other. */
  const settled = async () => {
    const members = () => servers.reduce((sum, server) => sum + server.members, 0);
    while (members() < entered) await new Promise((resolve) => setImmediate(resolve));
    for (const server of [...servers, ...servers]) await server.settled();
  };
  return { enter, settled };
}

describe.each<[KindName, boolean]>([
  ["ours", there.nats],
  ["redis-streams", there.redis],
  ["redis", there.redis],
])("nodes of the kind %s", (kind, possible) => {
  (possible ? test : test.skip)("broadcast to the clients of all", async () => {
    const { enter, settled } = await nodes(kind, "broadcast");
    const [one, two] = [await enter(0), await enter(1)];
    await settled();
    one.client.send({ i: 0, s: "first" });
    for (const { until } of [one, two]) expect(await until(1)).toEqual([{ i: 0, s: "first" }]);
    two.client.send({ i: 1, s: "second" });
    for (const { until } of [one, two]) expect((await until(2))[1]).toEqual({ i: 1, s: "second" });
  });

  (possible ? test : test.skip)("echo to the client that spoke", async () => {
    const { enter } = await nodes(kind, "echo");
    const [one, two] = [await enter(0), await enter(1)];
    one.client.send({ i: 0, s: "mine" });
    expect(await one.until(1)).toEqual([{ i: 0, s: "mine" }]);
    two.client.send({ i: 0, s: "yours" });
    expect(await two.until(1)).toEqual([{ i: 0, s: "yours" }]);
  });
});
