// The `timeout` of calls and `net.timeout.*`: what they may be, and that they are as long as they say.

import { Client, ConfigError, type ConfigOverrides, Deferred, Server, systemClock } from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { echo, LOCAL, next, startPair, startServer } from "../support/peers.js";
import { sessionOf } from "../support/session.js";

/** Longer than a timer of Node can be. */
const DAYS = 30 * 24 * 3600;

const WRONG: readonly [shown: string, value: unknown][] = [
  ["NaN", Number.NaN],
  ["-1", -1],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ['"5"', "5"],
  ['"5s"', "5s"],
  [`"${"x".repeat(40)}…"`, "x".repeat(200)],
  ["null", null],
  ["a value of type object", { valueOf: 1, toString: 1 }],
  ["a value of type bigint", 5n],
  ["a value of type boolean", true],
  ["a value of type symbol", Symbol("s")],
];

type Pair = Awaited<ReturnType<typeof startPair>>;
type Options = { readonly timeout: number };

const CALLS: readonly [name: string, call: (pair: Pair, options: Options) => unknown][] = [
  ["client.start", ({ client }, options) => client.start(options)],
  ["client.runBlocking", ({ client }, options) => client.runBlocking(options)],
  ["client.join", ({ client }, options) => client.join(options)],
  ["client.waitForConnection", ({ client }, options) => client.waitForConnection(options)],
  ["client.waitForClose", ({ client }, options) => client.waitForClose(options)],
  ["client.flush", ({ client }, options) => client.flush(options)],
  ["client.close", ({ client }, options) => client.close("no", options)],
  ["client.processForever", ({ client }, options) => client.processForever(options)],
  ["client.process", ({ client }, options) => client.process({ ...options, wait: true })],
  ["server.runBlocking", ({ server }, options) => server.runBlocking(options)],
  ["server.shutdown", ({ server }, options) => server.shutdown(options)],
  ["server.shutdown without join", ({ server }, options) => server.shutdown({ ...options, join: false })],
  ["server.join", ({ server }, options) => server.join(options)],
  ["server.flush", ({ server }, options) => server.flush(undefined, options)],
  ["server.flush of one", ({ server, remote }, options) => server.flush(remote.cid, options)],
  ["server.process", ({ server }, options) => server.process({ ...options, wait: true })],
  ["server.processForever", ({ server }, options) => server.processForever(options)],
  ["remote.flush", ({ remote }, options) => remote.flush(options)],
  ["remote.close", ({ remote }, options) => remote.close("no", options)],
  ["conn.close", ({ remote }, options) => remote.conn.close("no", options)],
  ["sessionOf(conn).waitForClose", ({ remote }, options) => sessionOf(remote.conn).waitForClose(options)],
];

test.each(CALLS)("%s refuses a timeout that is none, naming it, and does nothing", async (_, call) => {
  const pair = await startPair();
  for (const [shown, value] of WRONG) {
    const error: unknown = await Promise.resolve(call(pair, { timeout: value as number })).then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({
      code: "P3D_ERR_CONFIG",
      key: "timeout",
      message: `the option "timeout" cannot be ${shown}; allowed: a number of seconds from 0, fractions and Infinity included`,
    });
  }
  expect([pair.client.active, pair.remote.active, pair.server.stopped]).toEqual([true, true, false]);
  const answered = next(pair.server, "close");
  await pair.client.close("fine");
  expect((await answered)[1]).toMatchObject({ reason: "fine", clean: true });
});

const MISUSED: readonly [key: string, options: unknown, message: string][] = [
  ["signal", { signal: "now" }, 'the option "signal" cannot be "now"; allowed: an AbortSignal'],
  ["signal", { signal: null }, 'the option "signal" cannot be null'],
  ["signal", { signal: new AbortController() }, 'the option "signal" cannot be a value of type object'],
  ["timout", { timout: 0 }, 'a wait has no option "timout"; did you mean "timeout"?'],
  ["tiemout", { tiemout: 0 }, 'did you mean "timeout"?'],
  ["timeoutMs", { timeoutMs: 0 }, 'did you mean "timeout"?'],
  ["singal", { timeout: 1, singal: AbortSignal.abort() }, 'did you mean "signal"?'],
];

