// More compressed packets than `net.limits.inflated.rate` lets through, from those who then go: what waits of theirs must not
// keep their places.

import { concat } from "../../../bytes.js";
import { ACCEPT } from "../../../targets/wire.js";
import { type Attacker, ENTER, type Opening } from "../attacker.js";
import { compressed, fullListOf, header32, INFLATED, PACKET, packet, plain, repeated } from "../bodies.js";
import type { Kind, Victim } from "../kind.js";
import { IN } from "../packets.js";
import { message, upgradeRequest } from "../web-socket.js";

const FLOAT = Uint8Array.of(0xca, 0x3f, 0x99, 0x99, 0x9a);
/** As many floats as pass, for some 500 bytes. A read's worth takes half a second of the rate, and as much of a processor. */
const floats = (): Uint8Array => repeated(compressed(IN.id, fullListOf(FLOAT, 1)));
/** As many zeros as may be inflated: a read's worth takes a second of the rate, and next to none of a processor. */
const zeros = (): Uint8Array =>
  repeated(compressed(IN.id, concat([header32(0xc6, INFLATED - 64), new Uint8Array(INFLATED - 64)])));
/** Not compressed, and nothing to do: from whoever is read fast, the kernel takes more and more. */
const bulk = (): Uint8Array =>
  plain(IN.id, concat([header32(0xc6, PACKET - 1024), new Uint8Array(PACKET - 1024)]));
const BULKS = 16;

const SETTYPE_ID = 2;
const ENTER_RESUMABLE = concat([packet(SETTYPE_ID, { conntype: "classic", ext: { resume: {} } }), ACCEPT]);

interface Sending extends Opening {
  /** What is sent again and again. */
  readonly chunk: Uint8Array;
  /** Sent before. */
  readonly before?: Uint8Array;
  /** How many chunks; then the stream ends. Default: until the attack is over. */
  readonly chunks?: number;
  /** The socket is closed after that end, so that nobody is there any more. */
  readonly leaves?: boolean;
}

async function send(attacker: Attacker, sending: Sending): Promise<void> {
  const { chunk, before, chunks = Number.POSITIVE_INFINITY, leaves = false, ...opening } = sending;
  const socket = await attacker.open(opening);
  if (socket === undefined) return;
  for (let count = 0; before !== undefined && count < BULKS; count++) await attacker.send(socket, before);
  for (let count = 0; count < chunks && !attacker.over; count++) {
    if (!(await attacker.send(socket, chunk))) return;
  }
  if (chunks === Number.POSITIVE_INFINITY) return;
  if (leaves) socket.destroySoon();
  else socket.end();
}

interface More extends Omit<Sending, "chunk" | "before"> {
  readonly victim?: Victim;
  readonly seconds?: number;
  readonly connections?: number;
  readonly stays?: boolean;
  readonly grown?: boolean;
  readonly make?: () => Uint8Array;
}

function paced(name: string, title: string, more: More = {}): Kind {
  const { victim = {}, seconds = 1, connections = 40, stays = false, grown = false, make = floats } = more;
  const { first = ENTER, ...sending } = more;
  return {
    name,
    title,
    connections,
    victim,
    seconds,
    stays,
    prepare: () => {
      const chunk = victim.webSocket === undefined ? make() : message(make());
      const before = grown ? { before: bulk() } : {};
      return async (attacker) => {
        const one = (index: number): Promise<void> =>
          send(attacker, { ...sending, ...before, first, from: index % 16, chunk });
        await Promise.all(Array.from({ length: connections }, (_, index) => one(index)));
      };
    },
  };
}

export const PACED: readonly Kind[] = [
  paced("floats-40", "floats, as many as pass, as fast as they are read, from many"),
  paced("floats-grown", "the same, behind 16 MiB that are read fast, so that the kernel takes more", {
    connections: 1,
    grown: true,
  }),
  paced("floats-half-closed", "floats, as many as pass, from many who then end their stream", {
    chunks: 8,
    halfOpen: true,
  }),
  paced("zeros-ended", "zeros, as many as may be inflated, from some who then end in order, and are gone", {
    connections: 10,
    make: zeros,
    chunks: 3,
    leaves: true,
    stays: true,
  }),
  paced("floats-resume", "floats, as many as pass, from many whose sessions are kept", {
    victim: { cfg: { "net.resume.window": 1 } },
    first: ENTER_RESUMABLE,
  }),
  paced("tls-floats", "TLS: floats, as many as pass, from many", { victim: { tls: true }, tls: true }),
  paced("ws-floats", "WebSocket: floats, as many as pass, from many", {
    victim: { webSocket: { on: "port" } },
    first: concat([upgradeRequest(), message(ENTER)]),
  }),
];
