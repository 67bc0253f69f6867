// The moment at which a connection over TLS changes hands: what is over by then, and what has ended with the handshake.

import type { Socket } from "node:net";
import {
  AbortedError,
  type Address,
  Config,
  type ConfigOverrides,
  type ConnectRequest,
  silentLogger,
  type TlsHandshakeError,
  type Transport,
  type TransportHandler,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { unacknowledged } from "../../src/tcp/kernel-queue.js";
import { tcpAcceptor } from "../../src/tcp/tcp-acceptor.js";
import { tcpConnector } from "../../src/tcp/tcp-connector.js";
import { bareTlsClient, bareTlsServer } from "../support/bare-tls.js";
import { bareTls, clientTls, serverTls } from "../support/certificates.js";
import { onCleanup } from "../support/cleanup.js";
import { RawPeer, rawServer } from "../support/raw-peer.js";
import { relay } from "../support/relay.js";

/** What a transport tells, in its order, until it is closed. */
class Told implements TransportHandler {
  readonly events: string[] = [];
  #close: (error: Error | undefined) => void = () => {};
  readonly whenClosed = new Promise<Error | undefined>((resolve) => {
    this.#close = resolve;
  });

  ready = (): void => void this.events.push("ready");
  refused = (): void => void this.events.push("refused");
  readTarget = (): undefined => undefined;
  data = (): void => void this.events.push("data");
  ended = (): void => void this.events.push("ended");
  drained = (): void => void this.events.push("drained");
  crashed = (): void => void this.events.push("crashed");
  closed = (error: Error | undefined): void => {
    this.events.push("closed");
    this.#close(error);
  };
}

const common = { logger: silentLogger };

const neverFires = (): AbortSignal => new AbortController().signal;

/** Connects as a client does, with TLS. */
const connect = (address: Address, request: Partial<ConnectRequest>): Promise<void> =>
  tcpConnector.connect({
    ...common,
    clock: new ManualClock(),
    signal: neverFires(),
    address,
    cfg: new Config(clientTls()),
    timeout: 10,
    established: (transport) => onCleanup(() => transport.destroy()),
    ...request,
  });

/** Connects to a server that is a bare socket. */
async function connected(
  clock: ManualClock,
  signal: AbortSignal,
  established: (transport: Transport) => void,
): Promise<void> {
  const server = await bareTlsServer(bareTls("server"));
  await connect(server.addr, { clock, signal, established });
}

test("a client whose transport is destroyed before it begins is told that it is closed, and nothing else", async () => {
  const told = new Told();
  await connected(new ManualClock(), neverFires(), (transport) => {
    transport.destroy();
    transport.start(told);
  });
  await expect(told.whenClosed).resolves.toBeUndefined();
  expect(told.events).toEqual(["closed"]);
});

test("neither the deadline nor the signal of the handshake touches what it has made", async () => {
  const [clock, controller, told] = [new ManualClock(), new AbortController(), new Told()];
  let made: Transport | undefined;
  await connected(clock, controller.signal, (transport) => {
    made = transport;
    onCleanup(() => transport.destroy());
    transport.start(told);
  });
  expect(clock.timers).toBe(0);
  controller.abort();
  expect([made?.socket?.destroyed, told.events]).toEqual([false, ["ready"]]);
});

test("a client without a deadline connects", async () => {
  const server = await bareTlsServer(bareTls("server"));
  const [clock, told] = [new ManualClock(), new Told()];
  await connect(server.addr, {
    clock,
    timeout: 0,
    established: (transport) => {
      onCleanup(() => transport.destroy());
      transport.start(told);
    },
  });
  expect([told.events, clock.timers]).toEqual([["ready"], 0]);
});

test("a signal that fires between TCP and TLS is heeded, and nothing stays open", async () => {
  const server = await rawServer();
  const controller = new AbortController();
  const clock = new ManualClock();
  const reason = new Error("somebody has changed their mind");
  // Without a deadline, the clock is looked at when TCP has connected, and not before.
  clock.now = () => {
    controller.abort(reason);
    return 0;
  };
  const connecting = connect(server.addr, { clock, signal: controller.signal, timeout: 0 });
  await expect(connecting).rejects.toMatchObject({
    code: "P3D_ERR_ABORTED",
    message: "connecting was aborted",
    cause: reason,
  });
  await (await server.accepted()).ended();
});

test("a signal that fires within the handshake is heeded, and says why", async () => {
  const server = await rawServer();
  const controller = new AbortController();
  const clock = new ManualClock();
  const error = connect(server.addr, { clock, signal: controller.signal }).catch((thrown: unknown) => thrown);
  const peer = await server.accepted();
  await peer.bytes(5);
  const reason = new Error("somebody has changed their mind");
  controller.abort(reason);
  expect(await error).toBeInstanceOf(AbortedError);
  expect(await error).toMatchObject({ message: "connecting was aborted", cause: reason });
  expect(clock.timers).toBe(0);
  await peer.ended();
});

test("what a socket still says that nobody wanted escapes to nobody", async () => {
  const server = await bareTlsServer(bareTls("server"));
  const connecting = connect(server.addr, {
    established: ({ socket }) => {
      (socket as Socket).destroy(new Error("the line broke"));
      throw new Error("not wanted");
    },
  });
  await expect(connecting).rejects.toThrow("not wanted");
  // By then, the error of the socket was told.
  await new Promise(setImmediate);
});

test("what was written may be overwritten at once, while it is still on its way", async () => {
  const server = await bareTlsServer(bareTls("server"));
  const bytes = Buffer.alloc(256 * 1024, "written");
  const sent = Buffer.from(bytes);
  const written: unknown[] = [];
  await connect(server.addr, {
    established: (transport) => {
      onCleanup(() => transport.destroy());
      const told = new Told();
      told.ready = () => {
        written.push(transport.write(bytes), transport.busy, transport.backlog);
        bytes.fill("changed");
      };
      transport.start(told);
    },
  });
  expect(written).toEqual([true, true, bytes.length]);
  const { peer } = await server.accepted();
  expect((await peer.bytes(bytes.length)).equals(sent)).toBe(true);
});

/** A server that listens on a port of its own, and takes what it is offered within that event. @returns its address. */
async function listening(
  take: (open: () => Transport, refuse: () => void) => void,
  clock = new ManualClock(),
  cfg: ConfigOverrides = serverTls(),
): Promise<Address> {
  const made = await tcpAcceptor.listen({
    ...common,
    clock,
    address: ["127.0.0.1", 0],
    cfg: new Config(cfg),
    offer: (_address, open, refuse) => take(open, refuse),
    failed: (error) => {
      throw error;
    },
    signal: neverFires(),
    closingPacket: () => new Uint8Array(0),
  });
  onCleanup(() => made.close());
  return made.address;
}

test("a server whose socket is gone before the handshake begins is told so, and begins none", async () => {
  const [clock, told] = [new ManualClock(), new Told()];
  const timers: number[] = [];
  const address = await listening((open, refuse) => {
    const transport = open();
    refuse();
    transport.start(told);
    timers.push(clock.timers);
  }, clock);
  await RawPeer.connect(address);
  const error = (await told.whenClosed) as TlsHandshakeError;
  expect(error.message).toMatch(/^the client 127\.0\.0\.1:\d+ left without having started TLS/);
  expect([told.events, timers, clock.timers]).toEqual([["closed"], [0], 0]);
});

test("a server without a deadline takes clients", async () => {
  const [clock, told] = [new ManualClock(), new Told()];
  const cfg = { ...serverTls(), "net.timeout.handshake": 0 };
  const address = await listening(
    (open) => {
      const transport = open();
      onCleanup(() => transport.destroy());
      transport.start(told);
    },
    clock,
    cfg,
  );
  await bareTlsClient(address, bareTls());
  while (told.events.length === 0) await new Promise(setImmediate);
  expect([told.events, clock.timers]).toEqual([["ready"], 0]);
});

/** A server's transport that has read as much as it wants, so that it does not hear that its client is gone by now. */
async function withDeafServer(): Promise<{ told: Told; transport: Transport }> {
  const told = new Told();
  let made: Transport | undefined;
  const address = await listening((open) => {
    const transport = open();
    onCleanup(() => transport.destroy());
    told.ready = () => transport.pause();
    transport.start(told);
    made = transport;
  });
  const between = await relay(address, false);
  onCleanup(() => between.close());
  const { socket } = await bareTlsClient(between.addr, bareTls());
  socket.write(Buffer.alloc(1024 * 1024));
  const read = (): Socket => made?.socket as Socket;
  while (read().readableLength < read().readableHighWaterMark) await new Promise(setImmediate);
  between.reset("server");
  return { told, transport: made as Transport };
}

test("a client that is gone is found out by a probe", async () => {
  const { told, transport } = await withDeafServer();
  let closed = false;
  const error = told.whenClosed.finally(() => {
    closed = true;
  });
  while (!closed) {
    transport.probe?.();
    await new Promise(setImmediate);
  }
  expect(await error).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
  expect(told.events).toEqual(["closed"]);
});

test("a write that fails does not count as done", async () => {
  const { told, transport } = await withDeafServer();
  transport.write(Buffer.alloc(1000));
  expect(await told.whenClosed).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
  expect([told.events, transport.busy]).toEqual([["closed"], false]);
});

test("within the handshake, a server's transport says whose it is, what has come, and what the peer has not got", async () => {
  let take: (transport: Transport) => void;
  const taken = new Promise<Transport>((resolve) => {
    take = resolve;
  });
  const address = await listening((open) => {
    const transport = open();
    onCleanup(() => transport.destroy());
    transport.start(new Told());
    take(transport);
  });
  const peer = await RawPeer.connect(address);
  peer.write(Buffer.from("16030102000100", "hex"));
  const made = await taken;
  while (made.socket?.bytesRead === 0) await new Promise(setImmediate);
  expect(made.remoteAddress).toEqual(["127.0.0.1", made.socket?.remotePort]);
  expect(made.bytesBeforeStream).toBe(7);
  expect(await made.unacknowledged?.()).toBe(await unacknowledged(made.socket as Socket));
});
