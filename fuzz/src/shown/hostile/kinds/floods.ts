import { concat } from "../../../bytes.js";
import { ENTER, type Flow, flood } from "../attacker.js";
import { compressed, encoded, fullListOf, INFLATED, longText, packet, plain, repeated } from "../bodies.js";
import type { Kind, Victim } from "../kind.js";
import { IN, ISSUES, POINTS, RULED } from "../packets.js";

const UNKNOWN_ID = 4000;
/** What is sent to everybody, by as many bytes as one read takes. */
const LINE = packet(IN.id, "hi");

/** A schema that notes what is wrong with each element takes some microseconds for it: that is the program's own time. */
const ZOD_ELEMENTS = 16_384;

function flooded(
  name: string,
  title: string,
  victim: Victim,
  chunk: () => Flow["chunk"],
  flow: Omit<Flow, "chunk"> = {},
): Kind {
  return {
    name,
    title,
    connections: flow.connections ?? 1,
    victim,
    prepare: () => {
      const made = chunk();
      return (attacker) => flood(attacker, { first: ENTER, addresses: 16, ...flow, chunk: made });
    },
  };
}

/** Readers that a broadcast goes to, beside the honest client and the one that talks. */
const READERS = 200;

const chat: Kind = {
  name: "chat",
  title: `64 KiB of tiny lines that are broadcast to ${READERS + 2} clients, who read`,
  connections: READERS + 1,
  victim: { app: "broadcast" },
  prepare: () => {
    const chunk = repeated(LINE);
    return async (attacker) => {
      await Promise.all(Array.from({ length: READERS }, (_, from) => attacker.open({ first: ENTER, from })));
      await flood(attacker, { first: ENTER, chunk, every: 250 });
    };
  },
};

/** Values that are hard to describe, each in a packet. */
function indescribable(): Uint8Array {
  const hostile = { toString: 1, valueOf: 1 };
  const values: unknown[] = [
    hostile,
    { message: hostile, name: hostile, stack: hostile },
    { message: "x".repeat(100_000), code: hostile },
    [hostile, [hostile]],
    { constructor: hostile, toJSON: 1, inspect: 1 },
    { cause: { cause: { cause: hostile } }, errors: [hostile] },
    "\u001b[2J\u202ereversed\u2028\r\nforged line",
    Array.from({ length: 20_000 }, () => hostile),
    null,
  ];
  return concat(values.map((value) => packet(IN.id, value)));
}

const ESCAPES = "\u001b]0;title\u0007\u001b[31m\u202e\u2028\u009b2J";
const ODD = (): Uint8Array => encoded("no point");

export const FLOODS: readonly Kind[] = [
  chat,
  flooded("tiny", "tiny packets as fast as they are read", {}, () => repeated(packet(IN.id, 1))),
  flooded("tiny-40", "the same from many", {}, () => repeated(packet(IN.id, 1)), { connections: 40 }),
  flooded(
    "tiny-messages",
    "the same to a server that reads them with messages(), slowly",
    { app: "messages" },
    () => repeated(packet(IN.id, 1)),
    { connections: 4 },
  ),
  flooded(
    "manual",
    "tiny packets to a server that calls process() 60 times a second",
    { manual: true },
    () => repeated(packet(IN.id, 1)),
    { connections: 4 },
  ),
  flooded(
    "manual-maps",
    "empty maps, as many as pass, to the same",
    { manual: true },
    () => repeated(compressed(IN.id, fullListOf(Uint8Array.of(0x80), 1))),
    { every: 100 },
  ),
  flooded("unknown-id", "packets of an id that nobody has", {}, () => repeated(packet(UNKNOWN_ID, 1), 4096), {
    connections: 10,
  }),
  flooded(
    "unknown-ignored",
    "the same, to a server that ignores them",
    { cfg: { "net.registry.unknownpacketaction": "ignore", "net.limits.strikes": 0xffffffff } },
    () => repeated(packet(UNKNOWN_ID, 1)),
    { connections: 4 },
  ),
  flooded(
    "wrong-state",
    "packets of the wrong state, which are ignored until there are too many",
    {},
    () => repeated(packet(RULED.id, 1)),
    { connections: 10 },
  ),
  flooded(
    "issues",
    "payloads that a schema finds an issue with in each element, which it quotes",
    {},
    () => repeated(compressed(ISSUES.id, fullListOf(encoded(ESCAPES), 1, { inflated: 1024 * 1024 }))),
    { every: 250 },
  ),
  flooded(
    "issues-zod",
    "the same for a schema of zod, to a server that takes a quarter of the elements, as the docs say",
    { cfg: { "net.limits.elements": ZOD_ELEMENTS } },
    () => repeated(compressed(POINTS.id, fullListOf(ODD(), 1, { most: ZOD_ELEMENTS }))),
    { every: 250 },
  ),
  flooded(
    "bad-bodies",
    "small packets that are no msgpack, a connection each",
    {},
    () => plain(IN.id, Uint8Array.of(0xc1)),
    { connections: 20, every: 10 },
  ),
  flooded(
    "throws",
    "a handler that throws what it is sent: values that are hard to describe",
    { app: "throw" },
    indescribable,
    { every: 20 },
  ),
  flooded("rejects", "the same by an asynchronous handler", { app: "reject" }, indescribable, { every: 20 }),
  flooded(
    "throws-tiny",
    "the same thrown by each of as many tiny packets as are read",
    { app: "throw" },
    () => repeated(packet(IN.id, { toString: 1 })),
  ),
  flooded(
    "debug-print",
    "texts of escape sequences to a server with net.debug.print.* on",
    {
      cfg: {
        "net.debug.print.recv": true,
        "net.debug.print.send": true,
        "net.debug.print.connect": true,
        "net.debug.print.close": true,
      },
    },
    () => concat([packet(IN.id, ESCAPES.repeat(1000)), packet(IN.id, { [ESCAPES]: ESCAPES })]),
    { every: 10 },
  ),
  flooded(
    "debug-print-long",
    "texts and lists of 4 MiB to the same",
    { cfg: { "net.debug.print.recv": true } },
    () =>
      concat([compressed(IN.id, longText(INFLATED - 64)), compressed(IN.id, fullListOf(encoded("x"), 1))]),
    { every: 100 },
  ),
  flooded(
    "events",
    "texts of 4 MiB to a server whose events are read by a slow iterator",
    { app: "events" },
    () => compressed(IN.id, longText(INFLATED - 64)),
    { every: 2 },
  ),
  flooded(
    "events-tiny",
    "tiny packets to the same",
    { app: "events" },
    () => repeated(packet(IN.id, { x: 1, y: 2 })),
    { connections: 4 },
  ),
];
