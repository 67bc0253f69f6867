// Requests, answers, and what is neither.

import { encode } from "@msgpack/msgpack";
import { concat } from "../../../bytes.js";
import { ENTER, type Flow, flood } from "../attacker.js";
import { compressed, fullListOf, packet, plain, repeated } from "../bodies.js";
import type { Kind } from "../kind.js";
import { ASK, QUIZ, type RequestAppName, SHAPED, UNANSWERED } from "../requests.js";

const CHUNK = 64 * 1024;
/** More than may be under way. */
const MANY = 1500;
const ESCAPES = "\u001b]0;title\u0007\u001b[31m\u202e\u2028\u009b2J";

const LONG_INPUT = "x".repeat(3000);

const ANSWER_ID = ASK.id + 1;
const QUIZ_ANSWER_ID = QUIZ.id + 1;

const ask = (id: unknown, input: unknown = 1): Uint8Array => packet(ASK.id, [id, input]);
const giveUp = (id: unknown): Uint8Array => packet(ASK.id, [id]);
const numbered = (count: number, make: (id: number) => Uint8Array): Uint8Array =>
  concat(Array.from({ length: count }, (_, index) => make(index + 1)));

/** Ids that differ in what an array by id does not look at. */
const COLLIDING = 2 ** 20;
const ODD_IDS: readonly unknown[] = [
  0,
  -1,
  2 ** 31,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  2n ** 64n - 1n,
  -(2n ** 63n),
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e300,
  "1",
  null,
  [1],
  { valueOf: 1, toString: 1 },
];
const ODD_CODES: readonly unknown[] = [
  "",
  "x".repeat(65),
  "x".repeat(100_000),
  1,
  null,
  ESCAPES,
  "__proto__",
];

/** Bodies of which no part is as it should be, to all packets of requests. */
function malformed(): Uint8Array {
  const bodies: unknown[] = [
    null,
    1,
    "request",
    {},
    { 0: 1, 1: 2, length: 2 },
    [],
    [[]],
    [1, 2, 3, 4, 5],
    [1, 2, 3],
    Array.from({ length: 1000 }, () => 1),
    ...ODD_IDS.map((id) => [id, 1]),
    ...ODD_IDS.map((id) => [id]),
    ...ODD_CODES.map((code) => [1, code, ESCAPES, ESCAPES]),
    [1, "code", { toString: 1 }],
    [1, "code", ESCAPES.repeat(1000)],
  ];
  return concat(
    [ASK.id, ANSWER_ID, SHAPED.id, QUIZ.id, QUIZ_ANSWER_ID].flatMap((id) => [
      ...bodies.map((body) => plain(id, encode(body, { useBigInt64: true }))),
      plain(id, Uint8Array.of(0x80)),
    ]),
  );
}

function requests(
  name: string,
  title: string,
  app: RequestAppName,
  chunk: () => Flow["chunk"],
  flow: Omit<Flow, "chunk"> = {},
): Kind {
  return {
    name,
    title,
    connections: flow.connections ?? 1,
    victim: { requests: app },
    prepare: () => {
      const made = chunk();
      return (attacker) => flood(attacker, { first: ENTER, addresses: 16, ...flow, chunk: made });
    },
  };
}

export const REQUEST_KINDS: readonly Kind[] = [
  requests("requests", "requests as fast as they are read, answered at once", "now", () =>
    numbered(CHUNK / 16, ask),
  ),
  requests(
    "requests-40",
    "the same from many, answered by asynchronous handlers",
    "later",
    () => numbered(MANY, ask),
    { connections: 40 },
  ),
  requests(
    "requests-deaf",
    "requests with answers of 64 KiB, which are not read",
    "long",
    () => numbered(1000, ask),
    { connections: 16, deaf: true },
  ),
  requests(
    "requests-slow",
    "requests whose handlers take 50 ms: more than may be under way",
    "slow",
    () => numbered(MANY, ask),
    { connections: 4 },
  ),
  {
    ...requests(
      "requests-endless",
      "requests of 3 KB without end, under ever new ids, to handlers that never end",
      "holding",
      () => (turn) => {
        const first = turn * 32;
        return concat(Array.from({ length: 32 }, (_, index) => ask(first + index, LONG_INPUT)));
      },
      { connections: 4 },
    ),
    seconds: 2,
  },
  requests(
    "requests-never",
    "requests that are never answered, as many as may be under way, and then a reset",
    "heedful",
    () => numbered(MANY, ask),
    { connections: 20, anew: true, every: 20 },
  ),
  requests(
    "requests-cancelled",
    "requests that are given up at once, to handlers that heed it",
    "heedful",
    () => numbered(CHUNK / 32, (id) => concat([ask(id), giveUp(id)])),
  ),
  requests(
    "requests-unheeded",
    "the same to handlers that go on for 50 ms",
    "slow",
    () => numbered(CHUNK / 32, (id) => concat([ask(id), giveUp(id)])),
    { connections: 4 },
  ),
  requests("requests-doubled", "requests under an id that is under way", "never", () => repeated(ask(7))),
  requests("requests-given-up", "givings up of requests that nobody has made", "now", () =>
    numbered(CHUNK / 16, giveUp),
  ),
  requests(
    "requests-colliding",
    "requests under ids that share a place in a table, up to the largest, some of them given up",
    "slow",
    () =>
      concat([
        numbered(MANY, (id) => ask(id * COLLIDING)),
        numbered(MANY, (id) => ask(-id * COLLIDING * 64)),
        numbered(MANY, (id) => giveUp(id * COLLIDING)),
      ]),
    { connections: 4 },
  ),
  requests("requests-malformed", "bodies of requests and answers that are none", "now", malformed, {
    connections: 4,
  }),
  requests(
    "requests-throws",
    "escape sequences that handlers throw: the logger is told of them",
    "throws",
    () => repeated(ask(1, ESCAPES.repeat(20))),
  ),
  requests(
    "requests-errors",
    "the same thrown as errors for the caller",
    "rejects",
    () => repeated(ask(1, ESCAPES.repeat(20))),
    { connections: 4 },
  ),
  requests(
    "requests-misfits",
    "requests whose schema, of zod, finds an issue with each element",
    "now",
    () => packet(SHAPED.id, [1, Array.from({ length: 4096 }, () => ESCAPES)]),
    { every: 20 },
  ),
  requests("requests-nobody", "requests that nothing answers", "now", () =>
    repeated(packet(UNANSWERED.id, [1, 1])),
  ),
  requests(
    "requests-large",
    "requests of as many empty maps as pass, compressed, to handlers that take 50 ms",
    "slow",
    () => {
      const maps = fullListOf(Uint8Array.of(0x80), 1);
      const all = Array.from({ length: 64 }, (_, id) =>
        compressed(ASK.id, concat([Uint8Array.of(0x92, id), maps])),
      );
      return (turn) => all[turn % all.length] as Uint8Array;
    },
    { connections: 4, every: 10 },
  ),
  requests("answers-none", "answers to requests that nobody has made", "now", () =>
    numbered(CHUNK / 16, (id) => packet(QUIZ_ANSWER_ID, [10_000 + id, 1])),
  ),
  requests(
    "answers-forged",
    "answers and errors under the ids of what the server asks others, who answer it meanwhile",
    "now",
    () =>
      numbered(500, (id) =>
        concat([
          packet(QUIZ_ANSWER_ID, [id, 0]),
          packet(QUIZ_ANSWER_ID, [id, "forged", ESCAPES, ESCAPES]),
          packet(ANSWER_ID, [id, 0]),
        ]),
      ),
    { connections: 8 },
  ),
];
