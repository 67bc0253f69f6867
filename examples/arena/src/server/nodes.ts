// The other nodes. Each runs rooms of its own, and its players are connected to it: of what happens in a room, nothing goes over
// the bus. What does is where the nodes are, and who has won.

import { joinCluster, natsBus } from "@peng3dnet/cluster";
import { News, type NewsItem } from "../shared/packets.js";
import type { ArenaServer, Viewers } from "./areas.js";

export interface Nodes {
  /** Where pages reach the others. */
  urls(): string[];
  /** Tells the players of all nodes, but for those of one room. */
  tell(item: NewsItem, except: Viewers): void;
}

/** A server that is alone has no others. */
export function alone(server: ArenaServer): Nodes {
  return { urls: () => [], tell: (item, except) => void server.broadcast(News, item, { except }) };
}

/**
 * Makes a server one of several.
 *
 * @param url - where pages reach it.
 * @param nats - address of a nats-server.
 */
export async function joinNodes(server: ArenaServer, url: URL, nats: string): Promise<Nodes> {
  const node = await joinCluster(server, {
    bus: natsBus({ servers: nats }),
    prefix: "arena",
    name: `arena-${url.port}`,
    advertised: url.origin,
  });
  const everybody = node.group("everybody");
  server.on("handshakecomplete", (client) => void everybody.add(client));
  return {
    urls: () => [...node.nodes.values()].flatMap(({ advertised = "" }) => originOf(advertised)),
    tell: (item, except) => void everybody.broadcast(News, item, { except }),
  };
}

/** What comes over the bus may be anything. @returns nothing for what is no address of a page. */
function originOf(advertised: string): string[] {
  if (!URL.canParse(advertised)) return [];
  const { protocol, origin } = new URL(advertised);
  return protocol === "http:" || protocol === "https:" ? [origin] : [];
}
