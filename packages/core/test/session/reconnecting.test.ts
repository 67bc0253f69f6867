// Clients that connect again to servers which come and go on one port, over TCP and TLS.

import { type AddressInfo, createServer, type Socket } from "node:net";
import {
  type Address,
  Client,
  type ClientOptions,
  ConnectionRefusedError,
  definePacket,
  payload,
  type RetryInfo,
  Server,
  type ServerOptions,
  SIDE_CLIENT,
  SIDE_SERVER,
  TlsHandshakeError,
} from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/core/testing";
import { certFile, clientTls, serverTls } from "../support/certificates.js";
import { onCleanup, track } from "../support/cleanup.js";
import { countdown, LOCAL, next, nextOf } from "../support/peers.js";
import { pythonServer } from "../support/python-peer.js";
import { relay } from "../support/relay.js";

const Say = definePacket({ name: "test:say", schema: payload<string>(), side: SIDE_SERVER });
const Told = definePacket({ name: "test:told", schema: payload<string>(), side: SIDE_CLIENT });
const packets = [Say, Told];

/** Fast enough for a test, and slow enough to be jittered. */
const reconnect = { delay: 0.04, maxDelay: 0.2 };

/** A server that answers what is said. */
async function serve(addr: Address | string = LOCAL, options: ServerOptions = {}): Promise<Server> {
  const server = track(new Server({ addr, packets, ...options }));
  server.on(Say, (text, { client }) => client.sendMessage(Told, text));
  await server.start();
  return server;
}

function clientOf(addr: Address, options: ClientOptions = {}): Client {
  return track(new Client({ addr, packets, reconnect, ...options }));
}

/** An address at which nothing listens, for a while. */
async function freeAddress(): Promise<Address> {
  const server = await serve();
  const { addr } = server;
  await server.shutdown();
  return addr;
}

test.each([
  ["stopped", (server: Server) => server.stop(), "socketclose"],
  ["shut down", (server: Server) => server.shutdown(), "servershutdown"],
] as const)("a server that is %s and started again has its client back", async (_, end, reason) => {
  const server = await serve();
  const { addr } = server;
  const client = clientOf(addr);
  const heard: string[] = [];
  const lost: (string | null)[] = [];
  client.on(Told, (text) => heard.push(text));
  client.on("lost", (info) => lost.push(info.reason));
  client.on("session", () => client.sendMessage(Say, "back"));
  await client.start();
  const gone = nextOf(client, "lost");
  await Promise.all([end(server), gone]);
  const refused = new Promise<void>((resolve) => {
    client.on("retry", ({ error }) => {
      if (error instanceof ConnectionRefusedError) resolve();
    });
  });
  await refused;
  const answered = countdown(1);
  client.on(Told, answered.hit);
  await serve(addr);
  await answered.done;
  expect(lost).toEqual([reason]);
  expect(heard).toEqual(["back"]);
});

test("50 clients come back, each in its own time", async () => {
  const server = await serve();
  const { addr } = server;
  const clients = Array.from({ length: 50 }, () => clientOf(addr));
  const first: number[] = [];
  const back = countdown(50);
  for (const client of clients) {
    client.once("retry", ({ seconds }) => first.push(seconds));
    client.once("session", back.hit);
  }
  await Promise.all(clients.map((client) => client.start()));
  const lost = Promise.all(clients.map((client) => nextOf(client, "lost")));
  server.stop();
  await Promise.all([lost, server.join()]);
  const other = await serve(addr);
  await back.done;
  expect(other.clients.size).toBe(50);
  expect(new Set(first).size).toBe(50);
  for (const seconds of first) {
    expect(seconds).toBeGreaterThanOrEqual(reconnect.delay / 2);
    expect(seconds).toBeLessThanOrEqual(reconnect.delay);
  }
});

test("a client may be started before its server", async () => {
  const addr = await freeAddress();
  const client = clientOf(addr);
  const retried = nextOf(client, "retry");
  const starting = client.start();
  const [info] = await retried;
  expect(info).toMatchObject({
    reason: "socketclose",
    error: expect.any(ConnectionRefusedError),
    attempt: 1,
  });
  await serve(addr);
  await starting;
  expect(client.active).toBe(true);
});

