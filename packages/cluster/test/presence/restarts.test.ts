// Three nodes that are restarted one after the other, with members in a group that hear numbered messages all the while.

import type { MemberEvent } from "@peng3dnet/cluster";
import { type Guest, News, TestCluster, type TestNode } from "../support/cluster.js";
import { hear, known } from "../support/presence.js";

const NAMES = ["a", "b", "c"] as const;
type Name = (typeof NAMES)[number];
const MEMBERS = 2;

interface Running extends TestNode {
  readonly guests: readonly Guest[];
  readonly events: ReturnType<typeof hear>;
  /** Nodes that went, and whether they were lost. */
  readonly left: (readonly [id: string, lost: boolean])[];
}

async function start(cluster: TestCluster, name: Name): Promise<Running> {
  const node = await cluster.join(name);
  const left: Running["left"] = [];
  node.node.on("nodeleave", ({ id }, { lost }) => void left.push([id, lost]));
  const events = hear(node, "room");
  const guests: Guest[] = [];
  for (let count = 0; count < MEMBERS; count++) {
    const guest = await node.enter();
    node.node.group("room").add(guest.remote);
    guests.push(guest);
  }
  await cluster.turn(3);
  return { ...node, guests, events, left };
}

function grouped<T>(entries: Iterable<readonly [key: string, value: T]>): Map<string, T[]> {
  const all = new Map<string, T[]>();
  for (const [key, value] of entries) all.set(key, [...(all.get(key) ?? []), value]);
  return all;
}

/** The events of each member. */
function histories(events: Running["events"]): Map<string, MemberEvent[]> {
  return grouped(events.map(([event, id]) => [id, event]));
}

test.each([
  ["in order", false],
  ["by being killed", true],
])(
  "where nodes are restarted one by one, %s, members enter and leave once, and what was sent is whole",
  async (_, killed) => {
    const cluster = new TestCluster();
    const running = new Map<Name, Running>();
    const ended: Running[] = [];
    for (const name of NAMES) running.set(name, await start(cluster, name));
    let number = 0;
    /** Each node says which number it is; by node, and so one sequence for each. */
    const say = (): void => {
      number++;
      for (const { node } of running.values()) node.group("room").broadcast(News, [node.id, number]);
    };
    const everybody = (): string[] =>
      [...running.values()].flatMap(({ guests }) => guests.map(({ id }) => id)).toSorted();
    for (const name of NAMES) {
      for (let second = 0; second < 3; second++) {
        say();
        await cluster.turn(1);
      }
      const old = running.get(name) as Running;
      running.delete(name);
      ended.push(old);
      if (killed) cluster.bus.disconnect(name);
      old.server.stop();
      say();
      // The new one is there before the others have found out.
      const next = await start(cluster, name);
      running.set(name, next);
      say();
      await cluster.turn(killed ? 7 : 1);
      for (const { left } of [...running.values()].filter((one) => one !== next))
        expect(left.at(-1)).toEqual([old.node.id, killed]);
    }
    say();
    await cluster.turn(3);

    for (const { node, events, gaps, guests, server } of running.values()) {
      const ids = Object.keys(await known({ node } as TestNode, "room"));
      expect(ids).toEqual(everybody());
      const all = histories(events);
      for (const [id, history] of all) {
        const there = ids.includes(id);
        // Who was there before this node looked has no event for that.
        if (there) expect([id, history]).toEqual([id, ["memberenter"]]);
        else expect([id, ...history.slice(-1)]).toEqual([id, "memberleave"]);
        expect(history.filter((event) => event === "memberenter").length).toBeLessThanOrEqual(1);
        expect(history.filter((event) => event === "memberleave").length).toBeLessThanOrEqual(1);
      }
      // From each node, each number behind the first one, once; nobody was told of a gap.
      for (const { news } of guests) {
        const heard = grouped(news as [string, number][]);
        expect(heard.get(node.id)).toBeDefined();
        for (const said of heard.values()) {
          const [first = 0] = said;
          expect(said).toEqual(said.map((_value, place) => first + place));
        }
      }
      expect([gaps, server.clients.size]).toEqual([[], MEMBERS]);
    }
    // The last one to go had seen all that came before it.
    const [, , last] = ended;
    expect(histories(last?.events ?? []).size).toBeGreaterThanOrEqual(4);
  },
);
