// Sockets for clients that speak another protocol than this library's at first, e.g. HTTP.

import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import {
  type Address,
  Config,
  type ConfigOverrides,
  type OpenedSocket,
  type OpenOptions,
  openSocket,
  SSLSEC_SERVERAUTH,
  silentLogger,
  TlsConfigError,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { bareTlsServer } from "../support/bare-tls.js";
import { bareTls, clientTls } from "../support/certificates.js";
import { trackSocket } from "../support/cleanup.js";
import { rawServer } from "../support/raw-peer.js";

interface Wanted extends OpenOptions {
  readonly cfg?: ConfigOverrides;
  readonly clock?: ManualClock;
  readonly signal?: AbortSignal;
}

/** Opens a socket, and has `use` look at it within the event. */
async function opened(
  address: Address,
  { cfg = {}, clock = new ManualClock(), signal = new AbortController().signal, ...options }: Wanted = {},
  use: (socket: OpenedSocket) => void = () => {},
): Promise<OpenedSocket> {
  let made: OpenedSocket | undefined;
  const request = { cfg: new Config(cfg), clock, logger: silentLogger, signal, timeout: 10 };
  await openSocket(address, request, options, (is) => {
    made = is;
    trackSocket(is.socket);
    use(is);
  });
  return made as OpenedSocket;
}

const received = (socket: Socket): Promise<Buffer> => new Promise((resolve) => socket.once("data", resolve));

test("without a protocol for it there is no TLS, whatever net.ssl.enabled says", async () => {
  const server = await rawServer();
  const clock = new ManualClock();
  clock.advance(7);
  const { socket, connected, tls } = await opened(server.addr, { cfg: clientTls(), clock });
  expect([connected, tls]).toEqual([7000, undefined]);
  socket.write("plain");
  const peer = await server.accepted();
  expect(String(await peer.bytes(5))).toBe("plain");
});

test("with one there is TLS for that protocol, whatever net.ssl.enabled says", async () => {
  const server = await bareTlsServer({ ...bareTls("server"), ALPNProtocols: ["other", "mine"] });
  const cfg = { ...clientTls(), "net.ssl.enabled": false };
  const { socket, tls } = await opened(server.addr, { cfg, alpn: "mine" });
  expect((socket as TLSSocket).alpnProtocol).toBe("mine");
  expect(tls).toMatchObject({ sslSeclevel: SSLSEC_SERVERAUTH, sslSeclevelOnHello: undefined });
  expect(tls?.certificate.described?.verified).toBe(true);
});

test("the time is that at which TCP had connected, though TLS takes longer", async () => {
  const clock = new ManualClock();
  const server = await bareTlsServer({
    ...bareTls("server"),
    SNICallback: (_name, use) => {
      clock.advance(3);
      use(null);
    },
  });
  clock.advance(2);
  const { connected } = await opened(server.addr, { cfg: clientTls(), clock, alpn: "mine" });
  expect([connected, clock.now()]).toEqual([2000, 5000]);
});

test.each([
  ["TCP", undefined],
  ["TLS", "mine"],
])("over %s, what the other side ends is only its own direction", async (_, alpn) => {
  const server = await (alpn ? bareTlsServer(bareTls("server")) : rawServer());
  const { socket } = await opened(server.addr, { cfg: clientTls(), alpn });
  const accepted = await server.accepted();
  const peer = "peer" in accepted ? accepted.peer : accepted;
  const ended = new Promise((resolve) => socket.once("end", resolve));
  socket.resume();
  peer.end();
  await ended;
  socket.end("still there");
  expect(String(await peer.bytes(11))).toBe("still there");
});

test.each<[string, (socket: Socket) => void]>([
  ["is closed", () => {}],
  ["has broken by then says so to nobody", (socket) => socket.destroy(new Error("the line broke"))],
])("what refuses a socket has its error back, and one that %s", async (_, lose) => {
  const server = await rawServer();
  const error = new Error("not wanted");
  const opening = opened(server.addr, {}, ({ socket }) => {
    lose(socket);
    throw error;
  });
  await expect(opening).rejects.toBe(error);
  await (await server.accepted()).ended();
});

test("what reads a socket has its bytes", async () => {
  const server = await rawServer();
  const buffer = new Uint8Array(100);
  let tell: (count: number) => void = () => {};
  const count = new Promise<number>((resolve) => {
    tell = resolve;
  });
  const reader = {
    buffer,
    callback: (bytes: number): boolean => {
      tell(bytes);
      return true;
    },
  };
  await opened(server.addr, { reader });
  (await server.accepted()).write(Buffer.from("hello"));
  expect(Buffer.from(buffer.buffer, 0, await count).toString()).toBe("hello");
});

test("over TLS, the stream has what is read, and not the reader", async () => {
  const server = await bareTlsServer(bareTls("server"));
  const callback = jest.fn(() => true);
  const reader = { buffer: new Uint8Array(100_000), callback };
  const { socket } = await opened(server.addr, { cfg: clientTls(), alpn: "mine", reader });
  const data = received(socket);
  (await server.accepted()).peer.write(Buffer.from("hello"));
  expect(String(await data)).toBe("hello");
  expect(callback).not.toHaveBeenCalled();
});

test.each([
  ["for any host", { "net.ssl.client.check_hostname": false }],
  ["for this host", {}],
])("what TLS has verified %s is not negotiated anew", async (_, more) => {
  const server = await bareTlsServer({ ...bareTls("server"), maxVersion: "TLSv1.2" });
  const [use, renegotiated] = [jest.fn(), jest.fn()];
  const cfg = { ...clientTls(), ...more };
  const { socket } = await opened(server.addr, { cfg, alpn: "mine" }, use);
  const failed = new Promise((resolve) => socket.once("error", resolve));
  socket.resume();
  (await server.accepted()).socket.renegotiate({}, renegotiated);
  await failed;
  expect(renegotiated).not.toHaveBeenCalledWith(null);
  expect(use).toHaveBeenCalledTimes(1);
});

test("files that TLS needs are read before anything is opened", async () => {
  const server = await rawServer();
  const cfg = { "net.ssl.cafile": "missing.pem" };
  await expect(opened(server.addr, { cfg, alpn: "mine" })).rejects.toThrow(TlsConfigError);
  // The first that the server sees is another one.
  const { socket } = await opened(server.addr);
  expect((await server.accepted()).socket.remotePort).toBe(socket.localPort);
});

test("an attempt that was given up before opens nothing", async () => {
  const server = await rawServer();
  const reason = new Error("enough");
  const opening = opened(server.addr, { signal: AbortSignal.abort(reason) });
  await expect(opening).rejects.toMatchObject({ code: "P3D_ERR_ABORTED", cause: reason });
  // The first that the server sees is another one.
  const { socket } = await opened(server.addr);
  expect((await server.accepted()).socket.remotePort).toBe(socket.localPort);
});

test("neither the deadline nor the signal of an attempt touches what it has made", async () => {
  const server = await rawServer();
  const [clock, controller] = [new ManualClock(), new AbortController()];
  const { socket } = await opened(server.addr, { clock, signal: controller.signal });
  expect(clock.timers).toBe(0);
  controller.abort();
  expect(socket.destroyed).toBe(false);
});

test("a session of TLS is resumed for the protocol that it was made for, and for no other", async () => {
  const server = await bareTlsServer({ ...bareTls("server"), ALPNProtocols: ["one", "two"] });
  const cfg = { ...clientTls(), "net.ssl.resumption": true };
  const resumed = async (alpn: string): Promise<boolean> => {
    const { socket } = await opened(server.addr, { cfg, alpn });
    // What the session is resumed by comes before the first bytes.
    const data = received(socket);
    (await server.accepted()).peer.write(Buffer.from("hello"));
    await data;
    return (socket as TLSSocket).isSessionReused();
  };
  const answers: boolean[] = [];
  for (const alpn of ["one", "two", "one", "two"]) answers.push(await resumed(alpn));
  expect(answers).toEqual([false, false, true, true]);
});
