// Nodes by chance: members come and go, links lose messages, nodes stop and start. What each member of a group saw of each
// sender, and the gaps that its node told in between, account for all that was sent.

import type { PacketRef } from "@peng3dnet/peer";
import * as fc from "fast-check";
import { type Guest, News, TestCluster, type TestNode } from "../support/cluster.js";

const NODES = ["a", "b", "c"] as const;
const GROUPS = ["red", "blue"] as const;

type Step =
  | { readonly do: "send"; readonly node: number; readonly group: number; readonly count: number }
  | { readonly do: "toggle"; readonly node: number; readonly group: number }
  | { readonly do: "cut"; readonly from: number; readonly to: number }
  | { readonly do: "heal" }
  | { readonly do: "away"; readonly node: number; readonly seconds: number }
  | { readonly do: "restart"; readonly node: number }
  | { readonly do: "turn"; readonly seconds: number }
  | { readonly do: "settle" };

const index = fc.nat({ max: NODES.length - 1 });
const group = fc.nat({ max: GROUPS.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      node: index,
      group,
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("toggle" as const), node: index, group }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cut" as const), from: index, to: index }) },
  { weight: 3, arbitrary: fc.constant({ do: "heal" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("away" as const),
      node: index,
      seconds: fc.integer({ min: 0, max: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), node: index }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("turn" as const), seconds: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 4, arbitrary: fc.constant({ do: "settle" as const }) },
);

interface Sent {
  readonly sender: string;
  readonly group: string;
  /** Which one of the sender to this group. */
  readonly n: number;
}

/** What a member of a group saw, from when it entered. */
interface Membership {
  readonly guest: Guest;
  readonly group: string;
  /** What each sender had sent when it entered. */
  readonly before: ReadonlyMap<string, number>;
  /** What each sender had sent when it must have known of the member: all behind that is accounted for. */
  readonly known: Map<string, number>;
  /** Messages, and numbers of those that are missing, by sender. */
  readonly seen: Map<string, (Sent | { readonly missed: number | undefined })[]>;
}

class World {
  readonly cluster = new TestCluster();
  readonly nodes: (TestNode & { readonly members: Map<string, Membership> })[] = [];
  /** How many each sender has sent to each group. */
  readonly sent = new Map<string, number>();
  #cut = false;

  async start(place: number): Promise<void> {
    const joined = await this.cluster.join(NODES[place]!);
    const members = new Map<string, Membership>();
    joined.node.on("gap", ({ group: name, from, missed }) => {
      const membership = members.get(name);
      if (membership !== undefined) this.#note(membership, from, { missed });
    });
    this.nodes[place] = { ...joined, members };
  }

  #note({ seen }: Membership, sender: string, what: Sent | { readonly missed: number | undefined }): void {
    seen.set(sender, [...(seen.get(sender) ?? []), what]);
  }

  async toggle(place: number, name: string): Promise<void> {
    const { members, node, enter } = this.nodes[place]!;
    const member = members.get(name);
    if (member !== undefined) {
      node.group(name).delete(member.guest.remote);
      members.delete(name);
      return;
    }
    const guest = await enter();
    const before = new Map(this.sent);
    const membership: Membership = { guest, group: name, before, known: new Map(), seen: new Map() };
    guest.remote.onSend = (_packet: PacketRef, msg: unknown): void =>
      this.#note(membership, (msg as Sent).sender, msg as Sent);
    members.set(name, membership);
    node.group(name).add(guest.remote);
  }

  send(place: number, name: string): void {
    const { node } = this.nodes[place]!;
    const key = `${node.id} ${name}`;
    const n = (this.sent.get(key) ?? 0) + 1;
    this.sent.set(key, n);
    node.group(name).broadcast(News, { sender: node.id, group: name, n });
  }

  async run(one: Step): Promise<void> {
    const { bus } = this.cluster;
    switch (one.do) {
      case "send":
        for (let n = 0; n < one.count; n++) this.send(one.node, GROUPS[one.group]!);
        return;
      case "toggle":
        return this.toggle(one.node, GROUPS[one.group]!);
      case "cut": {
        const [from, to] = [NODES[one.from], NODES[one.to]];
        bus.drop((passage) => passage.from === from && passage.to === to);
        this.#cut = true;
        return;
      }
      case "heal":
        bus.heal();
        this.#cut = false;
        return;
      case "away":
        bus.disconnect(NODES[one.node]!);
        await this.cluster.turn(one.seconds);
        bus.reconnect(NODES[one.node]!);
        return;
      case "restart": {
        const { server, members } = this.nodes[one.node]!;
        members.clear();
        server.stop();
        return this.start(one.node);
      }
      case "turn":
        await this.cluster.turn(one.seconds);
        if (!this.#cut && one.seconds >= 4) this.allKnow();
        return;
      case "settle":
        return this.cluster.settle();
    }
  }

  /** Nothing was lost for some beats: all know each other. */
  allKnow(): void {
    for (const { members } of this.nodes) {
      for (const { group: name, known } of members.values()) {
        for (const { node } of this.nodes) {
          const key = `${node.id} ${name}`;
          if (!known.has(key)) known.set(key, this.sent.get(key) ?? 0);
        }
      }
    }
  }

  /** What members saw is all that was sent, or is said to be missing. */
  check(): void {
    for (const { node, members } of this.nodes) {
      for (const { group: name, seen, before, known } of members.values()) {
        for (const other of this.nodes) {
          const sender = other.node.id;
          const key = `${sender} ${name}`;
          const total = this.sent.get(key) ?? 0;
          account(seen.get(sender) ?? [], {
            own: sender === node.id,
            before: before.get(key) ?? 0,
            known: known.get(key) ?? total,
            total,
          });
        }
      }
    }
  }
}

/** How many one sender had sent, by when. */
interface Totals {
  /** Whether it is of the node of the member, which hears it at once. */
  readonly own: boolean;
  /** When the member entered. */
  readonly before: number;
  /** When the sender must have known of it. */
  readonly known: number;
  /** In the end. */
  readonly total: number;
}

/** What a member saw of one sender, and what it was told is missing, are all that was sent, from some message on. */
function account(
  seen: readonly (Sent | { readonly missed: number | undefined })[],
  { own, before, known, total }: Totals,
): void {
  let last: number | undefined = own ? before : undefined;
  let missed = 0;
  // Whether it was said that something may be missing, and nobody knows how much.
  let unknown = false;
  // All behind this one is accounted for.
  let begin = own ? before : undefined;
  const reach = (number: number): void => {
    let more = number - (last as number) - missed;
    if (unknown) begin = undefined;
    else if (more < 0 && begin !== undefined) {
      // Where a node learns only then that messages before the first one were for it, too, they are told to be missing late.
      const late = Math.min(-more, begin - before);
      begin -= late;
      more += late;
    }
    if (unknown) expect(more).toBeGreaterThanOrEqual(0);
    else expect({ number, more }).toEqual({ number, more: 0 });
    [missed, unknown] = [0, false];
  };
  for (const one of seen) {
    if ("missed" in one) {
      if (one.missed === undefined) unknown = true;
      else expect(one.missed).toBeGreaterThan(0);
      missed += one.missed ?? 0;
      continue;
    }
    if (last === undefined) {
      // No more is missing than was sent since it entered.
      expect(one.n - 1 - missed).toBeGreaterThanOrEqual(before);
      if (!unknown) begin = one.n - 1 - missed;
      [missed, unknown] = [0, false];
    } else reach(one.n - 1);
    last = one.n;
  }
  if (last === undefined) {
    expect(missed).toBeLessThanOrEqual(total - before);
    if (!unknown) expect(missed).toBeGreaterThanOrEqual(total - known);
    return;
  }
  reach(total);
  // And no less than since it was known.
  if (begin !== undefined) expect(begin).toBeLessThanOrEqual(known);
}

/** How many courses of events are tried: `MODEL_RUNS` asks for more. */
const RUNS = Number(process.env.MODEL_RUNS ?? 12);
/** Milliseconds for each, on a machine that does other things, too. */
const FOR_EACH = 10_000;

test(
  "whatever happens, messages and gaps account for all that was sent",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const world = new World();
        for (const place of NODES.keys()) await world.start(place);
        for (const one of steps) await world.run(one);
        world.cluster.bus.heal();
        await world.cluster.turn(4);
        world.check();
        world.allKnow();
        // And from now on nothing is missing.
        const gaps = world.nodes.map(({ node }) => node.metrics.gaps);
        for (const place of NODES.keys()) for (const name of GROUPS) world.send(place, name);
        await world.cluster.turn(3);
        world.check();
        expect(world.nodes.map(({ node }) => node.metrics.gaps)).toEqual(gaps);
        for (const { node, server } of world.nodes) {
          await node.leave();
          server.stop();
        }
        await world.cluster.settle();
        expect(world.cluster.net.clock.timers).toBe(0);
      }),
      // To make a failure smaller takes minutes: leave that out where it is wanted.
      { numRuns: RUNS, endOnFailure: true },
    );
  },
  RUNS * FOR_EACH,
);
