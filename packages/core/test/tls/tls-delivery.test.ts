// Under TLS, too, a close delivers everything that was accepted, then the reason, then the end.

import { createHash } from "node:crypto";
import {
  Client,
  type ClientOnServer,
  type CloseInfo,
  type ConfigOverrides,
  type Server,
} from "@peng3dnet/core";
import { bareTlsClient } from "../support/bare-tls.js";
import { bareTls, clientTls, serverTls } from "../support/certificates.js";
import { deferred, handle, next, startPair, startServer } from "../support/peers.js";
import { accept, packet, settype } from "../support/wire.js";

const patient: ConfigOverrides = { "net.timeout.close": 60, "net.compress.enabled": false };

interface Run {
  readonly id: number;
  readonly closer: "client" | "server";
  /** Packets of the closer, and their size. */
  readonly count: number;
  readonly size: number;
  /** Packets of the other side that are under way when the close comes. */
  readonly against: number;
}

interface Seen {
  readonly numbers: number[];
  readonly closed: Promise<CloseInfo>;
}

const plan = (id: number): Run => ({
  id,
  closer: id % 2 === 0 ? "client" : "server",
  count: 1 + (id % 17),
  size: id % 50 === 0 ? 300_000 : (id * 37) % 5000,
  against: id % 3 === 0 ? 40 : 0,
});

/** Sends what a run asks for and closes. */
async function sendAndClose(
  peer: { sendMessage(name: string, data: unknown): boolean; close(reason: string): Promise<CloseInfo> },
  { id, count, size }: Run,
): Promise<void> {
  const payload = new Uint8Array(size).fill(id);
  for (let n = 0; n < count; n++) peer.sendMessage("test:data", { n, payload });
  const info = await peer.close(`bye ${id}`);
  if (!info.clean) throw new Error(`run ${id}: the closing side saw ${JSON.stringify(info)}`);
}

function collect(numbers: number[], msg: unknown, { id, size }: Run): void {
  const { n, payload } = msg as { n: number; payload: Uint8Array };
  if (Buffer.compare(payload, Buffer.alloc(size, id % 256)) !== 0) {
    throw new Error(`run ${id}: packet ${n} is damaged`);
  }
  numbers.push(n);
}

async function serve(): Promise<{ readonly server: Server; readonly seen: (id: number) => Seen }> {
  const runs = new Map<ClientOnServer, { run: Run; numbers: number[]; info: (info: CloseInfo) => void }>();
  const seen = new Map<number, Seen>();
  const server = await startServer({ cfg: { ...serverTls(), ...patient } }, (peer) => {
    const of = (cid: number | null): ClientOnServer => peer.clients.get(cid ?? -1) as ClientOnServer;
    handle(peer, "test:begin", (msg, cid) => {
      const run = plan((msg as { id: number }).id);
      const { promise: closed, resolve: info } = deferred<CloseInfo>();
      const numbers: number[] = [];
      runs.set(of(cid), { run, numbers, info });
      seen.set(run.id, { numbers, closed });
      if (run.closer === "server") return sendAndClose(of(cid), run);
      for (let n = 0; n < run.against; n++) of(cid).sendMessage("test:against", new Uint8Array(2000));
      return undefined;
    });
    handle(peer, "test:data", (msg, cid) => {
      const { run, numbers } = runs.get(of(cid))!;
      collect(numbers, msg, run);
    });
    handle(peer, "test:against");
  });
  server.on("close", (remote, info) => runs.get(remote)?.info(info));
  server.on("handlerError", (error) => {
    throw error;
  });
  return { server, seen: (id) => seen.get(id)! };
}

async function go(server: Server, run: Run, seen: (id: number) => Seen): Promise<void> {
  const numbers: number[] = [];
  const [, port] = server.addr;
  const client = new Client({
    addr: ["localhost", port],
    cfg: { ...clientTls(), ...patient },
  });
  handle(client, "test:begin");
  handle(client, "test:data", (msg) => collect(numbers, msg, run));
  handle(client, "test:against");
  await client.start();
  client.sendMessage("test:begin", { id: run.id });
  let theirs: Seen;
  if (run.closer === "client") {
    await sendAndClose(client, run);
    theirs = seen(run.id);
  } else {
    for (let n = 0; n < run.against; n++) {
      if (client.active) client.sendMessage("test:against", new Uint8Array(2000));
    }
    theirs = { numbers, closed: client.waitForClose() };
  }
  const info = await theirs.closed;
  expect(info).toMatchObject({ reason: `bye ${run.id}`, error: undefined, clean: true });
  expect(theirs.numbers).toEqual(Array.from({ length: run.count }, (_, n) => n));
  client.stop();
  await client.join();
}

