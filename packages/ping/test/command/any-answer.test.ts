// Whatever a server answers, over a real connection: the ping ends with a value or a failure, and what is printed of either holds
// nothing that a terminal would obey.

import { createServer, type Socket } from "node:net";
import { ExtData, encode } from "@msgpack/msgpack";
import { PingError, pingServer } from "@peng3dnet/ping";
import fc from "fast-check";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { closeconn, frame, hello } from "../../../core/test/support/wire.js";
import { run } from "../../src/command/run.js";

const TIMEOUT = 5;
const FAILURES = ["timeout", "notpeng3dnet", "protocol", "closed"];
/** What a terminal obeys, what changes the order of a line, and halves of characters. */
const COMMANDS = /(?!\n)[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Zl}\p{Zp}]/u;

const characters = fc.constantFrom(
  "a",
  "7",
  "\x1b[2J",
  "\x9b1A",
  "\r",
  "\n",
  "\0",
  "\u202e",
  "\u2066",
  "\u2028",
  "\u200b",
  "é",
  "漢",
  "\ufeff",
);
const text = fc.oneof(
  fc.array(characters, { maxLength: 12 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constant("\x1b]0;title\x07".repeat(200)),
);
const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.constantFrom(0, -0, 1e308, -1e308, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53),
);
const time = fc
  .oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
    fc.uint8Array({ minLength: 12, maxLength: 12 }),
  )
  .map((bytes) => new ExtData(-1, bytes));
const keys = fc
  .oneof(
    fc.constantFrom(
      "usercount",
      "players",
      "users",
      "online",
      "maxusers",
      "maxplayers",
      "max",
      "motd",
      "description",
    ),
    fc.constantFrom(
      "oldmsg",
      "peng3dnet",
      "version",
      "draining",
      "recvtime",
      "delay",
      "time",
      "toString",
      "constructor",
      "0",
      "",
    ),
    text,
  )
  .filter((key) => key !== "__proto__");
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    text,
    number,
    fc.constantFrom(null, true, false),
    fc.uint8Array({ maxLength: 30 }),
    time,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 6 }),
  ),
}));
const data = fc.oneof(
  { weight: 6, arbitrary: fc.dictionary(keys, value, { maxKeys: 12 }) },
  { weight: 1, arbitrary: value },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 500 }).map((depth) => {
      let nested: unknown = "\x1b[2J";
      for (let level = 0; level < depth; level++) nested = level % 2 ? [nested] : { "\x1b[1m": nested };
      return { motd: nested };
    }),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 15_000, max: 17_000 }).map((length) => ({ motd: "\x1b".repeat(length) })),
  },
  {
    weight: 1,
    arbitrary: fc.constant(Object.fromEntries(Array.from({ length: 1000 }, (_, key) => [`\x1b${key}`, key]))),
  },
);
const msgpack = (what: unknown): Uint8Array => encode(what, { useBigInt64: true, maxDepth: 600 });
const answer = fc.oneof(
  { weight: 8, arbitrary: data.map((body) => Buffer.concat([hello(), frame(65, msgpack(body))])) },
  { weight: 2, arbitrary: text.map((reason) => Buffer.concat([hello(), closeconn(reason)])) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(1, 2, 3, 4, 5, 16, 17, 18, 64, 65, 66, 4000), value)
      .map(([id, body]) => frame(id, msgpack(body))),
  },
  {
    weight: 1,
    arbitrary: value.map((body) => Buffer.concat([frame(1, msgpack(body)), hello()])),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(1, 2, 3, 4, 5, 64, 65), value)
      .map(([id, body]) => Buffer.concat([hello(), frame(id, msgpack(body))])),
  },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.concat([hello(), bytes])) },
);

/** A server that sends the next thing to whoever comes, and closes. */
async function answering(): Promise<{ addr: string; send: (bytes: Uint8Array) => void }> {
  let bytes = new Uint8Array(0);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.on("close", () => sockets.delete(socket));
    socket.end(bytes);
  });
  onCleanup(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  return {
    addr: `127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    send: (next) => {
      bytes = new Uint8Array(next);
    },
  };
}

async function printed(addr: string, ...options: string[]): Promise<string> {
  let out = "";
  const add = (more: string): void => {
    out += more;
  };
  await run([...options, "-W", `${TIMEOUT}`, addr], {
    out: add,
    err: add,
    terminal: false,
    colours: false,
    columns: () => 80,
    version: "0",
    signal: new AbortController().signal,
  });
  return out;
}

test("any answer ends a ping, as a value or as one of the failures, and is printed without what a terminal would obey", async () => {
  const { addr, send } = await answering();
  await fc.assert(
    fc.asyncProperty(answer, async (bytes) => {
      send(bytes);
      const begin = performance.now();
      const outcome = await pingServer({ addr, timeout: TIMEOUT }).catch((error: unknown) => error);
      expect(performance.now() - begin).toBeLessThan(1000 * (TIMEOUT + 2));
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(PingError);
        expect(FAILURES).toContain((outcome as PingError).failure);
        expect(outcome.message).not.toMatch(COMMANDS);
        expect(outcome.message.length).toBeLessThan(1000);
      } else expect(outcome).toMatchObject({ delay: expect.any(Number), recvtime: expect.any(Number) });
      const lines = await printed(addr);
      expect(lines).not.toMatch(COMMANDS);
      const object = await printed(addr, "--json");
      expect(object).not.toMatch(COMMANDS);
      expect(JSON.parse(object)).toHaveProperty("ok", !(outcome instanceof Error));
    }),
    { numRuns: 50 },
  );
}, 60_000);
