import { randomFillSync } from "node:crypto";
import { concat } from "../../../bytes.js";
import { ENTER, flood } from "../attacker.js";
import { compressed, INFLATED, longText, packet, repeated } from "../bodies.js";
import type { Attack, Kind, Victim } from "../kind.js";
import { IN } from "../packets.js";

/** Compressing answers would cost more than all else, and is not what is looked at. */
const UNCOMPRESSED = { "net.compress.enabled": false };
const REPLIES: Victim = { app: "reply", cfg: UNCOMPRESSED };

const REQUEST = packet(IN.id, "more");
const LONG = (): Uint8Array => compressed(IN.id, longText(INFLATED - 64));

/** Ask, and do not read the answers. */
function deaf(connections: number, chunk: () => Uint8Array, every: number): () => Attack {
  return () => {
    const bytes = chunk();
    return (attacker) =>
      flood(attacker, { connections, first: ENTER, chunk: bytes, every, deaf: true, addresses: 16 });
  };
}

/** Takes a little now and then, so that there always is progress. */
const slow: Attack = async (attacker) => {
  const one = async (from: number): Promise<void> => {
    const socket = await attacker.open({ first: ENTER, deaf: true, from });
    if (socket === undefined) return;
    socket.on("data", () => socket.pause());
    while (!attacker.over) {
      attacker.write(socket, repeated(REQUEST, 512));
      socket.resume();
      await attacker.pause(100);
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, from) => one(from)));
};

export const READERS: readonly Kind[] = [
  {
    name: "deaf",
    seconds: 2,
    title: "ask for 64 KiB again and again, and do not read",
    connections: 40,
    victim: REPLIES,
    prepare: deaf(40, () => repeated(REQUEST, 8 * REQUEST.length), 5),
  },
  {
    name: "deaf-one",
    title: "the same from one",
    connections: 1,
    victim: REPLIES,
    prepare: deaf(1, () => repeated(REQUEST, 8 * REQUEST.length), 5),
  },
  {
    name: "slow-readers",
    title: "ask for more than they read, some of which they do read",
    connections: 20,
    victim: REPLIES,
    prepare: () => slow,
  },
  {
    name: "deaf-broadcast",
    title: "readers of a broadcast who do not read, and one who talks",
    connections: 41,
    victim: { app: "broadcast", cfg: UNCOMPRESSED },
    prepare: () => {
      const line = packet(IN.id, randomFillSync(new Uint8Array(32 * 1024)));
      return async (attacker) => {
        const readers = Array.from({ length: 40 }, (_, from) =>
          attacker.open({ first: ENTER, deaf: true, from }),
        );
        await Promise.all(readers);
        await flood(attacker, { first: ENTER, chunk: repeated(line, 4 * line.length), every: 10 });
      };
    },
  },
  {
    name: "messages-long",
    title: "texts of 4 MiB to a server that reads them with messages(), slowly",
    connections: 4,
    victim: { app: "messages" },
    prepare: () => {
      const chunk = LONG();
      return (attacker) => flood(attacker, { connections: 4, first: ENTER, chunk, every: 5, addresses: 4 });
    },
  },
  {
    name: "messages-resets",
    seconds: 2,
    title: "the same, by connections that are reset each time",
    connections: 8,
    victim: { app: "messages" },
    prepare: () => {
      const chunk = concat([LONG(), LONG()]);
      return (attacker) =>
        flood(attacker, { connections: 8, first: ENTER, chunk, every: 40, anew: true, addresses: 8 });
    },
  },
  {
    name: "manual-long",
    title: "texts of 4 MiB to a server that calls process() 60 times a second",
    connections: 8,
    victim: { manual: true },
    prepare: () => {
      const chunk = LONG();
      return (attacker) => flood(attacker, { connections: 8, first: ENTER, chunk, every: 5, addresses: 8 });
    },
  },
];