test("1,000 closes lose nothing", async () => {
  const { server, seen } = await serve();
  const ids = Array.from({ length: 1000 }, (_, id) => id);
  const worker = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) await go(server, plan(id), seen);
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  // The server's ends of the last ones may take a moment longer.
  while (server.clients.size > 0) await next(server, "close");
  expect(server.metrics.rejectedBy).toEqual({});
}, 120_000);

test.each(["TLSv1.2", "TLSv1.3"] as const)(
  "%s: a peer that reads late gets all of a close",
  async (version) => {
    const server = await startServer({ cfg: { ...serverTls(), ...patient } });
    const active = next(server, "handshakecomplete");
    const { socket, peer } = await bareTlsClient(server.addr, { ...bareTls(), maxVersion: version });
    await peer.packet();
    peer.write(settype());
    await peer.packet();
    peer.write(accept());
    const [remote] = await active;
    socket.pause();
    for (let n = 0; n < 24; n++) remote.sendMessage("test:echo", new Uint8Array(250_000).fill(n));
    const closing = remote.close("late");
    // Unread input would make the kernel drop what is under way.
    for (let n = 0; n < 400; n++) peer.write(packet(64, new Uint8Array(4000)));
    await new Promise<void>((written) => socket.write("", () => written()));
    socket.resume();
    let packets = 0;
    for (let next = await peer.packet(); next.id !== 16; next = await peer.packet()) {
      expect(next.body.subarray(-250_000).equals(Buffer.alloc(250_000, packets))).toBe(true);
      packets++;
    }
    expect(packets).toBe(24);
    // The other direction is still open.
    peer.write(packet(64, "more"));
    peer.end();
    await peer.ended();
    await expect(closing).resolves.toMatchObject({ reason: "late", clean: true });
  },
);

test("the bytes arrive as they were accepted, whatever happens to buffers meanwhile", async () => {
  const [sent, came] = [createHash("sha256"), createHash("sha256")];
  let left = 400;
  const all = deferred();
  const { client } = await startPair({
    server: { cfg: { ...serverTls(), "net.compress.enabled": false } },
    client: { cfg: { ...clientTls(), "net.compress.enabled": false } },
    setUp: (peer) =>
      handle(peer, "test:data", (msg) => {
        came.update(msg as Uint8Array);
        if (--left === 0) all.resolve();
      }),
  });
  for (let n = 0; n < 400; n++) {
    const payload = new Uint8Array((n * 7919) % 60_000).fill(n);
    sent.update(payload);
    if (!client.sendMessage("test:data", payload)) await client.flush();
    // Buffers are reused once a write returns.
    if (n % 7 === 0) client.pumpWriteBuffer();
    payload.fill(0xff);
    if (n % 11 === 0) await new Promise(setImmediate);
  }
  await all.promise;
  expect(came.digest("hex")).toBe(sent.digest("hex"));
});

test("a server that processes later makes a fast client wait, and gets all", async () => {
  const received: unknown[] = [];
  const { server, client } = await startPair({
    server: { cfg: { ...serverTls(), "net.limits.unprocessed.packets": 10 } },
    client: { cfg: clientTls() },
    manual: "server",
    setUp: (peer) => handle(peer, "test:data", (msg) => void received.push(msg)),
  });
  const total = 2000;
  for (let n = 0; n < total; n++) client.sendMessage("test:data", n);
  const closing = client.close("done");
  while (server.clients.size > 0) {
    server.process();
    await new Promise(setImmediate);
  }
  expect(received).toEqual(Array.from({ length: total }, (_, n) => n));
  await expect(closing).resolves.toMatchObject({ reason: "done", clean: true });
});

test("flush means that it is with the kernel", async () => {
  const { client } = await startPair({ server: { cfg: serverTls() }, client: { cfg: clientTls() } });
  client.sendMessage("test:echo", new Uint8Array(100_000));
  await client.flush();
  expect(client.sock?.writableLength).toBe(0);
  expect(client.conn?.metrics.unsent).toBe(0);
});

test("a connection that breaks is an error on both sides", async () => {
  const { client, server } = await startPair({ server: { cfg: serverTls() }, client: { cfg: clientTls() } });
  const closed = next(server, "close");
  client.stop();
  const [, info] = await closed;
  expect(info).toMatchObject({ reason: "socketclose", clean: false });
});
