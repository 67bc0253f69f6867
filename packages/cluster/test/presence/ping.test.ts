// A ping of one server is answered for all of the cluster.

import { joinCluster, memoryBus } from "@peng3dnet/cluster";
import { Client, Server } from "@peng3dnet/core";
import { PingableServerMixin, pingServer } from "@peng3dnet/ping";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { TestCluster } from "../support/cluster.js";

test("each node knows how many clients all have together, as of the last beat", async () => {
  const cluster = new TestCluster();
  const [a, b] = await cluster.joinAll(["a", "b"]);
  await a.enter();
  const second = await b.enter();
  await b.enter();
  expect([a.node.clientCount, b.node.clientCount]).toEqual([1, 2]);
  await cluster.turn(1);
  expect([a.node.clientCount, b.node.clientCount]).toEqual([3, 3]);
  expect([...a.node.nodes.values()]).toMatchObject([{ name: "b", clients: 2 }]);
  await second.client.close();
  await cluster.turn(1);
  expect(a.node.clientCount).toBe(2);
  cluster.bus.disconnect("b");
  await cluster.turn(7);
  expect(a.node.clientCount).toBe(1);
  await a.node.leave();
  expect(a.node.clientCount).toBe(1);
});

test("the answer to a ping has the number of the players of all nodes", async () => {
  const bus = memoryBus();
  const begin = async (name: string) => {
    class GameServer extends PingableServerMixin(Server) {
      override getPingData() {
        return { players: node.clientCount };
      }
    }
    const server = new GameServer({ addr: "127.0.0.1:0" });
    onCleanup(() => server.shutdown({ timeout: 5 }));
    const node = await joinCluster(server, { bus, name, interval: 0.1, timeout: 5 });
    await server.start();
    return { server, node };
  };
  const [a, b] = [await begin("a"), await begin("b")];
  const client = new Client({ addr: a.server.addr });
  onCleanup(() => client.close());
  await client.start();
  // Whoever pings is no player.
  let players: unknown;
  while (players !== 1) ({ players } = await pingServer({ addr: b.server.addr }));
  expect((await pingServer({ addr: a.server.addr })).players).toBe(1);
});
