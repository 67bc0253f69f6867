// What both sides know: the packets, the requests, and the size of things.

import { definePacket, defineRequest, payload, SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/core";
import { z } from "zod";

/** Steps of the world in a second. */
export const HZ = 20;
/** Length of a room's sides. */
export const ROOM_SIZE = 400;
/** Length of an area's sides: a player sees its own area and those around it. */
export const AREA_SIZE = 100;
/** How far a player gets in a second. */
export const SPEED = 60;

/** A player as others see it. */
export interface Seen {
  readonly id: number;
  readonly x: number;
  readonly y: number;
}

/** Where a player is heading: from -1 to 1 on both axes. It stays until the next one. */
export const Steer = definePacket({
  name: "rooms:steer",
  schema: z.object({ dx: z.number().min(-1).max(1), dy: z.number().min(-1).max(1) }),
  side: SIDE_SERVER,
});

/** Players that have moved, or have come into view. Those of which nothing comes stand still. */
export const InView = definePacket({ name: "rooms:inview", schema: payload<Seen[]>(), side: SIDE_CLIENT });

/** Players that are out of view. */
export const OutOfView = definePacket({
  name: "rooms:outofview",
  schema: payload<number[]>(),
  side: SIDE_CLIENT,
});

/** Somebody has come into the room, or has left it. */
export const News = definePacket({
  name: "rooms:news",
  schema: payload<{ id: number; here: boolean }>(),
  side: SIDE_CLIENT,
});

/** Goes into a room. The answer tells the player's own id. */
export const Join = defineRequest({
  name: "rooms:join",
  request: z.object({ room: z.string().max(40) }),
  response: payload<{ id: number; players: number }>(),
  errors: {
    noroom: payload<null>(),
    full: payload<{ most: number }>(),
    elsewhere: payload<{ room: string }>(),
  },
  side: SIDE_SERVER,
});

/** Leaves the room that the player is in. */
export const Leave = defineRequest({
  name: "rooms:leave",
  request: payload<null>(),
  response: payload<null>(),
  errors: { nowhere: payload<null>() },
  side: SIDE_SERVER,
});

/** Asks which rooms there are. */
export const List = defineRequest({
  name: "rooms:list",
  request: payload<null>(),
  response: payload<{ name: string; players: number }[]>(),
  side: SIDE_SERVER,
});

export const packets = [Steer, InView, OutOfView, News, Join, Leave, List];
