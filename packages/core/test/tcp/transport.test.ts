// A transport that does what the test says, for what sockets do at moments of their own choosing.

import {
  type Address,
  type ClientOnServer,
  Server,
  SSLSEC_NONE,
  type Transport,
  type TransportHandler,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { onCleanup } from "../support/cleanup.js";
import { echo, handle, LOCAL, next } from "../support/peers.js";
import { sessionOf } from "../support/session.js";
import { accept, closeconn, packet, settype } from "../support/wire.js";

class StubTransport implements Transport {
  readonly remoteAddress: Address = ["stub", 1];
  readonly socket = undefined;
  readonly sslSeclevel = SSLSEC_NONE;
  /** Whether writes stay on their way until `drain`. */
  slow = false;
  backlog = 0;
  paused = false;
  ended = false;
  destroyed = false;
  readonly writes: number[] = [];
  handler: TransportHandler | undefined;

  constructor(readonly reusesChunks = false) {}

  get busy(): boolean {
    return this.backlog > 0;
  }

  start(handler: TransportHandler): void {
    this.handler = handler;
    handler.ready();
  }

  write(bytes: Uint8Array): boolean {
    this.writes.push(bytes.length);
    if (this.slow) this.backlog += bytes.length;
    return !this.slow;
  }

  /** What was written gets to the kernel. */
  drain(): void {
    this.backlog = 0;
    this.handler?.drained();
  }

  end(): void {
    this.ended = true;
  }

  destroyAfterWrite(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    queueMicrotask(() => this.handler?.closed(undefined));
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

interface Scene {
  readonly clock: ManualClock;
  readonly server: Server;
  readonly client: ClientOnServer;
  readonly transport: StubTransport;
}

/** A server with one connection, past the handshake. */
function scene(transport = new StubTransport(), cfg = {}): Scene {
  const clock = new ManualClock();
  const server = new Server({ addr: LOCAL, clock, cfg: { "net.compress.enabled": false, ...cfg } });
  onCleanup(() => server.stop());
  echo(server);
  server.processAsync();
  const client = server.accept(transport);
  transport.handler?.data(settype());
  transport.handler?.data(accept());
  expect(client.active).toBe(true);
  transport.writes.length = 0;
  return { clock, server, client, transport };
}

const KIB = 1024;
const MIB = 1024 * KIB;
/** The longest piece that is handed to a transport at once, of a long packet and of short ones. */
const SLICE = 256 * KIB + 64;
const BUFFER = 32 * KIB;

/** Sends packets of `size` bytes in all until `total` bytes are unsent. */
function fill({ client }: Scene, total: number): void {
  while (client.conn.metrics.unsent < total) client.sendMessage("test:echo", new Uint8Array(1000));
}

test("a busy transport gets nothing more; then the backlog goes to it in pieces", () => {
  const stage = scene();
  const { transport, client } = stage;
  transport.slow = true;
  fill(stage, MIB);
  expect(transport.writes).toHaveLength(1);
  const [first = 0] = transport.writes;
  const waiting = client.conn.metrics.unsent - first;
  while (transport.busy) transport.drain();
  const rest = transport.writes.slice(1);
  expect(rest.reduce((sum, length) => sum + length)).toBe(waiting);
  expect(Math.max(...rest)).toBeLessThanOrEqual(BUFFER);
  expect(rest.length).toBeLessThan(waiting / BUFFER + 3);
  expect(client.conn.metrics.unsent).toBe(0);
});

test("a long packet goes in pieces, too", () => {
  const { transport, client } = scene();
  transport.slow = true;
  client.sendMessage("test:echo", new Uint8Array(600 * KIB));
  while (transport.busy) transport.drain();
  expect(transport.writes).toEqual([SLICE, SLICE, 600 * KIB + 15 - 2 * SLICE]);
});

test("each piece that gets through is progress that puts net.timeout.unsent off", async () => {
  const stage = scene();
  const { clock, transport, client, server } = stage;
  transport.slow = true;
  fill(stage, MIB);
  for (let piece = 0; piece < 4; piece++) {
    clock.advance(29);
    transport.drain();
    expect(transport.busy).toBe(true);
  }
  clock.advance(29.9);
  expect(client.active).toBe(true);
  const closed = next(server, "close");
  clock.advance(0.1);
  expect((await closed)[1]).toMatchObject({ reason: "slowconsumer" });
});

test("what was all sent in time starts anew the next time", () => {
  const stage = scene();
  const { clock, transport, client } = stage;
  transport.slow = true;
  client.sendMessage("test:echo", 1);
  sessionOf(client.conn).writeOut();
  clock.advance(20);
  transport.drain();
  expect(transport.busy).toBe(false);
  clock.advance(5);
  client.sendMessage("test:echo", 2);
  sessionOf(client.conn).writeOut();
  clock.advance(29);
  expect(client.active).toBe(true);
  clock.advance(1);
  expect(transport.destroyed).toBe(true);
});

test("drain comes as soon as there is room, not only when all is through", () => {
  const stage = scene(undefined, { "net.limits.unsent.highwater": 600 * KIB });
  const { transport, server, client } = stage;
  let drains = 0;
  server.on("drain", () => drains++);
  transport.slow = true;
  fill(stage, MIB);
  const left: number[] = [];
  while (drains === 0) {
    transport.drain();
    left.push(client.conn.metrics.unsent);
  }
  expect(left.at(-1)).toBeLessThanOrEqual(600 * KIB);
  expect(left.at(-2)).toBeGreaterThan(600 * KIB);
  expect(transport.busy).toBe(true);
  while (transport.busy) transport.drain();
  expect(drains).toBe(1);
});

test("flush resolves for each caller once its part is through", async () => {
  const stage = scene();
  const { transport, client } = stage;
  transport.slow = true;
  const order: string[] = [];
  const settled = (name: string) => (): void => void order.push(name);
  client.sendMessage("test:echo", "first");
  const first = client.flush().then(settled("first"));
  fill(stage, 100 * KIB);
  const second = client.flush().then(settled("second"));
  fill(stage, MIB);
  const third = client.flush().then(settled("third"));
  transport.drain();
  await first;
  expect(order).toEqual(["first"]);
  for (let piece = 0; piece < Math.ceil((100 * KIB) / BUFFER); piece++) transport.drain();
  await second;
  expect(order).toEqual(["first", "second"]);
  while (transport.busy) transport.drain();
  await third;
});

test("flush with a transport whose earlier bytes are only partly through", async () => {
  const { transport, client } = scene();
  transport.slow = true;
  client.sendMessage("test:echo", new Uint8Array(1000));
  sessionOf(client.conn).writeOut();
  const handedOver = client.conn.metrics.bytesOut;
  // Half of it is with the kernel, which the transport will tell only when all is.
  transport.backlog -= 500;
  let done = false;
  const flushed = client.flush().then(() => {
    done = true;
  });
  sessionOf(client.conn).writeOut();
  await Promise.resolve();
  expect(done).toBe(false);
  transport.drain();
  await flushed;
  expect(client.conn.metrics.bytesOut).toBe(handedOver);
});

test.each([7, 64, 1000])(
  "a transport may reuse its chunks of %d bytes as soon as data returns",
  async (size) => {
    const received: unknown[] = [];
    const server = new Server({ addr: LOCAL });
    onCleanup(() => server.stop());
    handle(server, "test:item", (msg) => void received.push(msg));
    server.processAsync();
    const transport = new StubTransport(true);
    server.accept(transport);
    const items = Array.from({ length: 50 }, (_, index) => ({ index, bytes: Uint8Array.of(index, 1, 2) }));
    const stream = Buffer.concat([settype(), accept(), ...items.map((item) => packet(64, item))]);
    const chunk = Buffer.alloc(size);
    for (let at = 0; at < stream.length; at += size) {
      const length = stream.copy(chunk, 0, at, at + size);
      transport.handler?.data(chunk.subarray(0, length));
      chunk.fill(0xff);
    }
    // On a busy machine, a part of it may have to wait for its turn.
    while (received.length < items.length) await new Promise((resolve) => setImmediate(resolve));
    expect(received).toEqual(items);
  },
);

test("packets of a chunk reach nobody once a handler has closed the connection", () => {
  const received: unknown[] = [];
  const server = new Server({ addr: LOCAL });
  onCleanup(() => server.stop());
  handle(server, "test:item", (msg, cid) => {
    received.push(msg);
    if (msg === 3) void server.closeConnection(cid, "enough");
  });
  server.processAsync();
  const transport = new StubTransport();
  server.accept(transport);
  const items = Array.from({ length: 10 }, (_, index) => packet(64, index));
  transport.handler?.data(Buffer.concat([settype(), accept(), ...items]));
  expect(received).toEqual([0, 1, 2, 3]);
});

test("receiveData is not called for what comes after a close has begun", () => {
  let called = 0;
  class Watching extends Server {
    override receiveData(data: Uint8Array, cid: number): void {
      called++;
      super.receiveData(data, cid);
    }
  }
  const server = new Watching({ addr: LOCAL });
  onCleanup(() => server.stop());
  echo(server);
  server.processAsync();
  const transport = new StubTransport();
  const client = server.accept(transport);
  transport.handler?.data(settype());
  void client.close("enough");
  transport.handler?.data(accept());
  expect(called).toBe(1);
  expect(client.conn.metrics.bytesIn).toBe(settype().length + accept().length);
});

describe("a close is clean only if", () => {
  test("all was delivered, and the peer has ended its stream", async () => {
    const { transport, client } = scene();
    const closing = client.close("done");
    // A Python server would forget what it has not worked off.
    expect(transport.ended).toBe(false);
    transport.handler?.ended();
    expect(transport.ended).toBe(true);
    transport.destroy();
    expect(await closing).toEqual({ reason: "done", error: undefined, clean: true });
  });

  test("not: the peer ended its stream, but did not take everything", async () => {
    const { clock, transport, client } = scene();
    transport.slow = true;
    client.sendMessage("test:echo", "on its way");
    const closing = client.close("done");
    transport.handler?.ended();
    expect(transport.ended).toBe(false);
    clock.advance(5);
    expect(await closing).toEqual({ reason: "done", error: undefined, clean: false });
  });

  test("not: the transport broke before the peer's end", async () => {
    const { transport, client } = scene();
    const closing = client.close("done");
    transport.destroy();
    expect(await closing).toMatchObject({ clean: false });
  });

  test("not: the transport broke after both ends, so that the last bytes may not have arrived", async () => {
    const { transport, server } = scene();
    const closed = next(server, "close");
    transport.handler?.data(closeconn("gone"));
    expect(transport.ended).toBe(true);
    transport.handler?.ended();
    transport.handler?.closed(new Error("read ECONNRESET"));
    expect((await closed)[1]).toEqual({ reason: "gone", error: undefined, clean: false });
  });

  test("the reason of a peer that closes counts, though this side has more to say", async () => {
    const { transport, client, server } = scene();
    transport.slow = true;
    client.sendMessage("test:echo", "on its way");
    sessionOf(client.conn).writeOut();
    const closed = next(server, "close");
    transport.handler?.data(closeconn("their reason"));
    expect(() => client.sendMessage("test:echo", 1)).toThrow("the connection is closed (their reason)");
    transport.drain();
    expect(transport.ended).toBe(true);
    transport.handler?.ended();
    transport.destroy();
    expect((await closed)[1]).toEqual({ reason: "their reason", error: undefined, clean: true });
  });
});

test("an idle deadline does not end a connection whose peer has ended its stream while packets wait", () => {
  const clock = new ManualClock();
  const received: unknown[] = [];
  const server = new Server({ addr: LOCAL, clock, cfg: { "net.timeout.idle": 10 } });
  onCleanup(() => server.stop());
  handle(server, "test:item", (msg) => void received.push(msg));
  const transport = new StubTransport();
  const client = server.accept(transport);
  transport.handler?.data(Buffer.concat([settype(), accept(), packet(64, 1)]));
  transport.handler?.ended();
  clock.advance(60);
  expect(client.active).toBe(true);
  expect(server.process()).toBe(1);
  expect(received).toEqual([1]);
  expect(transport.ended).toBe(true);
});

test("a transport that is gone before it was ready", async () => {
  class Unready extends StubTransport {
    override start(handler: TransportHandler): void {
      this.handler = handler;
    }
  }
  const clock = new ManualClock();
  const server = new Server({ addr: LOCAL, clock });
  onCleanup(() => server.stop());
  const transport = new Unready();
  const client = server.accept(transport);
  const closed = next(server, "close");
  clock.advance(10);
  expect(transport.destroyed).toBe(true);
  const [closedClient, info] = await closed;
  expect(closedClient).toBe(client);
  expect(info).toMatchObject({ reason: "handshaketimeout", error: { code: "P3D_ERR_HANDSHAKE_TIMEOUT" } });
});

test("a handshake deadline ends a connection with output on its way at once", async () => {
  const clock = new ManualClock();
  const server = new Server({ addr: LOCAL, clock });
  onCleanup(() => server.stop());
  const transport = new StubTransport();
  transport.slow = true;
  server.accept(transport);
  const closed = next(server, "close");
  clock.advance(10);
  expect(transport.destroyed).toBe(true);
  expect((await closed)[1]).toMatchObject({ reason: "handshaketimeout", clean: false });
});

test("what waits in a chunk that is reused is kept while the application is behind", async () => {
  const received: unknown[] = [];
  const server = new Server({ addr: LOCAL, cfg: { "net.limits.unprocessed.packets": 4 } });
  onCleanup(() => server.stop());
  handle(server, "test:item", (msg) => void received.push(msg));
  const transport = new StubTransport(true);
  const client = server.accept(transport);
  const chunk = Buffer.concat([
    settype(),
    accept(),
    ...[0, 1, 2, 3, 4, 5, 6].map((item) => packet(64, item)),
  ]);
  transport.handler?.data(chunk);
  chunk.fill(0xff);
  expect(client.conn.metrics.queued).toBe(4);
  expect(transport.paused).toBe(true);
  while (received.length < 7) expect(await server.process({ wait: true })).toBeGreaterThan(0);
  expect(received).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(transport.paused).toBe(false);
});

test("handshakes that begin in the same moment push out one old one each", () => {
  const server = new Server({ addr: LOCAL, cfg: { "net.limits.pending": 3 } });
  onCleanup(() => server.stop());
  let drops = 0;
  server.on("drop", () => drops++);
  const transports = Array.from({ length: 5 }, () => new StubTransport());
  for (const transport of transports) server.accept(transport);
  expect(transports.map(({ destroyed }) => destroyed)).toEqual([true, true, false, false, false]);
  expect(drops).toBe(2);
});
