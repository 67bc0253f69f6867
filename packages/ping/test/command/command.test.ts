// The command in processes of its own, against real listeners, on the built package: `npm test` builds first.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import type { ConfigOverrides } from "@peng3dnet/core";
import { enablePing } from "@peng3dnet/ping";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { startServer } from "../../../core/test/support/peers.js";
import { freePort } from "../../../core/test/support/raw-peer.js";
import { hello, packet } from "../../../core/test/support/wire.js";

const CLI = join(__dirname, "../../dist/node/cli.js");
/** Time that a process may take for itself, in seconds: some five times as long as one takes that does nothing else. */
let start = 5;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Seconds. */
  readonly took: number;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with what has been printed so far, each time. */
  readonly printed?: (stdout: string, stop: () => void) => void;
}

function command(args: readonly string[], { env, printed }: RunOptions = {}): Promise<Outcome> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      printed?.(stdout, () => child.kill("SIGINT"));
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr, took: (performance.now() - begin) / 1000 }));
  });
}

// On a machine that is busy with much else, that is longer.
beforeAll(async () => {
  start = Math.max(start, 5 * (await command(["--version"])).took);
});

/** What `--json` printed, a value for each line. */
const objects = ({ stdout }: Outcome): unknown[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

async function listening(server: NetServer, host = "127.0.0.1"): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.on("close", () => sockets.delete(socket));
  });
  onCleanup(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((ready) => server.listen(0, host, ready));
  const address = server.address();
  return `${host}:${typeof address === "object" ? address?.port : 0}`;
}

const socketServer = (serve: (socket: Socket) => void): Promise<string> => listening(createServer(serve));

const certificates = mkdtempSync(join(tmpdir(), "peng3dnet-ping-"));
const pem = (name: string): string => join(certificates, `${name}.pem`);

beforeAll(() => {
  execFileSync(process.execPath, [join(__dirname, "../../../../scripts/make-certs.mjs"), certificates]);
}, 60_000);

afterAll(() => rmSync(certificates, { recursive: true, force: true }));

async function status(): Promise<string> {
  const data = { usercount: 3, maxusers: 32, motd: "Welcome\x1b[31m", sample: ["ann", "bob"], tps: 20 };
  const server = await startServer({}, (peer) =>
    enablePing(peer, (msg) => ({ ...data, asked: msg.q ?? null })),
  );
  return `127.0.0.1:${server.addr[1]}`;
}

const foreigners: readonly [string, string, () => Promise<string>][] = [
  ["a closed port", "refused", async () => `127.0.0.1:${await freePort()}`],
  ["a host that does not exist", "unresolvable", async () => "no-such-host.invalid"],
  ["a server that says nothing", "timeout", () => socketServer(() => {})],
  ["a server that closes at once", "closed", () => socketServer((socket) => socket.end())],
  ["a server of noise", "notpeng3dnet", () => socketServer((socket) => socket.write(Buffer.alloc(99, 0xaa)))],
  [
    "an HTTP server",
    "notpeng3dnet",
    () => listening(createHttpServer((_request, response) => response.end())),
  ],
  [
    "a TLS server",
    "tls",
    () =>
      listening(createTlsServer({ cert: readFileSync(pem("server")), key: readFileSync(pem("server-key")) })),
  ],
  [
    "a peng3dnet server of another version",
    "protocol",
    () => socketServer((socket) => socket.write(hello(7))),
  ],
  ["a peng3dnet server without ping", "closed", async () => (await startServer()).addr.join(":")],
  [
    "a peng3dnet server whose answer comes too late",
    "timeout",
    () =>
      socketServer((socket) => {
        socket.write(hello());
        setTimeout(() => socket.write(packet(65, {})), 6000).unref();
      }),
  ],
];

describe.each(foreigners)("%s", (_, code, serve) => {
  test(`is reported as ${code}, in time, with exit code 1`, async () => {
    const timeout = 2;
    const target = await serve();
    const outcome = await command(["--json", "-W", `${timeout}`, target]);
    expect(outcome).toMatchObject({ code: 1, stderr: "" });
    expect(outcome.took).toBeLessThan(timeout + start);
    expect(objects(outcome)).toEqual([
      {
        target,
        seq: 1,
        ok: false,
        error: expect.objectContaining({ code, message: expect.stringMatching(/./) }),
      },
    ]);
  }, 30_000);
});

