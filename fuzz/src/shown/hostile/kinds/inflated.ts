import { deflateSync } from "node:zlib";
import { concat } from "../../../bytes.js";
import { ENTER, flood } from "../attacker.js";
import {
  asCompressed,
  compressed,
  DEPTH,
  encoded,
  fullListOf,
  header32,
  INFLATED,
  listOf,
  longText,
  PACKET,
  plain,
  repeated,
} from "../bodies.js";
import type { AppName, Kind } from "../kind.js";
import { IN } from "../packets.js";

interface More {
  readonly app?: AppName;
  readonly every?: number;
  readonly connections?: number;
}

/** A read's worth of a packet, again and again. */
function packets(name: string, title: string, packet: () => Uint8Array, more: More = {}): Kind {
  const { app = "ignore", every = 100, connections = 1 } = more;
  return {
    name,
    title,
    connections,
    victim: { app },
    prepare: () => {
      const chunk = repeated(packet());
      return (attacker) => flood(attacker, { connections, first: ENTER, chunk, every, addresses: 16 });
    },
  };
}

const body = (name: string, title: string, make: () => Uint8Array, more?: More): Kind =>
  packets(name, title, () => compressed(IN.id, make()), more);

const EMPTY_MAP = Uint8Array.of(0x80);
const BIGINT = Uint8Array.of(0xcf, 0x7f, 1, 2, 3, 4, 5, 6, 7);
const FLOAT = Uint8Array.of(0xca, 0x3f, 0x99, 0x99, 0x9a);
const SHORT_BINARY = concat([Uint8Array.of(0xc4, 16), new Uint8Array(16).fill(7)]);

/** Lists in lists, nearly as deep as may be, and side by side. */
function deep(): Uint8Array {
  const depth = DEPTH - 8;
  const chain = new Uint8Array(depth + 1).fill(0x91);
  chain[depth] = 0xc0;
  return fullListOf(chain, depth + 1);
}

/** A text of 4 MiB whose last letter makes all of it wide. */
function wide(): Uint8Array {
  const text = longText(INFLATED - 64);
  text.set(Buffer.from("€"), text.length - 3);
  return text;
}

/** The same, broken at its end. */
function broken(): Uint8Array {
  const text = longText(INFLATED - 64);
  text[text.length - 1] = 0xff;
  return text;
}

/** A zlib stream of empty blocks, which inflates to nothing however long it is. */
function emptyBlocks(): Uint8Array {
  const end = deflateSync(Uint8Array.of(0xc0), { level: 0 });
  const blocks = Buffer.alloc(Math.floor((PACKET - 64) / 5) * 5, Uint8Array.of(0, 0, 0, 0xff, 0xff));
  return asCompressed(IN.id, concat([end.subarray(0, 2), blocks, end.subarray(2)]));
}

/** Kept by the application: a token of 16 bytes, beside as much as may be inflated. */
function tokenAndMore(): Uint8Array {
  const rest = concat([header32(0xc6, INFLATED - 128), new Uint8Array(INFLATED - 128)]);
  return concat([Uint8Array.of(0x92), SHORT_BINARY, rest]);
}

export const INFLATED_KINDS: readonly Kind[] = [
  body("empty-maps", "as many empty maps as pass", () => fullListOf(EMPTY_MAP, 1)),
  body("short-lists", "lists of three, as many as pass", () =>
    fullListOf(Uint8Array.of(0x93, 0xc0, 0xc0, 0xc0), 4),
  ),
  body("single-lists", "lists of one, as many as pass", () => fullListOf(Uint8Array.of(0x91, 0xc0), 2), {
    app: "clone",
  }),
  body("empty-maps-40", "as many empty maps as pass", () => fullListOf(EMPTY_MAP, 1), {
    connections: 40,
    every: 250,
  }),
  body("bigints", "integers beyond 2^53, as many as pass", () => fullListOf(BIGINT, 1)),
  body("floats", "floats, as many as pass", () => fullListOf(FLOAT, 1), { app: "clone" }),
  body("short-binaries", "binaries of 16 bytes, as many as pass", () => fullListOf(SHORT_BINARY, 1), {
    app: "clone",
  }),
  body(
    "kept-binaries",
    "a token of 16 bytes that the application keeps, beside 4 MiB of zeros",
    tokenAndMore,
    { app: "keep" },
  ),
  body(
    "kept-short",
    "16 bytes that the application keeps, alone in a compressed body",
    () => listOf(SHORT_BINARY, 1),
    { app: "keep" },
  ),
  body("deep", "lists in lists, nearly as deep as may be, as many as pass", deep, { app: "json" }),
  body("wide-text", "texts of 4 MiB with one wide character, at the end", wide),
  body("broken-text", "texts of 4 MiB whose last byte is no UTF-8", broken, {
    connections: 4,
    every: 20,
  }),
  body("zeros", "1,000:1: as many zeros as may be inflated", () =>
    concat([header32(0xc6, INFLATED - 64), new Uint8Array(INFLATED - 64)]),
  ),
  body(
    "bombs",
    "1,000:1, past the limit: each ends its connection",
    () => concat([header32(0xc6, INFLATED * 2), new Uint8Array(INFLATED * 2)]),
    { every: 5, connections: 4 },
  ),
  packets(
    "tiny-compressed",
    "compressed packets of 20 bytes, without end",
    () => compressed(IN.id, encoded(1)),
    { every: 0 },
  ),
  packets("tiny-compressed-40", "the same from many", () => compressed(IN.id, encoded(1)), {
    every: 0,
    connections: 40,
  }),
  packets("empty-blocks", "1 MiB of empty zlib blocks that inflate to nothing", emptyBlocks, { every: 20 }),
  packets(
    "stored",
    "1 MiB that is called compressed and is stored",
    () => asCompressed(IN.id, deflateSync(plain(IN.id, longText(PACKET - 1024)).subarray(10), { level: 0 })),
    { every: 20 },
  ),
];
