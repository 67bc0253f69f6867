// What server and page say to each other. What comes from a player is checked by a schema; the page believes its server.

import { definePacket, defineRequest, payload, SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/peer";
import * as v from "valibot";

/** Path of the game's WebSockets. */
export const PATH = "/play";
/** People in a room at most. */
export const MOST = 24;
export const NAME_LENGTH = 16;

const axis = v.pipe(v.number(), v.minValue(-1), v.maxValue(1));

/** One step of a player, 20 times a second. The server makes them in order, and says which was the last. */
export const Steer = definePacket({
  name: "arena:steer",
  schema: v.object({ step: v.pipe(v.number(), v.integer()), dx: axis, dy: axis, dash: v.boolean() }),
  side: SIDE_SERVER,
});

/** What the player itself is after a step. The next one says it anew, so a line that is behind may go without. */
export const You = definePacket({
  name: "arena:you",
  schema: payload<{
    tick: number;
    /** Last of its steps that the server has made. */
    step: number;
    /** x, y, vx, vy, and the steps of dash, rest and stun. */
    body: [number, number, number, number, number, number, number];
  }>(),
  side: SIDE_CLIENT,
  droppable: true,
});

/** Flags of a player in {@link Positions}. */
export const DASHES = 1;
export const STUNNED = 2;
/** Its line is broken: it stands where it is, and nobody can hit it. */
export const AWAY = 4;

/** Parts of a unit in which {@link Positions} counts: whole numbers are short. */
export const FINE = 8;

/** Where the players of one area are: id, x, y and flags of each, one after the other. Whoever is not told of is out of view. */
export const Positions = definePacket({
  name: "arena:positions",
  schema: payload<{ tick: number; at: number[] }>(),
  side: SIDE_CLIENT,
  droppable: true,
});

/** Sparks that have come into view: id, x and y of each; and ids of those that are gone. Each is told once, so none is dropped. */
export const Sparks = definePacket({
  name: "arena:sparks",
  schema: payload<{ add: number[]; gone: number[] }>(),
  side: SIDE_CLIENT,
});

export interface Who {
  readonly id: number;
  readonly name: string;
  readonly bot: boolean;
}

/** Players who are in the room from now on, and ids of those who have left it. */
export const People = definePacket({
  name: "arena:people",
  schema: payload<{ came: Who[]; left: number[] }>(),
  side: SIDE_CLIENT,
});

/** Id, sparks and rounds won of each player, and the seconds that the round still takes. */
export const Scores = definePacket({
  name: "arena:scores",
  schema: payload<{ left: number; scores: [id: number, sparks: number, wins: number][] }>(),
  side: SIDE_CLIENT,
  droppable: true,
});

/** What is worth a line on the screen. */
export type NewsItem =
  | { readonly what: "hit"; readonly by: number; readonly id: number; readonly lost: number }
  | { readonly what: "sawn"; readonly id: number; readonly lost: number }
  | { readonly what: "won"; readonly id: number; readonly sparks: number }
  /** Somebody has won in another room. */
  | { readonly what: "champion"; readonly name: string; readonly room: string; readonly sparks: number };

export const News = definePacket({ name: "arena:news", schema: payload<NewsItem>(), side: SIDE_CLIENT });

/** The player is in another room from now on, since its own was split. What comes after this is of that one. */
export const Moved = definePacket({
  name: "arena:moved",
  schema: payload<{ room: string }>(),
  side: SIDE_CLIENT,
});

/** The server restarts in a moment. The page comes back by itself. */
export const Restarting = definePacket({
  name: "arena:restarting",
  schema: payload<null>(),
  side: SIDE_CLIENT,
});

/** Goes into a room: the one that is named, or one that has a place. With its seat, a player gets back what it had. */
export const Join = defineRequest({
  name: "arena:join",
  request: v.object({
    name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(NAME_LENGTH)),
    room: v.nullable(v.pipe(v.string(), v.maxLength(40))),
    seat: v.nullable(v.pipe(v.string(), v.maxLength(64))),
  }),
  response: payload<{
    id: number;
    room: string;
    /** Secret of the player's own, for the next time. */
    seat: string;
    /** Whether it got back what it had. */
    again: boolean;
    /** The server's time of step 0: with it, the page knows the time of each. */
    time: number;
  }>(),
  errors: { noroom: payload<null>(), full: payload<{ most: number }>() },
  side: SIDE_SERVER,
});

/** Leaves the room, and gives the seat up. */
export const Leave = defineRequest({
  name: "arena:leave",
  request: payload<null>(),
  response: payload<null>(),
  side: SIDE_SERVER,
});

export const packets = [Steer, You, Positions, Sparks, People, Scores, News, Moved, Restarting, Join, Leave];

/** A room as the lobby lists it: a ping is answered with those of the node, and where pages reach the other nodes. */
export interface RoomInfo {
  readonly name: string;
  readonly people: number;
  readonly bots: number;
}
