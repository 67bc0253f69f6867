// Nothing escapes from a socket's events, which would end the process: not with a peer that is gone before anybody has
// looked, and not if code that is called there throws.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Client, type Clock, type ConfigOverrides, type Server, systemClock } from "@peng3dnet/core";
import { clientTls, serverTls } from "../support/certificates.js";
import { track } from "../support/cleanup.js";
import { echo, next, startServer } from "../support/peers.js";
import { RawPeer, rawServer } from "../support/raw-peer.js";

/** The beginning of a TLS record with a ClientHello. */
const HALF_A_HELLO = "16030100c8010000c40303";
const COUNT = 20;

/** Connections that are reset before the server's process has seen them. */
function resetConnections(server: Server, bytes: string): void {
  const script = join(__dirname, "..", "support", "resetters.mjs");
  const args = [script, String(server.addr[1]), String(COUNT), bytes];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

describe("connections that are reset before anybody has looked", () => {
  const cases: readonly [what: string, tls: boolean, bytes: string][] = [
    ["without TLS", false, ""],
    ["without TLS, after a few bytes", false, "00000010"],
    ["with TLS, before a byte", true, ""],
    ["with TLS, within the hello", true, HALF_A_HELLO],
    ["with TLS, after something else", true, Buffer.from("GET / HTTP/1.1\r\n\r\n").toString("hex")],
  ];

  test.each(cases)("%s", async (_what, tls, bytes) => {
    const server = await startServer({ cfg: tls ? serverTls() : {} });
    const addresses: string[] = [];
    const all = new Promise<void>((resolve) => {
      server.on("close", ({ addr }, { clean }) => {
        expect(clean).toBe(false);
        if (addresses.push(addr[0]) === COUNT) resolve();
      });
    });
    resetConnections(server, bytes);
    await all;
    // Those were the ones without an address.
    expect(addresses).toContain("");
    expect(server.clients.size).toBe(0);
    const client = track(new Client({ addr: ["localhost", server.addr[1]], cfg: tls ? clientTls() : {} }));
    echo(client);
    await client.start();
  });

  test("ones that are refused", async () => {
    const server = await startServer({ cfg: { "net.limits.connections": 1 } });
    await RawPeer.connect(server.addr);
    let dropped = 0;
    const all = new Promise<void>((resolve) => {
      server.on("drop", () => {
        if (++dropped === COUNT) resolve();
      });
    });
    resetConnections(server, "");
    await all;
    expect(server.clients.size).toBe(1);
  });
});

describe("what listens to the end of a socket", () => {
  test("is one function, since two would be a list in each of thousands of sockets", async () => {
    const server = await startServer();
    const client = track(new Client({ addr: ["localhost", server.addr[1]] }));
    echo(client);
    await client.start();
    const [accepted] = server.clients.values();
    expect(accepted?.conn.socket?.listenerCount("end")).toBe(1);
    expect(client.sock?.listenerCount("end")).toBe(1);
  });

  test("stays, where the application has added it", async () => {
    const server = await startServer();
    const listening = await rawServer();
    const raw = await RawPeer.connect(listening.addr);
    const { socket } = await listening.accepted();
    const before = socket.listeners("end");
    const { SocketTransport } = await import("../../src/tcp/socket-transport.js");
    server.accept(new SocketTransport(socket));
    const ended = new Promise((resolve) => socket.once("end", resolve));
    raw.socket.end();
    await ended;
    // The first one is Node's.
    expect(before.length).toBe(2);
    expect(socket.listeners("end")).toContain(before[1]);
  });
});

/** A clock of an application that fails when it is told to. */
class FailingClock implements Clock {
  failing = false;

  now(): number {
    if (this.failing) throw new Error("the clock has stopped");
    return systemClock.now();
  }

  setTimeout(callback: () => void, milliseconds: number): unknown {
    return systemClock.setTimeout(callback, milliseconds);
  }

  clearTimeout(timer: unknown): void {
    systemClock.clearTimeout(timer);
  }
}

describe("a failure within an event of a socket ends that connection, and is told", () => {
  // With a time for silence, the clock is looked at as bytes come; without, after some packets.
  const ways: readonly [
    what: string,
    idle: number,
    server: () => ConfigOverrides,
    client: () => ConfigOverrides,
  ][] = [
    ["TCP", 60, () => ({}), () => ({})],
    ["TLS", 60, serverTls, clientTls],
    ["TCP, among packets", 0, () => ({}), () => ({})],
    ["TLS, among packets", 0, serverTls, clientTls],
  ];

  test.each(ways)("%s, on a server", async (_what, idle, serverCfg, clientCfg) => {
    const clock = new FailingClock();
    const failed: unknown[] = [];
    const server = await startServer({ clock, cfg: { ...serverCfg(), "net.timeout.idle": idle } });
    server.on("handlerError", (error) => failed.push(error));
    const client = track(new Client({ addr: ["localhost", server.addr[1]], cfg: clientCfg() }));
    echo(client);
    await client.start();
    const closed = next(server, "close");
    clock.failing = true;
    for (let packet = 0; packet < 20; packet++) client.sendMessage("test:echo", packet);
    const [, info] = await closed;
    clock.failing = false;
    expect(info).toMatchObject({ reason: "internalerror", error: { message: "the clock has stopped" } });
    expect(failed).toContain(info.error);
    expect(server.clients.size).toBe(0);
    const other = track(new Client({ addr: ["localhost", server.addr[1]], cfg: clientCfg() }));
    echo(other);
    await other.start();
  });

  test.each(ways)("%s, on a client", async (_what, idle, serverCfg, clientCfg) => {
    const clock = new FailingClock();
    const server = await startServer({ cfg: serverCfg() });
    const cfg = { ...clientCfg(), "net.timeout.idle": idle };
    const client = track(new Client({ clock, addr: ["localhost", server.addr[1]], cfg }));
    echo(client);
    client.on("handlerError", () => {});
    const accepted = next(server, "handshakecomplete");
    await client.start();
    await accepted;
    clock.failing = true;
    for (let packet = 0; packet < 20; packet++) server.broadcast("test:echo", packet);
    const info = await client.waitForClose();
    clock.failing = false;
    expect(info).toMatchObject({ reason: "internalerror", error: { message: "the clock has stopped" } });
  });
});
