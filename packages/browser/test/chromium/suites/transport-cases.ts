import { type CreatePair, MemoryLink, transportConformance } from "@peng3dnet/peer/testing";
import type { Case } from "./case.js";

/** All that is promised of transports, over a link in memory. */
export const memoryCases: readonly Case[] = transportConformance({
  name: "memory",
  createPair: ({ server, client }) => {
    const link = new MemoryLink();
    server(link.server);
    client(link.client);
  },
});

/** The same over ports; how a pair of them is made is the page's business. */
export function portCases(createPair: CreatePair): readonly Case[] {
  return transportConformance({ name: "port", createPair });
}

/** The same over WebSocket. A browser's WebSocket cannot pause its input. */
export function webSocketCases(createPair: CreatePair): readonly Case[] {
  return transportConformance({ name: "WebSocket", createPair, cannotPause: ["client", "server"] });
}
