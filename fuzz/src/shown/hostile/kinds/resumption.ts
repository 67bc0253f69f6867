// Sessions that are dropped, or come back with what is not theirs, on a server that keeps them.

import type { Socket } from "node:net";
import { decode } from "@msgpack/msgpack";
import { ACKNOWLEDGE_ID } from "@peng3dnet/core";
import { concat } from "../../../bytes.js";
import { ACCEPT } from "../../../targets/wire.js";
import { type Attacker, flood } from "../attacker.js";
import { longText, packet, repeated } from "../bodies.js";
import type { Attack, Kind, Victim } from "../kind.js";
import { IN } from "../packets.js";

const SETTYPE_ID = 2;
const TICKET_ID = 20;
const HEADER = 10;
/** Answers of 64 KiB that are under way to a session: with one more it would hold more than `net.resume.bytes`. */
const UNDER_WAY = 15;
const ANSWER = 64 * 1024;
/** What one who comes back says to have received: the handshake, and next to nothing of the answers. */
const RECEIVED = 1000;
/** Bytes that only a kick tells, and no hello or reason of the library. */
const MISDEED_LENGTH = 250;
/** A short time, so that all are gone within the time that a kind has. */
export const KEEPS = { "net.resume.window": 1, "net.compress.enabled": false };

/** Gets through the handshake as one that takes part in resumption. */
export const ENTER_RESUMABLE = concat([
  packet(SETTYPE_ID, { conntype: "classic", ext: { resume: {} } }),
  ACCEPT,
]);

/** Comes back with a ticket that nobody was given. */
export function guess(turn: number): Uint8Array {
  const ticket = new Uint8Array(32).fill(turn & 0xff);
  new DataView(ticket.buffer).setUint32(0, turn);
  return packet(SETTYPE_ID, { conntype: "classic", ext: { resume: { ticket, received: turn } } });
}

/** Begins sessions one after the other, has each of them sent something to, and drops it. */
async function drop(attacker: Attacker, from: number, more: Uint8Array): Promise<void> {
  while (!attacker.over) {
    const socket = await attacker.open({ first: concat([ENTER_RESUMABLE, more]), from });
    // Until the server has let it in, and answered.
    await attacker.pause(20);
    socket?.resetAndDestroy();
  }
}

/** Reads the ticket out of a server's stream; this side acknowledges nothing. */
function ticketOf(socket: Socket): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    let input = Buffer.alloc(0);
    const take = (chunk: Buffer): void => {
      input = Buffer.concat([input, chunk]);
      for (let at = 0; at + HEADER <= input.length; at += 4 + input.readUInt32BE(at)) {
        const end = at + 4 + input.readUInt32BE(at);
        if (input.readUInt32BE(at + 4) !== TICKET_ID || end > input.length) continue;
        socket.off("data", take);
        const [ticket] = decode(input.subarray(at + HEADER, end)) as [Uint8Array];
        resolve(Uint8Array.from(ticket));
        return;
      }
    };
    socket.on("data", take);
    socket.once("close", () => resolve(undefined));
  });
}

/** Begins sessions that have nearly all under way that may be, and comes back to each of them, several at the same moment. */
function comeBack(sessions: number, each: number, every: number): () => Attack {
  return () => async (attacker) => {
    const open = async (from: number): Promise<Uint8Array | undefined> => {
      const socket = await attacker.open({ first: ENTER_RESUMABLE, from });
      if (socket === undefined) return undefined;
      const ticket = await ticketOf(socket);
      attacker.write(socket, repeated(packet(IN.id, "more"), UNDER_WAY * packet(IN.id, "more").length));
      await attacker.pause(300);
      socket.resetAndDestroy();
      return ticket;
    };
    const tickets = await Promise.all(Array.from({ length: sessions }, (_, from) => open(from)));
    let back = 0;
    while (!attacker.over) {
      const sockets = await Promise.all(
        tickets.flatMap((ticket, from) =>
          Array.from({ length: each }, async () => {
            if (ticket === undefined) return undefined;
            const socket = await attacker.open({ from });
            return socket && ([socket, ticket] as const);
          }),
        ),
      );
      for (const one of sockets) {
        if (one === undefined) continue;
        const [socket, ticket] = one;
        const ext = { resume: { ticket, received: RECEIVED } };
        attacker.write(socket, packet(SETTYPE_ID, { conntype: "classic", ext }));
        let heard = 0;
        socket.on("data", ({ length }: Uint8Array) => {
          // More than a handshake has: it goes on.
          if (heard < ANSWER && heard + length >= ANSWER) back++;
          heard += length;
        });
      }
      await attacker.pause(every);
      for (const one of sockets) one?.[0].resetAndDestroy();
    }
    if (back < sessions) attacker.shortfall = `${back} came back, of ${sessions}`;
  };
}

function dropped(name: string, title: string, victim: Victim, more: Uint8Array): Kind {
  return {
    name,
    title,
    connections: 32,
    seconds: 2,
    victim,
    prepare: () => async (attacker) => {
      await Promise.all(Array.from({ length: 32 }, (_, from) => drop(attacker, from, more)));
    },
  };
}

