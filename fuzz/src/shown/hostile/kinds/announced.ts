// Packets that announce or unfold into far more than they are. Each ends its connection with a certain error.

import { deflateSync } from "node:zlib";
import { frame } from "../../../bytes.js";
import { nested } from "../../../generate.js";
import { ENTER, flood } from "../attacker.js";
import { asCompressed, header32, plain } from "../bodies.js";
import type { Kind } from "../kind.js";
import { IN } from "../packets.js";

function announced(name: string, title: string, code: string, packet: () => Uint8Array): Kind {
  return {
    name,
    title,
    connections: 1,
    code,
    prepare: () => {
      const chunk = packet();
      return (attacker) => flood(attacker, { first: ENTER, chunk, every: 50 });
    },
  };
}

export const ANNOUNCED: readonly Kind[] = [
  announced("bomb", "1,000 MiB of zeros compressed to 1 MiB", "P3D_ERR_DECOMPRESS_LIMIT", () =>
    asCompressed(
      IN.id,
      deflateSync(Buffer.alloc(1000 * 1024 * 1024), { level: 1 }).subarray(0, 1024 * 1024 - 64),
    ),
  ),
  announced("length", "a length of 4 GiB", "P3D_ERR_PACKET_TOO_LARGE", () =>
    frame(IN.id, 0, Uint8Array.of(0xc0), 0xffffffff),
  ),
  announced("list-header", "a list header of a million elements, without them", "P3D_ERR_BAD_DATA", () =>
    plain(IN.id, header32(0xdd, 1_000_000)),
  ),
  announced("nesting", "nesting of a million", "P3D_ERR_BAD_DATA", () => plain(IN.id, nested(1_000_000))),
];
