// Heartbeats over sockets: a stopped process, a network that swallows, Python peers that know nothing of it.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { BEAT_ANSWER_ID, BEAT_ID, Client, HeartbeatTimeoutError } from "@peng3dnet/core";
import { blackHole } from "../support/black-hole.js";
import { onCleanup, track } from "../support/cleanup.js";
import { echo, next, nextOf, startPair, startServer } from "../support/peers.js";
import { pythonClient, pythonServer } from "../support/python-peer.js";
import { RawPeer } from "../support/raw-peer.js";
import { accept, packet, SETTYPE, value } from "../support/wire.js";

const QUICK = { "net.heartbeat.interval": 0.2, "net.heartbeat.timeout": 1 };
const PATIENT = { "net.heartbeat.timeout": 0 };
const LOST = { reason: "heartbeattimeout", error: expect.any(HeartbeatTimeoutError), clean: false };

interface Peer {
  readonly child: ChildProcess;
  /** The next line that it prints. */
  line(): Promise<string>;
}

function start(...args: string[]): Peer {
  const program = join(__dirname, "..", "support", "frozen-peer.mjs");
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  onCleanup(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value as string };
}

test("a server finds out that a client's process stands still; when that goes on, it learns the reason", async () => {
  const server = await startServer({ cfg: QUICK }, () => {});
  const active = next(server, "handshakecomplete");
  const peer = start("client", String(server.addr[1]));
  expect(await peer.line()).toBe("ready");
  await active;
  const closed = next(server, "close");
  peer.child.kill("SIGSTOP");
  expect((await closed)[1]).toEqual(LOST);
  peer.child.kill("SIGCONT");
  expect(await peer.line()).toBe("closed heartbeattimeout");
});

test("so it does while it sends to that client all the time", async () => {
  const server = await startServer({ cfg: QUICK }, () => {});
  const active = next(server, "handshakecomplete");
  const peer = start("client", String(server.addr[1]));
  await peer.line();
  const [remote] = await active;
  peer.child.kill("SIGSTOP");
  const closed = next(server, "close");
  const sending = setInterval(() => {
    if (remote.active) server.getConnection(remote.cid)?.sendRaw(70, "x".repeat(1000));
  }, 20);
  onCleanup(() => clearInterval(sending));
  expect((await closed)[1]).toEqual(LOST);
});

test("a client finds out that its server's process stands still", async () => {
  const peer = start("server");
  const port = (await peer.line()).split(" ")[1];
  const client = track(new Client({ addr: `127.0.0.1:${port}`, cfg: QUICK }));
  await client.start();
  const closed = nextOf(client, "close");
  peer.child.kill("SIGSTOP");
  expect((await closed)[0]).toEqual(LOST);
});

test("both sides find out that the network between them swallows everything", async () => {
  const server = await startServer({ cfg: QUICK }, () => {});
  const hole = await blackHole(server.addr);
  const active = next(server, "handshakecomplete");
  const client = track(new Client({ addr: hole.addr, cfg: QUICK }));
  await client.start();
  await active;
  const closes = Promise.all([next(server, "close"), nextOf(client, "close")]);
  hole.swallow();
  const [[, onServer], [onClient]] = await closes;
  expect([onServer, onClient]).toEqual([LOST, LOST]);
});

test("over TCP the round trip is measured, and the server's time is within its error", async () => {
  const { server, client, remote } = await startPair({ server: { cfg: { ...QUICK, ...PATIENT } } });
  while (client.serverTime() === undefined || remote.rtt === undefined)
    await new Promise((resolve) => setImmediate(resolve));
  for (const rtt of [client.rtt!, remote.rtt!]) {
    expect(rtt.latest).toBeGreaterThan(0);
    expect(rtt.smoothed).toBeGreaterThan(0);
  }
  const before = server.serverTime().time;
  const { time, error } = client.serverTime()!;
  const after = server.serverTime().time;
  expect(error).toBeGreaterThan(0);
  expect(time).toBeGreaterThanOrEqual(before - error);
  expect(time).toBeLessThanOrEqual(after + error);
});

/** Resolves once so many more beats have come to a client. */
async function beats(client: Client, count: number): Promise<void> {
  const end = client.metrics.bytesIn + 20 * count;
  while (client.metrics.bytesIn < end) await new Promise((resolve) => setImmediate(resolve));
}

test("a Python client ignores the offer, and gets no beats", async () => {
  const server = await startServer({ cfg: QUICK });
  const [active, closed] = [next(server, "handshakecomplete"), next(server, "close")];
  const seen = pythonClient(server.addr, {});
  const [remote] = await active;
  const { bytesOut } = remote.conn.metrics;
  const other = track(new Client({ addr: server.addr }));
  echo(other);
  await other.start();
  await beats(other, 8);
  expect(remote.conn.metrics.bytesOut).toBe(bytesOut);
  expect([remote.rtt, remote.active]).toEqual([undefined, true]);
  await remote.close("enough");
  expect(await seen).toEqual({ received: [], reason: "enough" });
  await closed;
});

test("a Python server hears nothing of it, however silent it is", async () => {
  const silent = await pythonServer({ names: { "test:echo": 64 } });
  const seen = silent.closed();
  const client = track(new Client({ addr: silent.addr, cfg: QUICK }));
  echo(client);
  await client.start();
  const { client: other } = await startPair({ server: { cfg: QUICK } });
  await beats(other, 10);
  expect([client.active, client.rtt, client.serverTime()]).toEqual([true, undefined, undefined]);
  await client.close("enough");
  expect(await seen).toEqual({ received: [], reason: "enough" });
});

test("what a server sends that beats, byte for byte", async () => {
  const server = await startServer({ cfg: { ...QUICK, ...PATIENT } });
  const peer = await RawPeer.connect(server.addr);
  const hello = await peer.packet();
  expect(value(hello)).toEqual({ version: "0.2.0", protoversion: 2, ext: { heartbeat: { interval: 0.2 } } });
  peer.write(packet(SETTYPE, { conntype: "classic", ext: { heartbeat: {} } }));
  await peer.packet();
  // It comes with the registry, before the client has accepted that, and says how long ago settype came.
  const first = await peer.packet();
  expect([first.id, value(first)]).toEqual([BEAT_ID, [expect.any(Number), expect.any(Number)]]);
  const [time, held] = value(first) as [number, number];
  expect(held).toBeLessThan(time);
  peer.write(accept());
  peer.write(packet(BEAT_ANSWER_ID, time));
  const second = await peer.packet();
  expect([second.id, value(second)]).toEqual([BEAT_ID, [expect.any(Number), expect.any(Number)]]);
  // It is not answered, so that those after it ask nothing.
  const third = await peer.packet();
  expect([third.id, value(third), third.bytes.length]).toEqual([BEAT_ID, null, 11]);
});
