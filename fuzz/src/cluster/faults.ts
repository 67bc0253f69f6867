import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../random.js";
import type { Arena } from "./arena.js";

/** Something that goes wrong, from its beginning until all is whole again. */
export interface Fault {
  readonly name: string;
  readonly what: string;
  play(arena: Arena, random: Random): Promise<void>;
}

/** Seconds between two limits. */
const between = (random: Random, least: number, most: number): number =>
  (least + (random.below(1000) / 1000) * (most - least)) * 1000;

/** The node that lives from the beginning to the end, so that its memory can be compared. */
const LASTS = 0;

export const FAULTS: readonly Fault[] = [
  {
    name: "kill",
    what: "a node is killed (-9), and started again",
    async play(arena, random) {
      const index = LASTS + 1 + random.below(arena.nodes.length - 1);
      const { name } = arena.nodes[index] as { readonly name: string };
      await arena.kill(index);
      await sleep(between(random, 1, 8));
      await arena.add(name);
    },
  },
  {
    name: "freeze",
    what: "a node is stopped (SIGSTOP) for 1 to 4 s",
    play: (arena, random) => freeze(arena, random, 1, 4),
  },
  {
    name: "freeze-long",
    what: "a node is stopped for 8 to 20 s, in which it is taken for dead",
    play: (arena, random) => freeze(arena, random, 8, 20),
  },
  {
    name: "broker-kill",
    what: "the broker is killed (-9), and started again after 0.5 to 8 s",
    async play({ broker }, random) {
      await broker.kill();
      await sleep(between(random, 0.5, 8));
      await broker.start();
    },
  },
  {
    name: "broker-freeze",
    what: "the broker is stopped (SIGSTOP) for 2 to 20 s",
    async play({ broker }, random) {
      broker.freeze();
      await sleep(between(random, 2, 20));
      broker.thaw();
    },
  },
  {
    name: "cut",
    what: "the network between a node and the broker is cut for 1 to 8 s",
    play: (arena, random) => cut(arena, random, 1, 8),
  },
  {
    name: "cut-long",
    what: "the same network is cut for 15 to 30 s",
    play: (arena, random) => cut(arena, random, 15, 30),
  },
  {
    name: "join",
    what: "a fourth node joins late, gets clients, and shuts down",
    async play(arena, random) {
      await arena.add("late");
      await sleep(between(random, 4, 10));
      await arena.end(arena.nodes.length - 1);
    },
  },
];

async function freeze(arena: Arena, random: Random, least: number, most: number): Promise<void> {
  const node = random.pick(arena.nodes);
  node.freeze();
  await sleep(between(random, least, most));
  node.thaw();
}

async function cut(arena: Arena, random: Random, least: number, most: number): Promise<void> {
  const node = random.pick(arena.nodes);
  node.cut();
  await sleep(between(random, least, most));
  node.heal();
}
