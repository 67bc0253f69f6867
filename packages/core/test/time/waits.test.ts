// Every wait heeds its time-out and its signal, from the first step on.

import { type AddressInfo, createServer, type Socket } from "node:net";
import { AbortedError, Client, definePacket, payload, TimedOutError } from "@peng3dnet/core";
import { events, HeadlessPeng } from "@peng3dnet/peng3d-events";
import { PingClient, pingServer } from "@peng3dnet/ping";
import { track, trackNetServer, trackSocket } from "../support/cleanup.js";
import { startPair, startServer } from "../support/peers.js";
import { sessionOf } from "../support/session.js";

/** A listener that accepts and says nothing. */
async function silentServer() {
  const sockets: Socket[] = [];
  const server = trackNetServer(createServer({ allowHalfOpen: true }));
  const accepted = new Promise<Socket>((resolve) => {
    server.on("connection", (socket) => {
      sockets.push(trackSocket(socket.on("error", () => {})));
      resolve(socket);
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return { addr: ["127.0.0.1", (server.address() as AddressInfo).port] as const, sockets, accepted };
}

/** A TLS client, whose handshake no such server answers. */
const tlsClient = (addr: readonly [string, number]): Client =>
  track(new Client({ addr, cfg: { "net.ssl.enabled": true, "net.timeout.handshake": 600 } }));

describe("start and connect", () => {
  test.each(["start", "connect", "runAsync", "runBlocking"] as const)(
    "%s heeds its time-out while TLS is awaited, and leaves no socket",
    async (method) => {
      const { addr, accepted } = await silentServer();
      const client = tlsClient(addr);
      const outcome = client[method]({ timeout: 0.05 });
      const ended = accepted.then((socket) => new Promise((resolve) => socket.resume().on("close", resolve)));
      await expect(outcome).rejects.toThrow(TimedOutError);
      (await accepted).end();
      await ended;
      await expect(client.waitForClose()).resolves.toMatchObject({ error: expect.any(AbortedError) });
    },
  );

  test.each(["start", "connect", "runAsync", "runBlocking"] as const)(
    "%s heeds its signal while TLS is awaited",
    async (method) => {
      const { addr, accepted } = await silentServer();
      const client = tlsClient(addr);
      const abort = new AbortController();
      const outcome = client[method]({ signal: abort.signal });
      const socket = await accepted;
      abort.abort(new Error("enough"));
      await expect(outcome).rejects.toMatchObject({ code: "P3D_ERR_ABORTED", cause: new Error("enough") });
      socket.end();
      await new Promise((resolve) => socket.resume().on("close", resolve));
    },
  );

  test.each(["start", "connect", "runAsync", "runBlocking"] as const)(
    "%s opens nothing with a signal that has fired",
    async (method) => {
      const server = await startServer({}, () => {});
      const seen: unknown[] = [];
      server.on("connection", (client) => seen.push(client));
      const client = track(new Client({ addr: server.addr }));
      await expect(client[method]({ signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
      await expect(pingServer({ addr: server.addr, signal: AbortSignal.abort() })).rejects.toThrow(
        AbortedError,
      );
      expect(client.sock).toBeUndefined();
      // Nothing began, so that it may begin now.
      await client.start();
      expect(seen).toHaveLength(1);
    },
  );

  test("a caller that waits for less does not end a connection that is up", async () => {
    const { addr } = await silentServer();
    const client = track(new Client({ addr }));
    await expect(client.start({ timeout: 0.05 })).rejects.toThrow(TimedOutError);
    expect(client.conn?.open).toBe(true);
  });

  test.each(["start", "connect", "runAsync", "runBlocking"] as const)(
    "%s with a time-out of 0 rejects while there is no connection",
    async (method) => {
      const { addr } = await silentServer();
      await expect(tlsClient(addr)[method]({ timeout: 0 })).rejects.toThrow(TimedOutError);
    },
  );

  test.each(["start", "connect", "runAsync"] as const)(
    "%s with a time-out of 0 resolves once it is up",
    async (method) => {
      const { client } = await startPair();
      await expect(client[method]({ timeout: 0 })).resolves.toBeUndefined();
    },
  );

  test.each(["start", "connect", "runAsync", "runBlocking"] as const)(
    "%s with a time-out that is none begins nothing",
    async (method) => {
      const server = await startServer({}, () => {});
      const client = track(new Client({ addr: server.addr }));
      await expect(client[method]({ timeout: -1 })).rejects.toMatchObject({ key: "timeout" });
      // An attempt that had begun would have been given up for good.
      await client.start();
      expect(client.active).toBe(true);
    },
  );
});

test("every wait rejects at once with a signal that has fired, and when it fires", async () => {
  const { server, client, remote } = await startPair();
  const pinging = track(new PingClient({ addr: server.addr }));
  const bus = new HeadlessPeng();
  const waits: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    waitForClose: (signal) => client.waitForClose({ signal }),
    join: (signal) => client.join({ signal }),
    process: (signal) => client.process({ wait: true, signal }),
    processForever: (signal) => client.processForever({ signal }),
    "server.join": (signal) => server.join({ signal }),
    "server.processForever": (signal) => server.processForever({ signal }),
    "session.waitForClose": (signal) => sessionOf(remote.conn).waitForClose({ signal }),
    messages: (signal) => server.messages(Note, { signal }).next(),
    events: (signal) => events(bus, "peng3dnet:server.start", { signal }).next(),
    waitForPong: (signal) => pinging.waitForPong({ signal }),
  };
  for (const [name, wait] of Object.entries(waits)) {
    await expect(wait(AbortSignal.abort()).catch((error: Error) => `${name}: ${error.name}`)).resolves.toBe(
      `${name}: AbortedError`,
    );
    const abort = new AbortController();
    const waiting = wait(abort.signal).catch((error: Error) => `${name}: ${error.name}`);
    abort.abort();
    await expect(waiting).resolves.toBe(`${name}: AbortedError`);
  }
});

const Note = definePacket({ name: "test:note", schema: payload<number>() });

test("one signal for hundreds of waits is one listener", async () => {
  const { server, client } = await startPair();
  const { signal } = new AbortController();
  const iterators: { return(): Promise<unknown> }[] = [];
  const added = jest.spyOn(signal, "addEventListener");
  for (let n = 0; n < 200; n++) {
    client.waitForClose({ signal }).catch(() => {});
    server.join({ signal }).catch(() => {});
    void server.messages(Note, { signal });
    iterators.push(events(new HeadlessPeng(), "peng3dnet:server.start", { signal }));
  }
  expect(added).toHaveBeenCalledTimes(1);
  const removed = jest.spyOn(signal, "removeEventListener");
  client.stop();
  server.stop();
  await Promise.all([client.join(), server.join()]);
  for (const iterator of iterators) await iterator.return();
  expect(removed).toHaveBeenCalledTimes(1);
});

test("flush, close and waitForConnection heed both while there is something to wait for", async () => {
  const { addr } = await silentServer();
  const client = track(new Client({ addr }));
  await client.connect();
  const abort = new AbortController();
  abort.abort();
  const { signal } = abort;
  const { server, remote, client: reader } = await startPair();
  reader.conn?.pause();
  while (
    remote.sendMessage(
      "test:echo",
      new Uint8Array(50_000).map((_, n) => (n * n * 31) >> 4),
    )
  );
  for (const options of [{ signal }, { timeout: 0.01 }]) {
    const error = options.timeout === undefined ? AbortedError : TimedOutError;
    await expect(client.waitForConnection(options)).rejects.toThrow(error);
    await expect(remote.flush(options)).rejects.toThrow(error);
    await expect(server.flush(remote.cid, options)).rejects.toThrow(error);
    await expect(server.flush(null, options)).rejects.toThrow(error);
  }
  await expect(remote.close("done", { signal })).rejects.toThrow(AbortedError);
  await expect(client.close("done", { timeout: 0.01 })).rejects.toThrow(TimedOutError);
});

test("a shutdown's signal cuts what is left", async () => {
  const { server, client, remote } = await startPair();
  // It does not take what came, so that it does not answer the close.
  client.conn?.pause();
  const abort = new AbortController();
  const report = server.shutdown({ signal: abort.signal });
  abort.abort();
  await expect(report).resolves.toEqual({ clean: 0, unclean: 1 });
  expect(remote.conn.open).toBe(false);
});
