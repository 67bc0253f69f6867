// The command within this process, as `command.test.ts` runs it in processes of its own: what it prints, in which order, and
// when it stops.

import dns from "node:dns/promises";
import { createServer } from "node:net";
import timers from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { deflateSync } from "node:zlib";
import { ExtData, encode } from "@msgpack/msgpack";
import { Server } from "@peng3dnet/core";
import { enablePing, type PingData } from "@peng3dnet/ping";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { startServer } from "../../../core/test/support/peers.js";
import { freePort } from "../../../core/test/support/raw-peer.js";
import { frame, hello, packet } from "../../../core/test/support/wire.js";
import { HELP } from "../../src/command/arguments.js";
import { resolveIn } from "../../src/command/resolve.js";
import { run, type Surroundings } from "../../src/command/run.js";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command; `printed` is called with all output so far. */
async function command(
  argv: readonly string[],
  differs: Partial<Surroundings> = {},
  printed: (out: string, stop: () => void) => void = () => {},
): Promise<Ran> {
  const interrupt = new AbortController();
  let out = "";
  let err = "";
  const code = await run(argv, {
    out: (text) => {
      out += text;
      printed(out, () => interrupt.abort());
    },
    err: (text) => {
      err += text;
    },
    terminal: false,
    colours: true,
    columns: () => 60,
    version: "1.2.3",
    signal: interrupt.signal,
    ...differs,
  });
  return { code, out, err };
}

/** A server that answers with these data; its address. */
async function status(data: PingData | ((msg: PingData) => PingData) = {}): Promise<string> {
  const server = await startServer({}, (peer) => enablePing(peer, data));
  return `127.0.0.1:${server.addr[1]}`;
}

/** A server that says nothing; its address. */
function silent(): Promise<string> {
  return new Promise((ready) => {
    const server = createServer((socket) => void socket.on("error", () => {}));
    onCleanup(() => void server.close());
    server.listen(0, "127.0.0.1", () => ready(`127.0.0.1:${(server.address() as { port: number }).port}`));
  });
}

/** A server that answers a ping with these bytes; its address. */
function answering(pong: Uint8Array): Promise<string> {
  return new Promise((ready) => {
    const server = createServer((socket) => {
      socket.on("error", () => {}).write(hello());
      let heard = "";
      socket.setEncoding("latin1").on("data", (text: string) => {
        heard += text;
        if (heard.includes("time")) socket.end(pong);
      });
    });
    onCleanup(() => void server.close());
    server.listen(0, "127.0.0.1", () => ready(`127.0.0.1:${(server.address() as { port: number }).port}`));
  });
}

/** Output without what differs from run to run. */
const steady = (text: string, ...targets: string[]): string =>
  targets
    .reduce((left, target, n) => left.replaceAll(target, "ABC"[n] as string), text)
    .replace(/[\d.]+(?= ms|\/)/g, "#")
    .replace(/"(delay|recvtime|time|min|avg|max|stddev)":[\d.e-]+/g, '"$1":#');

