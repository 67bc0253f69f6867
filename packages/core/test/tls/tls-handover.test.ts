// The moment at which a connection over TLS changes hands: what is over by then, and what has ended with the handshake.

import {
  type Address,
  Config,
  silentLogger,
  type TlsHandshakeError,
  type Transport,
  type TransportHandler,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
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

test("a server whose socket is gone before the handshake begins is told so, and begins none", async () => {
  const clock = new ManualClock();
  const told = new Told();
  const listening = await tcpAcceptor.listen({
    ...common,
    clock,
    address: ["127.0.0.1", 0],
    cfg: new Config(serverTls()),
    offer: (_address: Address, open, refuse) => {
      const transport = open();
      refuse();
      transport.start(told);
    },
    failed: (error) => {
      throw error;
    },
    signal: new AbortController().signal,
    closingPacket: () => new Uint8Array(0),
  });
  onCleanup(() => listening.close());
  await RawPeer.connect(listening.address);
  const error = (await told.whenClosed) as TlsHandshakeError;
  expect(error).toMatchObject({ message: expect.stringContaining("left without having started TLS") });
  expect([told.events, clock.timers]).toEqual([["closed"], 0]);
});
