// Whatever is lost, late or cut, presence is the same on all nodes within the stated time, and events tell how it got there.

import * as fc from "fast-check";
import { readMessage } from "../../src/wire/form.js";
import { type Guest, TestCluster, type TestNode } from "../support/cluster.js";
import { hear, known } from "../support/presence.js";

const NAMES = ["a", "b", "c"] as const;
const GROUPS = ["red", "blue"] as const;

const place = fc.nat(2);
const group = fc.constantFrom(...GROUPS);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("add" as const), node: place, guest: place, group }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("delete" as const), node: place, guest: place, group }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("say" as const), node: place, guest: place, what: fc.nat(9) }),
  },
  fc.record({ do: fc.constant("close" as const), node: place, guest: place }),
  fc.record({ do: fc.constant("watch" as const), node: place, group }),
  fc.record({ do: fc.constant("partition" as const), node: place, other: place }),
  fc.record({ do: fc.constant("disconnect" as const), node: place }),
  fc.record({ do: fc.constant("reconnect" as const) }),
  fc.record({ do: fc.constant("heal" as const) }),
  // Loses each message of which the kind, and how many there were, say so.
  fc.record({ do: fc.constant("drop" as const), seed: fc.nat(1000) }),
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("turn" as const), seconds: fc.constantFrom(0, 1, 2, 8) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Scene {
  readonly cluster: TestCluster;
  readonly nodes: readonly TestNode[];
  readonly guests: readonly (readonly Guest[])[];
}

async function carryOut({ cluster, nodes, guests }: Scene, one: Step): Promise<void> {
  const { bus } = cluster;
  const node = "node" in one ? (nodes[one.node] as TestNode) : undefined;
  const guest = "guest" in one ? (guests[one.node]?.[one.guest] as Guest) : undefined;
  if (one.do === "add") node?.node.group(one.group).add((guest as Guest).remote);
  else if (one.do === "delete") node?.node.group(one.group).delete((guest as Guest).remote);
  else if (one.do === "say") node?.node.setPresence((guest as Guest).remote, one.what);
  else if (one.do === "close") await guest?.client.close();
  else if (one.do === "watch") void node?.node.group(one.group).members({ timeout: 0 });
  else if (one.do === "partition") {
    if (one.node !== one.other) bus.partition(NAMES[one.node] as string, NAMES[one.other] as string);
  } else if (one.do === "disconnect") bus.disconnect(NAMES[one.node] as string);
  else if (one.do === "reconnect") bus.reconnect();
  else if (one.do === "heal") bus.heal();
  else if (one.do === "drop") {
    let count = one.seed;
    bus.drop(
      ({ from, to, payload }) => from !== to && (readMessage(payload).kind * 7 + count++ * 13) % 5 < 2,
    );
  } else await cluster.turn(one.seconds);
}

/** What a group's events lead to. */
function follow(before: Record<string, unknown>, events: ReturnType<typeof hear>): Record<string, unknown> {
  const inside = new Map(Object.entries(before));
  for (const [event, id, presence] of events) {
    expect([event, inside.has(id)]).toEqual([event, event !== "memberenter"]);
    if (event === "memberleave") inside.delete(id);
    else inside.set(id, presence);
  }
  return Object.fromEntries([...inside].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

test("presence is the same everywhere two beats after messages get through again", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const cluster = new TestCluster();
      const nodes = await cluster.joinAll(NAMES);
      const guests: Guest[][] = [];
      for (const node of nodes) guests.push([await node.enter(), await node.enter(), await node.enter()]);
      const before = await known(nodes[0], "red");
      const red = hear(nodes[0], "red");
      for (const one of steps) await carryOut({ cluster, nodes, guests }, one);
      cluster.bus.reconnect();
      cluster.bus.heal();
      for (const { node } of nodes) void node.group("red").members({ timeout: 0 });
      await cluster.turn(2);
      for (const name of GROUPS) {
        const right: Record<string, unknown> = {};
        for (const [place, node] of nodes.entries())
          for (const { remote, id } of guests[place] as Guest[])
            if (node.server.group(name).has(remote)) right[id] = expect.anything();
        const all = await Promise.all(nodes.map((node) => known(node, name)));
        expect(Object.keys(all[0] as object)).toEqual(Object.keys(right).toSorted());
        expect(all[1]).toEqual(all[0]);
        expect(all[2]).toEqual(all[0]);
        for (const node of nodes)
          expect((await node.node.group(name).members({ timeout: 0 })).incomplete).toEqual([]);
      }
      expect(follow(before, red)).toEqual(await known(nodes[0], "red"));
    }),
    { numRuns: 30, endOnFailure: true },
  );
}, 120_000);
