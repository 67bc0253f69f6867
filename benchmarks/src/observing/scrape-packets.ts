/** What clients and server of `scrape.ts` say to each other. */
import { definePacket, payload } from "@peng3dnet/core";

/** Sent by one client after another, all the time. */
export const Position = definePacket({ name: "bench:position", schema: payload<[number, number]>() });
/** As many types as have series of their own by default, beside {@link Position}: sent once, and sent back. */
export const OTHERS = Array.from({ length: 99 }, (_, at) =>
  definePacket({ name: `bench:other-${at + 1}`, schema: payload<number>() }),
);

export const packets = [Position, ...OTHERS];
