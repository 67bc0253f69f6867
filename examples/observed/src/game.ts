// The servers' side: two rooms of all nodes, a shop, and ten steps a second.

import type { ClusterNode } from "@peng3dnet/cluster";
import { type Server, ticker } from "@peng3dnet/core";
import { Buy, Greet, Move, World } from "./shared.js";

const ROOMS = ["hall", "garden"];
const PRICE = 7;

/** Plays on a server until it is stopped. */
export function play(server: Server, node: ClusterNode): void {
  const places = new Map<number, [x: number, y: number]>();
  const gold = new Map<number, number>();
  server.on("handshakecomplete", (client) => {
    places.set(client.cid, [0, 0]);
    gold.set(client.cid, 20);
    node.group(ROOMS[client.cid % ROOMS.length] as string).add(client);
  });
  server.on("close", ({ cid }) => {
    places.delete(cid);
    gold.delete(cid);
  });
  server.on(Move, ([dx, dy], { client }) => {
    const [x, y] = places.get(client.cid) ?? [0, 0];
    places.set(client.cid, [x + dx, y + dy]);
  });
  server.answer(Buy, async (_item, { client }) => {
    // As a data base would take it.
    await new Promise((resolve) => setTimeout(resolve, 2 + Math.random() * 20));
    const left = (gold.get(client.cid) ?? 0) - PRICE;
    if (left < 0) {
      gold.set(client.cid, 20);
      throw Buy.error("toopoor", "Work first.", { missing: -left });
    }
    gold.set(client.cid, left);
    return { gold: left };
  });
  ticker(server, {
    hz: 10,
    onTick() {
      for (const group of server.groups.values()) {
        const players = [...group].map(({ cid }): [number, number, number] => {
          const [x, y] = places.get(cid) ?? [0, 0];
          return [cid, x, y];
        });
        // On the other node, too: a client hears of each in its turn.
        node.group(group.name).broadcast(World, { players });
      }
    },
  });
}

/** Asks somebody in the hall how it is, on whichever node. Who has left meanwhile does not answer. */
export async function greet(node: ClusterNode): Promise<void> {
  const { members } = await node.group("hall").members();
  const one = members[Math.floor(Math.random() * members.length)];
  if (one !== undefined) await node.request(one.id, Greet, "How are you?").catch(() => {});
}
