// Sessions that are dropped, or come back with what is not theirs, on a server that keeps them.

import { ACKNOWLEDGE_ID } from "@peng3dnet/core";
import { concat } from "../../../bytes.js";
import { ACCEPT } from "../../../targets/wire.js";
import { type Attacker, flood } from "../attacker.js";
import { longText, packet, repeated } from "../bodies.js";
import type { Kind, Victim } from "../kind.js";
import { IN } from "../packets.js";

const SETTYPE_ID = 2;
/** A short time, so that all are gone within the time that a kind has. */
const KEEPS = { "net.resume.window": 1, "net.compress.enabled": false };

/** Gets through the handshake as one that takes part in resumption. */
const ENTER = concat([packet(SETTYPE_ID, { conntype: "classic", ext: { resume: {} } }), ACCEPT]);

/** Comes back with a ticket that nobody was given. */
function guess(turn: number): Uint8Array {
  const ticket = new Uint8Array(32).fill(turn & 0xff);
  new DataView(ticket.buffer).setUint32(0, turn);
  return packet(SETTYPE_ID, { conntype: "classic", ext: { resume: { ticket, received: turn } } });
}

/** Begins sessions one after the other, has each of them sent something to, and drops it. */
async function drop(attacker: Attacker, from: number, more: Uint8Array): Promise<void> {
  while (!attacker.over) {
    const socket = await attacker.open({ first: concat([ENTER, more]), from });
    // Until the server has let it in, and answered.
    await attacker.pause(20);
    socket?.resetAndDestroy();
  }
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
      return (attacker) => flood(attacker, { first: ENTER, connections: 10, addresses: 10, chunk });
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
        flood(attacker, { first: ENTER, connections: 10, addresses: 10, every: 1, anew: true, chunk });
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
      return (attacker) => flood(attacker, { first: ENTER, connections: 20, addresses: 16, chunk, every: 5 });
    },
  },
  {
    name: "resume-long",
    title: "acknowledgements that are long",
    connections: 10,
    victim: { cfg: KEEPS },
    code: "P3D_ERR_BAD_DATA",
    prepare: () => {
      const chunk = repeated(packet(ACKNOWLEDGE_ID, longText(100_000)));
      return (attacker) => flood(attacker, { first: ENTER, connections: 10, addresses: 16, chunk });
    },
  },
];
