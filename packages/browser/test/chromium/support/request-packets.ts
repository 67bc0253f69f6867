import { definePacket, defineRequest, payload, SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/peer";

/** Answered by the server. */
export const Buy = defineRequest({
  name: "test:buy",
  request: payload<{ readonly item: string }>(),
  response: payload<{ readonly gold: number; readonly at: Date }>(),
  errors: { toopoor: payload<{ readonly missing: number }>() },
  side: SIDE_SERVER,
});
/** Answered by the server, but only once the test wants it. */
export const Think = defineRequest({
  name: "test:think",
  request: payload<string>(),
  response: payload<string>(),
  side: SIDE_SERVER,
});
/** Answered by clients. */
export const Confirm = defineRequest({
  name: "test:confirm",
  request: payload<string>(),
  response: payload<{ readonly yes: boolean; readonly told: string }>(),
  errors: { unsure: payload<{ readonly percent: number }>() },
  side: SIDE_CLIENT,
});
/** Lets a client into a room. */
export const Enter = defineRequest({
  name: "test:enter",
  request: payload<{ readonly room: string }>(),
  response: payload<number>(),
  side: SIDE_SERVER,
});
/** Something that is said in a room. */
export const Heard = definePacket({ name: "test:heard", schema: payload<string>(), side: SIDE_CLIENT });

export const REQUEST_PACKETS = [Buy, Think, Confirm, Enter, Heard];
