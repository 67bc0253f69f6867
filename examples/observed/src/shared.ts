// What server and bots say to each other.

import { definePacket, defineRequest, payload, SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/core";

/** Where a bot goes. */
export const Move = definePacket({
  name: "observed:move",
  schema: payload<[number, number]>(),
  side: SIDE_SERVER,
});
/** Where everybody in a room is. */
export const World = definePacket({
  name: "observed:world",
  schema: payload<{ readonly players: readonly [cid: number, x: number, y: number][] }>(),
  side: SIDE_CLIENT,
});
/** Buys something, and now and then cannot. */
export const Buy = defineRequest({
  name: "observed:buy",
  request: payload<{ readonly item: string }>(),
  response: payload<{ readonly gold: number }>(),
  errors: { toopoor: payload<{ readonly missing: number }>() },
  side: SIDE_SERVER,
});

/** Is asked of a bot, by whichever node. */
export const Greet = defineRequest({
  name: "observed:greet",
  request: payload<string>(),
  response: payload<string>(),
  side: SIDE_CLIENT,
});

export const packets = [Move, World, Buy, Greet];