test("a session that could be resumed is resumed; that of another process is lost, and a fresh one follows", async () => {
  const cfg = { "net.resume.window": 30 };
  const server = await serve(LOCAL, { cfg });
  const { addr } = server;
  const line = await relay(addr, false);
  onCleanup(() => line.close());
  const client = clientOf(line.addr, { resume: { delay: 0.04, maxDelay: 0.2 } });
  const events: string[] = [];
  for (const event of ["suspend", "resume", "lost", "session", "close"] as const)
    client.on(event, () => events.push(event));
  const heard = countdown(1);
  client.on(Told, heard.hit);
  await client.start();
  // The ticket comes before the answer.
  client.sendMessage(Say, "here");
  await heard.done;
  const resumed = nextOf(client, "resume");
  line.reset("client");
  await resumed;
  expect(events).toEqual(["suspend", "resume"]);
  const session = nextOf(client, "session");
  server.stop();
  await server.join();
  await serve(addr, { cfg });
  line.reset("client");
  await session;
  expect(events.slice(2)).toEqual(["suspend", "lost", "session"]);
});

describe("a Python server", () => {
  const names = { "test:told": 64, "test:say": 65 };

  test("that shuts down is connected to again, with resume as without", async () => {
    const server = await pythonServer({ names, sends: ["news"], closeWith: "servershutdown" });
    const client = clientOf(server.addr, { resume: true, reconnect: { ...reconnect, attempts: 2 } });
    const events: string[] = [];
    for (const event of ["suspend", "lost", "session", "close"] as const)
      client.on(event, () => events.push(event));
    client.on(Told, (text) => events.push(text));
    await client.start();
    // None of the sessions lasts, so that all attempts are in a row.
    expect(await client.waitForClose()).toMatchObject({ reason: "servershutdown" });
    expect(events.filter((event) => event === "news")).toHaveLength(3);
    expect(events.filter((event) => event !== "news")).toEqual([
      "lost",
      "session",
      "lost",
      "session",
      "close",
    ]);
  });

  test("of another version is final", async () => {
    const server = await pythonServer({ names, protoversion: 1 });
    const client = clientOf(server.addr);
    await expect(client.start()).rejects.toMatchObject({ reason: "protoversionmismatch" });
    expect(client.conn?.open).toBe(false);
  });
});

describe("TLS", () => {
  test("that the client does not trust is final", async () => {
    const server = await serve(["localhost", 0], { cfg: serverTls("server") });
    const client = clientOf(server.addr, {
      cfg: { ...clientTls(), "net.ssl.cafile": certFile("other-ca") },
    });
    await expect(client.start()).rejects.toMatchObject({ code: "P3D_ERR_TLS_UNKNOWN_CA" });
    expect(await client.waitForClose()).toMatchObject({ reason: "tlsunknownca" });
  });

  test("that the server demands is final", async () => {
    const clock = new ManualClock();
    const server = await serve(["localhost", 0], { cfg: serverTls("server"), clock });
    const accepted = next(server, "connection");
    const client = clientOf(server.addr, { clock });
    const starting = client.start();
    await Promise.all([accepted, client.connect()]);
    clock.advance(5);
    await expect(starting).rejects.toMatchObject({ code: "P3D_ERR_TLS_REQUIRED" });
    expect(await client.waitForClose()).toMatchObject({ reason: "tlsrequired" });
  });

  test("that is cut within its handshake is tried again", async () => {
    const sockets = new Set<Socket>();
    const cutting = createServer((socket) => {
      sockets.add(socket.on("error", () => {}));
      socket.once("data", () => socket.resetAndDestroy());
    });
    await new Promise<void>((resolve) => cutting.listen(0, "127.0.0.1", resolve));
    const addr: Address = ["127.0.0.1", (cutting.address() as AddressInfo).port];
    const client = clientOf(addr, { cfg: { ...clientTls(), "net.ssl.server_hostname": "localhost" } });
    const infos: RetryInfo[] = [];
    const twice = countdown(2);
    client.on("retry", (info) => {
      infos.push(info);
      twice.hit();
    });
    const starting = client.start();
    starting.catch(() => {});
    await twice.done;
    expect(infos[0]).toMatchObject({ reason: "tlsfailed", error: expect.any(TlsHandshakeError) });
    await new Promise((resolve) => cutting.close(resolve));
    await serve(addr, { cfg: serverTls("server") });
    await starting;
    expect(client.active).toBe(true);
  });
});
