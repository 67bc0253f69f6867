// The moment at which a connection over TLS changes hands: what is over by then, and what has ended with the handshake.

import type { Socket } from "node:net";
import {
  Config,
  silentLogger,
  type TlsHandshakeError,
  type Transport,
  type TransportHandler,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { unacknowledged } from "../../src/tcp/kernel-queue.js";
import { tcpAcceptor } from "../../src/tcp/tcp-acceptor.js";
import { tcpConnector } from "../../src/tcp/tcp-connector.js";
import { bareTlsServer } from "../support/bare-tls.js";
import { bareTls, clientTls, serverTls } from "../support/certificates.js";
import { onCleanup } from "../support/cleanup.js";
import { RawPeer } from "../support/raw-peer.js";

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

/** Connects to a server that is a bare socket. */
async function connected(
  clock: ManualClock,
  signal: AbortSignal,
  established: (transport: Transport) => void,
): Promise<void> {
  const server = await bareTlsServer(bareTls("server"));
  await tcpConnector.connect({
    ...common,
    clock,
    signal,
    address: server.addr,
    cfg: new Config(clientTls()),
    timeout: 10,
    established,
  });
}

test("a client whose transport is destroyed before it begins is told that it is closed, and nothing else", async () => {
  const told = new Told();
  await connected(new ManualClock(), new AbortController().signal, (transport) => {
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

/** The first transport of a server that listens on a port of its own, within the event that offers it. */
async function offered(clock: ManualClock, take: (open: () => Transport, refuse: () => void) => void) {
  const listening = await tcpAcceptor.listen({
    ...common,
    clock,
    address: ["127.0.0.1", 0],
    cfg: new Config(serverTls()),
    offer: (_address, open, refuse) => take(open, refuse),
    failed: (error) => {
      throw error;
    },
    signal: new AbortController().signal,
    closingPacket: () => new Uint8Array(0),
  });
  onCleanup(() => listening.close());
  return RawPeer.connect(listening.address);
}

test("a server whose socket is gone before the handshake begins is told so, and begins none", async () => {
  const [clock, told] = [new ManualClock(), new Told()];
  await offered(clock, (open, refuse) => {
    const transport = open();
    refuse();
    transport.start(told);
  });
  const error = (await told.whenClosed) as TlsHandshakeError;
  expect(error).toMatchObject({ message: expect.stringContaining("left without having started TLS") });
  expect([told.events, clock.timers]).toEqual([["closed"], 0]);
});

test("within the handshake, a server's transport says whose it is, what has come, and what the peer has not got", async () => {
  let take: (transport: Transport) => void;
  const taken = new Promise<Transport>((resolve) => {
    take = resolve;
  });
  const peer = await offered(new ManualClock(), (open) => {
    const transport = open();
    onCleanup(() => transport.destroy());
    transport.start(new Told());
    take(transport);
  });
  peer.write(Buffer.from("16030102000100", "hex"));
  const made = await taken;
  while (made.socket?.bytesRead === 0) await new Promise(setImmediate);
  expect(made.remoteAddress).toEqual(["127.0.0.1", made.socket?.remotePort]);
  expect(made.bytesBeforeStream).toBe(7);
  expect(await made.unacknowledged?.()).toBe(await unacknowledged(made.socket as Socket));
});
