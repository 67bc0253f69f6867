import { definePacket, payload, SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/peer";
import { number, object, string } from "valibot";

/** Any value; a server of these tests sends it back. */
export const Echo = definePacket({ name: "test:echo", schema: payload<unknown>() });
/** A number in a row, with as much beside it as a test likes. */
export const Numbered = definePacket({
  name: "test:numbered",
  schema: payload<{ readonly n: number; readonly more: string }>(),
});
/** Has a form that is checked. */
export const Move = definePacket({
  name: "test:move",
  schema: object({ x: number(), who: string() }),
  side: SIDE_SERVER,
});
export const Moved = definePacket({ name: "test:moved", schema: object({ x: number() }), side: SIDE_CLIENT });

export const CLIENT_PACKETS = [Echo, Numbered, Move, Moved];