const lines = (text: string): unknown[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

test("help and version are printed, and nothing else", async () => {
  expect(await command(["--help"])).toEqual({ code: 0, out: HELP, err: "" });
  expect(await command(["--version", "nowhere"])).toEqual({ code: 0, out: "1.2.3\n", err: "" });
});

test("wrong arguments are told in the command's words, without what a terminal would obey", async () => {
  expect(await command(["--data", "\x1b[2Jx", "one"])).toEqual({
    code: 2,
    out: "",
    err: 'peng3dnet-ping: --data needs KEY=VALUE, not "x"\nSee peng3dnet-ping --help.\n',
  });
  expect(await command(["--ca", "none.pem", "127.0.0.1:9"])).toEqual({
    code: 2,
    out: "",
    err: expect.stringMatching(/^peng3dnet-ping: --ca: the file "none\.pem" cannot be read: .*\nSee/),
  });
});

test("no option is advised that the command does not have", async () => {
  const long = packet(65, { text: "x".repeat(20_000) });
  const packed = frame(65, deflateSync(encode({ text: "x".repeat(200_000) })), 1);
  const foreign = packet(65, { value: new ExtData(5, Uint8Array.of(1)) });
  for (const pong of [long, packed, foreign]) {
    const { code, out } = await command([await answering(pong)]);
    expect(code).toBe(1);
    expect(out).toMatch(/protocol: .*(more than|extension type 5)/);
    expect(out).not.toMatch(/net\.|option|raise/);
  }
  const { code, err } = await command(["http://x"]);
  expect(code).toBe(2);
  expect(err).toMatch(/give "host:port"; a WebSocket begins with wss: or ws:\n/);
});

test("a mistake that concerns one target ends the pings of all", async () => {
  const target = await status();
  const { code, err } = await command(["--tls", "--ca", "none.pem", "--watch", target, "127.0.0.1:9"]);
  expect(code).toBe(2);
  expect(err).toContain("none.pem");
});

test("lines for people, plain where they go elsewhere than to a terminal", async () => {
  const target = await status({ motd: "hi" });
  const plain =
    "A: seq=1  time=# ms  peng3dnet 0.2.0\n    motd  hi\nA: seq=2  time=# ms  peng3dnet 0.2.0\n\n" +
    "--- A ---\n2 sent, 2 answered, 0 % lost\ndelay min/avg/max/stddev = #/#/#/# ms\n";
  for (const [terminal, colours] of [
    [false, true],
    [true, false],
  ] as const) {
    const { code, out, err } = await command(["-c2", "-i0", target], { terminal, colours });
    expect({ code, out: steady(out, target), err }).toEqual({ code: 0, out: plain, err: "" });
  }
});

test("on a terminal, what matters is set off", async () => {
  const target = await status();
  const { out } = await command([target], { terminal: true });
  expect(out.replaceAll(target, "A").replace(/[\d.]+(?= ms|\/)/g, "#")).toBe(
    "A: seq=1  \x1b[1mtime=# ms\x1b[22m  \x1b[2mpeng3dnet 0.2.0\x1b[22m\n\n" +
      "\x1b[1m--- A ---\x1b[22m\n1 sent, 1 answered, 0 % lost\ndelay min/avg/max/stddev = #/#/#/# ms\n",
  );
});

test("data are shown again for each target when they have changed", async () => {
  let asked = 0;
  const [steadyOne, changing] = [
    await status({ n: 0 }),
    await status(() => ({ n: Math.floor(asked++ / 2) })),
  ];
  const { out } = await command(["-c4", "-i0", steadyOne, changing]);
  const shown = steady(out, steadyOne, changing).split("\n\n")[0]?.split("\n") ?? [];
  const of = (target: string): string[] => {
    const mine: string[] = [];
    for (const [at, line] of shown.entries()) {
      if (!line.startsWith(`${target}:`)) continue;
      mine.push(shown[at + 1]?.startsWith(" ") ? (shown[at + 1] as string) : "same");
    }
    return mine;
  };
  expect(of("A")).toEqual(["    n  0", "same", "same", "same"]);
  expect(of("B")).toEqual(["    n  0", "same", "    n  1", "same"]);
});

test("a failure is one line, and the sum says so", async () => {
  const target = `127.0.0.1:${await freePort()}`;
  const { code, out } = await command(["-c2", "-i0", target]);
  expect(code).toBe(1);
  expect(out.replaceAll(target, "A")).toMatch(
    /^A: seq=1 {2}refused: .*\nA: seq=2 {2}refused: .*\n\n--- A ---\n2 sent, 0 answered, 100 % lost\n$/,
  );
  const both = await command(["-q", target, target]);
  expect(both.out.replaceAll(target, "A")).toBe(
    "--- A ---\n1 sent, 0 answered, 100 % lost\n--- A ---\n1 sent, 0 answered, 100 % lost\n",
  );
});

test("--quiet prints the sum alone", async () => {
  const target = await status();
  const { out } = await command(["-q", "-c2", "-i0", target]);
  expect(steady(out, target)).toBe(
    "--- A ---\n2 sent, 2 answered, 0 % lost\ndelay min/avg/max/stddev = #/#/#/# ms\n",
  );
});

describe("--json", () => {
  const RESULT = { ok: true, delay: expect.any(Number), recvtime: expect.any(Number) };
  const OLD = { oldmsg: { time: expect.any(Number) } };
  const OWN = { peng3dnet: { version: "0.2.0", release: "0.2.0", protoversion: 2 } };
  const DELAY = {
    min: expect.any(Number),
    avg: expect.any(Number),
    max: expect.any(Number),
    stddev: expect.any(Number),
  };

  test("is one object for one ping", async () => {
    const target = await status({ n: 1 });
    const { code, out } = await command(["--json", target]);
    expect(code).toBe(0);
    expect(lines(out)).toEqual([{ target, seq: 1, ...RESULT, data: { ...OLD, n: 1, ...OWN } }]);
  });

  test("is a sum for each target, too, where there are more pings", async () => {
    const target = await status();
    const closed = `127.0.0.1:${await freePort()}`;
    const { code, out } = await command(["--json", "-c2", "-i0", target, closed]);
    expect(code).toBe(1);
    const all = lines(out) as { readonly target: string }[];
    expect(all.filter((line) => line.target === target)).toEqual([
      { target, seq: 1, ...RESULT, data: { ...OLD, ...OWN } },
      { target, seq: 2, ...RESULT, data: { ...OLD, ...OWN } },
      { target, summary: { sent: 2, received: 2, loss: 0, delay: DELAY } },
    ]);
    const error = { code: "refused", message: expect.stringContaining("nothing listens"), reason: null };
    expect(all.filter((line) => line.target === closed)).toEqual([
      { target: closed, seq: 1, ok: false, error },
      { target: closed, seq: 2, ok: false, error },
      { target: closed, summary: { sent: 2, received: 0, loss: 1, delay: null } },
    ]);
  });

  test("with --quiet is the sum alone, of one ping, too", async () => {
    const target = await status();
    const { out } = await command(["--json", "-q", target]);
    expect(lines(out)).toEqual([{ target, summary: { sent: 1, received: 1, loss: 0, delay: DELAY } }]);
  });

  test("says the reason that a server closed with", async () => {
    const server = await startServer();
    const target = `127.0.0.1:${server.addr[1]}`;
    const { out } = await command(["--json", target]);
    expect(lines(out)).toMatchObject([{ ok: false, error: { code: "closed", reason: "unknownconntype" } }]);
  });
});

describe("--watch", () => {
  const live = "\x1b[2K";

  test("draws lines on a terminal, until it is interrupted, and sums up", async () => {
    const target = await status();
    const { code, out } = await command(
      ["--watch", "-i", "0.01", target],
      { terminal: true, colours: false, columns: () => 50 },
      (text, stop) => {
        if (text.split(live).length === 5) stop();
      },
    );
    expect(code).toBe(0);
    const [drawn, sum = ""] = out.split("\n\n");
    expect(drawn?.split(live)).toHaveLength(5);
    expect(sum).toContain("3 sent, 3 answered, 0 % lost");
    for (const line of stripVTControlCharacters(drawn ?? "").split(/[\r\n]+/))
      expect(line.length).toBeLessThan(50);
  });

  test.each([
    ["where there is no terminal", [], false],
    ["with --quiet", ["-q"], true],
  ])("draws none %s", async (_where, options, terminal) => {
    const target = await status();
    const { code, out } = await command(["--watch", "-c2", "-i0", ...options, target], { terminal });
    expect(code).toBe(0);
    expect(out).not.toContain(live);
    expect(out).toContain("2 sent, 2 answered");
  });

  test("ends by itself after as many pings as were asked for", async () => {
    const target = await status();
    const { out } = await command(["--watch", "-c2", "-i0", target], { terminal: true });
    expect(out.split(live)).toHaveLength(4);
  });
});

describe("an interruption", () => {
  test("within a wait sums up what there is", async () => {
    const target = await status();
    const { code, out } = await command(["-c2", "-i3600", target], {}, (text, stop) => {
      if (text.includes("seq=1")) stop();
    });
    expect(code).toBe(0);
    expect(out).toContain("1 sent, 1 answered, 0 % lost");
  });

  test("within a ping does not count that", async () => {
    const target = await silent();
    const interrupt = new AbortController();
    const running = command(["-c2", target], { signal: interrupt.signal });
    setImmediate(() => interrupt.abort());
    const { code, out } = await running;
    expect(code).toBe(1);
    expect(out).toContain("0 sent, 0 answered, 0 % lost");
  });
});

test("pings follow each other in the interval, counted from the beginning of each", async () => {
  const slept = jest.spyOn(timers, "setTimeout").mockResolvedValue(undefined);
  const target = await status();
  const begin = performance.now();
  expect(await command(["-c3", "-i3600", target])).toMatchObject({ code: 0 });
  const took = performance.now() - begin;
  expect(slept).toHaveBeenCalledTimes(2);
  for (const [milliseconds = 0] of slept.mock.calls) {
    // What is left of an hour once the ping is over.
    expect(milliseconds).toBeLessThan(3_600_000);
    expect(milliseconds).toBeGreaterThanOrEqual(3_600_000 - took);
  }
  slept.mockClear();
  await command(["-c3", "-i0", target]);
  expect(slept).not.toHaveBeenCalled();
  slept.mockRestore();
});

test("what keeps the command from writing is thrown to whoever runs it", async () => {
  const out = (): never => {
    throw new Error("the disk is full");
  };
  await expect(command(["--help"], { out })).rejects.toThrow("the disk is full");
  const target = await status();
  await expect(command([target], { out })).rejects.toThrow("the disk is full");
});

describe("one IP version", () => {
  test("leaves for the ping what is left of the time, in full milliseconds", async () => {
    const [host = "", port = ""] = (await silent()).split(":");
    const found = jest.spyOn(dns, "lookup").mockImplementation(() => {
      const begin = performance.now();
      while (performance.now() - begin < 50);
      return Promise.resolve([{ address: host, family: 4 }]) as never;
    });
    const { out } = await command(["-4", "-W", "0.2", `slow.invalid:${port}`]);
    const [, within = ""] = /said nothing within ([\d.]+) s/.exec(out) ?? [];
    expect(within).toMatch(/^0\.\d{1,3}$/);
    expect(Number(within)).toBeGreaterThan(0);
    expect(Number(within)).toBeLessThanOrEqual(0.15);
    found.mockRestore();
  });

  test("of a name with several addresses is pinged at the first one that has something", async () => {
    const server = await startServer({ addr: "[::1]:0" }, (peer) => enablePing(peer));
    const target = `several.invalid:${server.addr[1]}`;
    const found = jest.spyOn(dns, "lookup");
    const among = (...addresses: string[]): void =>
      void found.mockResolvedValue(addresses.map((address) => ({ address, family: 4 })) as never);
    among("127.0.0.1", "127.0.0.1", "::1");
    expect(await command(["-4", target])).toMatchObject({ code: 0 });
    among("127.0.0.1", "127.0.0.1");
    const nothing = expect.stringContaining("refused: nothing listens on 127.0.0.1:");
    expect(await command(["-4", target])).toMatchObject({ code: 1, out: nothing });
    // What says nothing may be a server that is slow.
    const deaf = `several.invalid:${(await silent()).split(":")[1]}`;
    among("127.0.0.1", "::1");
    const late = expect.stringContaining("timeout: 127.0.0.1:");
    expect(await command(["-4", "-W", "0.05", deaf])).toMatchObject({ code: 1, out: late });
    found.mockRestore();
  });

  test("is the one that the name is looked up in", async () => {
    const found = jest.spyOn(dns, "lookup");
    const target = `localhost:${(await status()).split(":")[1]}`;
    expect(await command(["-4", target])).toMatchObject({ code: 0 });
    expect(found.mock.calls.map((call: unknown[]) => call[1])).toContainEqual({ family: 4, all: true });
    found.mockRestore();
  });

  test("of an address that is one of that version takes no look-up, with a zone, too", async () => {
    const found = jest.spyOn(dns, "lookup");
    expect(await command(["-4", await status()])).toMatchObject({ code: 0 });
    const server = new Server({ addr: "[::1]:0" });
    enablePing(server);
    await server.start();
    expect(await command(["-6", `[::1]:${server.addr[1]}`])).toMatchObject({ code: 0 });
    await server.shutdown();
    const { out } = await command(["-4", "--json", "[fe80::1%lo]:9"]);
    expect(lines(out)).toMatchObject([
      {
        error: { code: "unresolvable", message: expect.stringMatching(/"fe80::1%lo" has no IPv4 address$/) },
      },
    ]);
    expect(found).not.toHaveBeenCalled();
    found.mockRestore();
  });

  test("in which a name has no address is told", async () => {
    const cause = new Error("not there");
    const found = jest.spyOn(dns, "lookup").mockRejectedValue(cause);
    const { code, out } = await command(["-6", "somewhere.invalid"]);
    expect(code).toBe(1);
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    await expect(resolveIn(6, ["somewhere.invalid", 1], 60)).rejects.toMatchObject({
      failure: "unresolvable",
      cause,
    });
    // What is left would keep the process from ending.
    expect(timers()).toBe(before);
    expect(out).toContain('unresolvable: "somewhere.invalid" has no IPv6 address\n');
    found.mockRestore();
  });

  test("is given up when the look-up takes too long", async () => {
    const found = jest.spyOn(dns, "lookup").mockReturnValue(new Promise(() => {}) as never);
    const { code, out } = await command(["-6", "-W", "0.02", "somewhere.invalid"]);
    expect(code).toBe(1);
    expect(out).toContain('timeout: "somewhere.invalid" could not be resolved within 0.02 s\n');
    found.mockRestore();
  });
});
