// What the servers and the clients of `npm run cluster:faults` say to each other.

import { definePacket, defineRequest, payload, SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/core";

/** What a node sends to a group: its id, and the number of the message among those that it has sent to the group. */
export const Numbered = definePacket({
  name: "faults:numbered",
  schema: payload<readonly [group: string, from: string, number: number, padding: string]>(),
  side: SIDE_CLIENT,
});

/** The node of the client says that messages to a group are missing; `null`: it does not know how many. */
export const Missed = definePacket({
  name: "faults:missed",
  schema: payload<readonly [group: string, from: string, missed: number | null]>(),
  side: SIDE_CLIENT,
});

/** Puts the client into groups. The answer is the id of its node. */
export const Enter = defineRequest({
  name: "faults:enter",
  request: payload<readonly string[]>(),
  response: payload<string>(),
  side: SIDE_SERVER,
});

/** Asked by a node of clients of other ones. */
export const Answer = defineRequest({
  name: "faults:answer",
  request: payload<number>(),
  response: payload<number>(),
  side: SIDE_CLIENT,
});

export const packets = [Numbered, Missed, Enter, Answer] as const;
