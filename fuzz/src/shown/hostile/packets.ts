import { type ConfigOverrides, definePacket, type Peer, payload, SmartPacket } from "@peng3dnet/core";
import { z } from "zod";

// The packets of victims and honest clients. Both register them in this order, so that the ids hold.

export const ECHO = { name: "hostile:echo", id: 64 };
/** What an application does with it depends on the kind. */
export const IN = { name: "hostile:in", id: 65 };
export const OUT = { name: "hostile:out", id: 66 };
/** Always in the wrong state. */
export const RULED = { name: "hostile:ruled", id: 67 };
/** Has to be points, says zod. */
export const POINTS = { name: "hostile:points", id: 68 };
/** Its schema finds an issue with each element, and quotes it. */
export const ISSUES = { name: "hostile:issues", id: 69 };

/** `IN` for applications that use typed packets. */
export const TypedIn = definePacket({ name: IN.name, schema: payload<unknown>() });
export const Points = definePacket({
  name: POINTS.name,
  schema: z.array(z.object({ x: z.number(), y: z.number() })),
});
export const Issues = definePacket({
  name: ISSUES.name,
  schema: {
    "~standard": {
      version: 1,
      vendor: "hostile",
      validate: (value: unknown) => ({
        issues: (Array.isArray(value) ? value : [value]).map((element: unknown, index) => ({
          message: `this is no point: ${String(element)}`,
          path: [index, String(element)],
        })),
      }),
    },
  },
});

/** A state in which no connection ever is. */
const NEVER = 127;

export class Ruled extends SmartPacket {
  override readonly state = NEVER;
}

export const ruled = (peer: Peer): Ruled => new Ruled(peer.registry, peer);

/** Shorter than the defaults, so that what deadlines end is seen to end within the time of a kind. */
export const DEADLINES: ConfigOverrides = {
  "net.timeout.handshake": 2,
  "net.timeout.unsent": 2,
  "net.timeout.close": 1,
};