test.each(CALLS)("%s refuses options that it could not heed, naming them", async (_, call) => {
  const pair = await startPair();
  for (const [key, options, message] of MISUSED) {
    const error: unknown = await Promise.resolve(call(pair, options as Options)).then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: "P3D_ERR_CONFIG", key, message: expect.stringContaining(message) });
  }
  expect([pair.client.active, pair.remote.active, pair.server.stopped]).toEqual([true, true, false]);
});

test("a number in the place of options is refused, as in waitForClose(5)", async () => {
  const { client, server } = await startPair();
  const seconds = 5 as never;
  const waits = [
    client.waitForClose(seconds),
    client.waitForConnection(seconds),
    client.start(seconds),
    client.flush(seconds),
    client.close(null, seconds),
    server.join(seconds),
    server.shutdown(seconds),
  ];
  for (const wait of waits)
    await expect(wait).rejects.toThrow(
      "the options of a wait are an object, such as { timeout: 5 }, and not 5",
    );
  expect(() => client.process(seconds)).toThrow(TypeError);
  expect([client.active, server.stopped]).toEqual([true, false]);
});

test("what was never started refuses wrong options of join, too", async () => {
  for (const peer of [track(new Client()), track(new Server())])
    await expect(peer.join({ timeout: "5" as never })).rejects.toThrow(ConfigError);
});

test("calls hand options on that are none of theirs", async () => {
  const { client } = await startPair();
  const options = { timeout: 0, retries: 3 };
  await expect(client.waitForClose(options)).rejects.toThrow("waited 0 s");
});

test("process without wait throws it", async () => {
  const { server } = await startPair({ manual: "server" });
  expect(() => server.process({ timeout: Number.NaN })).toThrow(ConfigError);
});

test("a client that was given a wrong timeout does not connect", async () => {
  const server = await startServer();
  const client = track(new Client({ addr: server.addr }));
  await expect(client.start({ timeout: Number.NaN })).rejects.toThrow(ConfigError);
  expect(client.conn).toBeUndefined();
  echo(client);
  await client.start({ timeout: Number.POSITIVE_INFINITY });
  expect(client.active).toBe(true);
});

/** Resolves some milliseconds later, by real timers: one that holds too much would have fired. */
async function aMoment(): Promise<void> {
  const never = new Deferred<void>(systemClock);
  await expect(never.wait({ timeout: 0.02 }, "a moment")).rejects.toThrow(
    "waited 0.02 s for a moment in vain",
  );
}

test.each([DAYS, 1e300, Number.POSITIVE_INFINITY])("a wait of %d s is not over at once", async (timeout) => {
  const { server, client, remote } = await startPair({ manual: "server" });
  const waits = [
    client.waitForClose({ timeout }),
    client.join({ timeout }),
    server.join({ timeout }),
    sessionOf(remote.conn).waitForClose({ timeout }),
    server.process({ wait: true, timeout }),
  ];
  const first = Promise.race(
    waits.map((wait) =>
      wait.then(
        () => "over",
        () => "failed",
      ),
    ),
  );
  await aMoment();
  expect(await Promise.race([first, Promise.resolve("waits")])).toBe("waits");
  server.interrupt();
  expect(await waits[4]).toBe(0);
  server.processAsync();
  const closing = client.close("done", { timeout });
  expect(await closing).toMatchObject({ reason: "done" });
  client.stop();
  await server.shutdown({ timeout });
  await Promise.all(waits);
});

test.each([DAYS, 1e300, Number.POSITIVE_INFINITY])(
  "net.timeout.* of %d s do not end anything",
  async (seconds) => {
    const cfg: ConfigOverrides = {
      "net.timeout.handshake": seconds,
      "net.timeout.idle": seconds,
      "net.timeout.unsent": seconds,
      "net.timeout.close": seconds,
      "net.compress.enabled": false,
    };
    const closes: unknown[] = [];
    const server = await startServer({ addr: LOCAL, cfg });
    server.on("close", (_client, info) => closes.push(info));
    const connected = next(server, "handshakecomplete");
    const client = track(new Client({ addr: server.addr, cfg }));
    echo(client);
    await client.start();
    const [remote] = await connected;
    // More than the kernel takes, so that the time without progress is watched.
    while (remote.conn.metrics.unsent < 2_000_000) remote.sendMessage("test:echo", "x".repeat(500_000));
    await aMoment();
    await remote.flush();
    expect(closes).toEqual([]);
    expect(await client.close("done")).toMatchObject({ reason: "done", clean: true });
  },
);