describe("a server that answers", () => {
  test("is shown to people, without what a terminal would obey", async () => {
    const target = await status();
    const outcome = await command([target]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    const numbers = /\b\d+(\.\d+)?(?=\/| ms)/g;
    const shown = outcome.stdout.replaceAll(target, "TARGET").split("\n");
    expect(shown.map((line) => (/time|delay/.test(line) ? line.replace(numbers, "#") : line))).toEqual([
      "TARGET: seq=1  time=# ms  peng3dnet 0.2.0  users #/32",
      "    motd    Welcome",
      "    sample  ann, bob",
      "    tps     20",
      "    asked   -",
      "",
      "--- TARGET ---",
      "1 sent, 1 answered, 0 % lost",
      "delay min/avg/max/stddev = #/#/#/# ms",
      "",
    ]);
    expect(outcome.took).toBeLessThan(start);
  });

  test("is one JSON object, with the data that were sent", async () => {
    const target = await status();
    const outcome = await command(["--json", "--data", "q=[1,2]", "--data", "who=me", target]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(objects(outcome)).toEqual([
      {
        target,
        seq: 1,
        ok: true,
        delay: expect.any(Number),
        recvtime: expect.any(Number),
        data: {
          oldmsg: { q: [1, 2], who: "me", time: expect.any(Number) },
          usercount: 3,
          maxusers: 32,
          motd: "Welcome\x1b[31m",
          sample: ["ann", "bob"],
          tps: 20,
          asked: [1, 2],
          peng3dnet: { version: "0.2.0", release: "0.2.0", protoversion: 2 },
        },
      },
    ]);
  });

  test("is pinged as often as asked, beside one that does not answer", async () => {
    const target = await status();
    const closed = `127.0.0.1:${await freePort()}`;
    const outcome = await command(["--json", "-c", "3", "-i", "0.05", target, closed]);
    expect(outcome.code).toBe(1);
    const all = objects(outcome) as { target: string; ok?: boolean; seq?: number; summary?: unknown }[];
    const results = (of: string) => all.filter(({ target: which, seq }) => which === of && seq !== undefined);
    expect(results(target).map(({ seq, ok }) => [seq, ok])).toEqual([1, 2, 3].map((seq) => [seq, true]));
    expect(results(closed).map(({ seq, ok }) => [seq, ok])).toEqual([1, 2, 3].map((seq) => [seq, false]));
    expect(all.slice(-2)).toEqual([
      {
        target,
        summary: {
          sent: 3,
          received: 3,
          loss: 0,
          delay: {
            min: expect.any(Number),
            avg: expect.any(Number),
            max: expect.any(Number),
            stddev: expect.any(Number),
          },
        },
      },
      { target: closed, summary: { sent: 3, received: 0, loss: 1, delay: null } },
    ]);
  });

  test("is summed up only, with --quiet", async () => {
    const { code, stdout } = await command(["-q", "-c2", "-i0", await status()]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^--- .*\n2 sent, 2 answered, 0 % lost\ndelay min\/avg\/max\/stddev = .* ms\n$/);
  });

  test("over IPv6 is found, and only where IPv6 is wanted", async () => {
    const server = await startServer({ addr: "[::1]:0" }, (peer) => enablePing(peer));
    const target = `[::1]:${server.addr[1]}`;
    expect(await command([target])).toMatchObject({ code: 0 });
    expect(await command(["-6", target])).toMatchObject({ code: 0 });
    expect(objects(await command(["-4", "--json", target]))).toMatchObject([
      { error: { code: "unresolvable" } },
    ]);
  });

  test("by name is found over IPv4 where that is wanted", async () => {
    const port = (await status()).split(":")[1];
    expect(await command(["-4", `localhost:${port}`])).toMatchObject({ code: 0 });
  });

  test("is watched until Ctrl+C, in lines where there is no terminal; then summed up", async () => {
    let stopped = false;
    const outcome = await command(["--watch", "-i", "0.05", await status()], {
      printed: (stdout, stop) => {
        if (stdout.includes("seq=3") && !stopped) stop();
        stopped ||= stdout.includes("seq=3");
      },
    });
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).not.toContain("\x1b");
    expect(outcome.stdout).toMatch(/seq=1 .*seq=2 .*seq=3 .*answered, 0 % lost/s);
  });

  test("may be slow, as long as it answers in time", async () => {
    const target = await socketServer((socket) => {
      socket.write(hello());
      setTimeout(() => socket.write(packet(65, { slow: true })), 700);
    });
    const outcome = await command(["--json", "-W", "5", target]);
    expect(outcome.code).toBe(0);
    expect(objects(outcome)).toMatchObject([{ ok: true, data: { slow: true } }]);
  });
});

describe("TLS", () => {
  const secured = { "net.ssl.enabled": true } as const;
  const serverCfg = {
    ...secured,
    "net.ssl.server.certfile": pem("server"),
    "net.ssl.server.keyfile": pem("server-key"),
    "net.ssl.cafile": pem("ca"),
  };

  async function tlsStatus(cfg: ConfigOverrides = {}): Promise<string> {
    const server = await startServer({ cfg: { ...serverCfg, ...cfg } }, (peer) =>
      enablePing(peer, { motd: "hi" }),
    );
    return `127.0.0.1:${server.addr[1]}`;
  }

  const anyClient = { "net.ssl.server.force_verify": false };
  const own = ["--cert", pem("client"), "--key", pem("client-key")];
  const elsewhere = {
    "net.ssl.server.certfile": pem("wrong-host"),
    "net.ssl.server.keyfile": pem("wrong-host-key"),
    ...anyClient,
  };

  test.each<[string, ConfigOverrides, readonly string[]]>([
    ["whose authority is known", anyClient, ["--tls", "--ca", pem("ca")]],
    ["that asks for a certificate", {}, ["--ca", pem("ca"), ...own]],
    ["whose authority is not known, if that is accepted", anyClient, ["--insecure"]],
    ["that goes by another name", elsewhere, ["--ca", pem("ca"), "--servername", "elsewhere.invalid"]],
    ["whose name is found in one family", anyClient, ["-4", "--ca", pem("ca")]],
  ])("a server %s is pinged", async (_, cfg, args) => {
    const target = (await tlsStatus(cfg)).replace("127.0.0.1", "localhost");
    const outcome = await command(["--json", ...args, target]);
    expect(objects(outcome)).toMatchObject([{ ok: true, data: { motd: "hi" } }]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
  });

  test.each<[string, () => Promise<string>, readonly string[]]>([
    ["whose authority is not known", () => tlsStatus(anyClient), ["--tls"]],
    ["that goes by another name", () => tlsStatus(elsewhere), ["--ca", pem("ca")]],
    ["that asks for a certificate and gets none", () => tlsStatus(), ["--ca", pem("ca")]],
    ["that is pinged without TLS", () => tlsStatus(anyClient), []],
    ["that does without TLS", status, ["--tls"]],
    ["that is an HTTP server", () => listening(createHttpServer()), ["--insecure"]],
  ])("a server %s is reported as tls, in time", async (_, serve, args) => {
    const timeout = 2;
    const outcome = await command(["--json", "-W", `${timeout}`, ...args, await serve()]);
    expect(objects(outcome)).toMatchObject([{ ok: false, error: { code: "tls" } }]);
    expect(outcome).toMatchObject({ code: 1, stderr: "" });
    expect(outcome.took).toBeLessThan(timeout + start);
  });

  test.each<[string, () => Promise<string>, readonly string[], string]>([
    ["whose authority is not known", () => tlsStatus(anyClient), ["--tls"], "--ca"],
    ["that is pinged without TLS", () => tlsStatus(anyClient), [], "--tls"],
    ["that does without TLS", status, ["--tls"], "leave --tls out"],
    ["that goes by another name", () => tlsStatus(elsewhere), ["--ca", pem("ca")], "--servername"],
    ["that asks for a certificate", () => tlsStatus(), ["--ca", pem("ca")], "--cert"],
    ["that gets a certificate without its key", () => tlsStatus(), ["--cert", pem("client")], "--key"],
  ])(
    "for a server %s, the options that help are named as the command has them",
    async (_, serve, args, option) => {
      const { stdout, stderr } = await command(["-W", "2", ...args, await serve()]);
      expect(stdout + stderr).toContain(option);
      expect(stdout + stderr).not.toContain("net.ssl");
    },
  );

  test("a server at wss: is pinged, with an authority that Node is told of", async () => {
    const acceptor = webSocketAcceptor({ path: "/play" });
    const server = await startServer({ acceptor, cfg: { ...serverCfg, ...anyClient } }, (peer) =>
      enablePing(peer, { motd: "hi" }),
    );
    const url = `wss://localhost:${server.addr[1]}/play`;
    const known = await command(["--json", url], { env: { NODE_EXTRA_CA_CERTS: pem("ca") } });
    expect(objects(known)).toMatchObject([{ target: url, ok: true, data: { motd: "hi" } }]);
    expect(known.code).toBe(0);
    expect((await command(["--json", url])).code).toBe(1);
  });

  test("with a file that does not exist is a mistake, with exit code 2", async () => {
    const { code, stderr } = await command(["--ca", pem("none"), "127.0.0.1:9"]);
    expect(code).toBe(2);
    expect(stderr).toContain("none.pem");
    expect(stderr).toContain("--ca");
    expect(stderr).not.toContain("net.ssl");
  });
});

test.each([
  [[], /give at least one server/],
  [["--bogus", "localhost"], /Unknown option '--bogus'/],
  [["-c", "0", "localhost"], /--count has to be/],
  [["-W", "soon", "localhost"], /--timeout has to be/],
  [["-i", "-1", "localhost"], /Option '-i' argument is ambiguous\n/],
  [["-4", "-6", "localhost"], /-4 and -6/],
  [["local host"], /neither a host name nor an IP address/],
  [["localhost:99999"], /port/],
  [["--data", "motd", "localhost"], /--data needs KEY=VALUE/],
  [["--data", `x=${"a".repeat(1100)}`, "localhost"], /at most 1024 are allowed/],
])("wrong arguments are named, with exit code 2: %#", async (args, message) => {
  const { code, stdout, stderr } = await command(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
});

test("tells its version and its options", async () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));
  expect(await command(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
  const help = await command(["--help"]);
  expect(help.code).toBe(0);
  const options =
    "--count --interval --timeout --watch --json --data --quiet --tls --ca --cert --key --servername";
  for (const option of `${options} --insecure --version --help -4 -6`.split(" ")) {
    expect(help.stdout).toContain(option);
  }
});
