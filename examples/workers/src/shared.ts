// What both sides know, and what workers and their primary process tell each other.

import { definePacket, defineRequest, payload, SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/core";
import { z } from "zod";

/** Says something to all. */
export const Say = definePacket({ name: "workers:say", schema: z.string().max(200), side: SIDE_SERVER });
/** What somebody said, and the worker that they are connected to. */
export const Said = definePacket({
  name: "workers:said",
  schema: payload<{ readonly worker: string; readonly text: string }>(),
  side: SIDE_CLIENT,
});
/** Asks which worker one is connected to. */
export const Hello = defineRequest({ name: "workers:hello", response: payload<string>(), side: SIDE_SERVER });

export const packets = [Say, Said, Hello] as const;

/** What a worker tells the primary process: where it listens, once it does, and how many players it has. */
export type FromWorker =
  | { readonly is: "listening"; readonly host: string; readonly port: number }
  | { readonly is: "players"; readonly count: number };

/** What the primary process tells a worker: how many players all of them have; that it is over. */
export type ToWorker = { readonly is: "players"; readonly total: number } | { readonly is: "end" };