/** Has many sessions kicked while they are away, and comes back to each of them. */
const kicked: Attack = async (attacker) => {
  let told = 0;
  const one = async (from: number): Promise<void> => {
    while (!attacker.over) {
      const socket = await attacker.open({ first: ENTER_RESUMABLE, from });
      const ticket = socket && (await ticketOf(socket));
      socket?.resetAndDestroy();
      // It is remembered once the close has had its time.
      if (ticket !== undefined) void attacker.pause(1500).then(() => ask(ticket, from));
    }
  };
  const ask = async (ticket: Uint8Array, from: number): Promise<void> => {
    const ext = { resume: { ticket, received: RECEIVED } };
    const socket = await attacker.open({ first: packet(SETTYPE_ID, { conntype: "classic", ext }), from });
    let heard = 0;
    socket?.on("data", ({ length }: Uint8Array) => {
      // More than a reason of the library has.
      if (heard < MISDEED_LENGTH && heard + length >= MISDEED_LENGTH) told++;
      heard += length;
    });
    await attacker.pause(100);
    socket?.resetAndDestroy();
  };
  await Promise.all(Array.from({ length: 32 }, (_, from) => one(from)));
  if (told === 0) attacker.shortfall = "nobody was told why";
};

export const RESUMPTION: readonly Kind[] = [
  dropped(
    "resume-dropped",
    "sessions that begin and are dropped, over and over, to a server that keeps them",
    { cfg: KEEPS },
    new Uint8Array(0),
  ),
  dropped(
    "resume-dropped-full",
    "the same, with 64 KiB under way to each of them",
    { app: "reply", cfg: KEEPS },
    packet(IN.id, "more"),
  ),
  {
    name: "resume-guessed",
    title: "come back with tickets that are guessed",
    connections: 32,
    victim: { cfg: KEEPS },
    code: "P3D_ERR_RESUME",
    prepare: () => (attacker) =>
      flood(attacker, { connections: 32, addresses: 16, every: 1, anew: true, chunk: guess }),
  },
  {
    name: "resume-acknowledged",
    title: "acknowledge nothing, over and over",
    connections: 10,
    victim: { cfg: KEEPS },
    prepare: () => {
      const chunk = repeated(packet(ACKNOWLEDGE_ID, 1));
      return (attacker) => flood(attacker, { first: ENTER_RESUMABLE, connections: 10, addresses: 10, chunk });
    },
  },
  {
    name: "resume-forged",
    title: "acknowledge more than was sent",
    connections: 10,
    victim: { cfg: KEEPS },
    prepare: () => {
      const chunk = packet(ACKNOWLEDGE_ID, Number.MAX_SAFE_INTEGER);
      return (attacker) =>
        flood(attacker, {
          first: ENTER_RESUMABLE,
          connections: 10,
          addresses: 10,
          every: 1,
          anew: true,
          chunk,
        });
    },
  },
  {
    name: "resume-unacknowledged",
    title: "ask for 64 KiB again and again, read it, and never acknowledge it",
    connections: 20,
    seconds: 2,
    victim: { app: "reply", cfg: KEEPS },
    prepare: () => {
      const request = packet(IN.id, "more");
      const chunk = repeated(request, 8 * request.length);
      return (attacker) =>
        flood(attacker, { first: ENTER_RESUMABLE, connections: 20, addresses: 16, chunk, every: 5 });
    },
  },
  {
    name: "resume-burst",
    title: "100 come back at the same moment to 20 sessions with 1 MiB under way each",
    connections: 100,
    seconds: 3,
    victim: { app: "reply", cfg: { ...KEEPS, "net.resume.window": 2 } },
    prepare: comeBack(20, 5, 400),
  },
  {
    name: "resume-again",
    title: "come back to the same sessions over and over",
    connections: 40,
    seconds: 3,
    victim: { app: "reply", cfg: { ...KEEPS, "net.resume.window": 2 } },
    prepare: comeBack(4, 10, 20),
  },
  {
    name: "resume-kicked",
    title: "sessions that are kicked while they are away, with 256 bytes of a reason each, and come back",
    connections: 32,
    seconds: 4,
    victim: {
      app: "kick",
      cfg: {
        "net.resume.window": 3,
        "net.resume.sessions": 10_000,
        "net.resume.sessions.address": 10_000,
        "net.compress.enabled": false,
      },
    },
    prepare: () => kicked,
  },
  {
    name: "resume-long",
    title: "acknowledgements that are long",
    connections: 10,
    victim: { cfg: KEEPS },
    code: "P3D_ERR_BAD_DATA",
    prepare: () => {
      const chunk = repeated(packet(ACKNOWLEDGE_ID, longText(100_000)));
      return (attacker) => flood(attacker, { first: ENTER_RESUMABLE, connections: 10, addresses: 16, chunk });
    },
  },
];
