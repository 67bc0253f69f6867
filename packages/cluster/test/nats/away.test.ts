// What becomes of publications around a broken connection, and that a bus never gives up.

import { createServer } from "node:net";
import { type NatsBusOptions, natsBus } from "@peng3dnet/cluster";
import { hear, open, openNats, startNats, text } from "../support/buses.js";
import { describeWithNats } from "../support/with-nats.js";

jest.setTimeout(60_000);

describeWithNats("broken connections", () => {
  test("who watches is told how many publications the broker had not confirmed", async () => {
    const server = await startNats();
    const { bus, changes, until, logged } = await openNats(server);
    bus.publish("a", text("confirmed"));
    await bus.flush();
    server.freeze();
    for (let count = 0; count < 5; count++) bus.publish("a", text("perhaps"));
    await server.kill();
    await until("disconnected");
    expect(changes).toEqual([["disconnected", { unconfirmed: 5 }]]);
    expect(logged.join("\n")).toContain("may not have got the last 5");
    await server.start();
    await until("connected");
    await server.kill();
    await until("disconnected");
    expect(changes.slice(1)).toEqual([
      ["connected", { unconfirmed: 0 }],
      ["disconnected", { unconfirmed: 0 }],
    ]);
  });

  test("publications are confirmed without a flush, those of a busy bus, too", async () => {
    const server = await startNats();
    const { bus, changes, until } = await openNats(server);
    const heard = await hear(bus, "a");
    // More than may wait for the broker: without confirmations, most would be refused.
    for (let round = 1; round <= 40; round++) {
      bus.publish("a", new Uint8Array(1024 * 1024));
      await heard.until(round);
    }
    bus.publish("a", text("last"));
    await heard.until(41);
    // The broker is asked within a tenth of a second.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.kill();
    await until("disconnected");
    expect(changes).toEqual([["disconnected", { unconfirmed: 0 }]]);
  });

  test("it dials on for longer than the client of NATS does by itself", async () => {
    const server = await startNats();
    const { bus, until } = await openNats(server);
    const heard = await hear(bus, "a");
    await server.kill();
    await until("disconnected");
    // What listens in its place turns 15 attempts away; the client's own default is 10.
    let attempts = 0;
    await new Promise<void>((resolve) => {
      const wall = createServer((socket) => {
        socket.destroy();
        attempts++;
        if (attempts === 15) wall.close(() => resolve());
      });
      wall.listen(server.port, "127.0.0.1");
    });
    bus.publish("a", text("kept through all of it"));
    await server.start();
    await heard.until(1);
    expect(heard.texts).toEqual(["kept through all of it"]);
  });

  test("a bus that may give up says that it is closed", async () => {
    const server = await startNats();
    const { bus, until, changes, logged } = await openNats(server, { maxReconnectAttempts: 2 });
    await server.kill();
    await until("disconnected");
    bus.publish("a", text("kept, in vain"));
    await until("closed");
    expect(changes.map(([state]) => state)).toEqual(["disconnected", "closed"]);
    expect(logged.join("\n")).toContain("1 publications are lost");
    expect(logged.join("\n")).toContain("error: the client of NATS gave up, as its options tell it");
  });

  test("a dead connection is given up, also where the system takes nothing of what waits on it any more", async () => {
    const [dead, alive] = [await startNats(), await startNats()];
    const { bus, until, changes, logged } = await openNats(dead, {
      servers: [dead.url, alive.url],
      noRandomize: true,
      pingInterval: 100,
      timeout: 200,
      maxKept: 128 * 1024 * 1024,
    });
    const heard = await hear(bus, "a");
    dead.freeze();
    // More than the buffers of both systems hold.
    for (let count = 0; count < 64; count++) bus.publish("b", new Uint8Array(1024 * 1024));
    const flushed = expect(bus.flush()).rejects.toThrow(
      expect.objectContaining({ code: "P3D_ERR_BUS_AWAY" }),
    );
    let failed = false;
    void flushed.then(() => {
      failed = true;
    });
    await until("disconnected");
    await new Promise(setImmediate);
    expect(failed).toBe(true);
    expect(changes).toEqual([["disconnected", { unconfirmed: 64 }]]);
    bus.publish("a", text("kept"));
    await until("connected");
    bus.publish("a", text("later"));
    await heard.until(2);
    expect(heard.texts).toEqual(["kept", "later"]);
    expect(logged.filter((line) => line.startsWith("error"))).toEqual([]);
    // The new one is watched like the first one.
    await alive.kill();
    await until("disconnected");
    await alive.start();
    await until("connected");
  });

  test("a bus can be closed while a dead connection is being replaced", async () => {
    const server = await startNats();
    const { bus, until, changes } = await openNats(server, { pingInterval: 100, timeout: 200 });
    server.freeze();
    for (let count = 0; count < 15; count++) bus.publish("b", new Uint8Array(1024 * 1024));
    await until("disconnected");
    await bus.close();
    expect(changes.map(([state]) => state)).toEqual(["disconnected", "closed"]);
  });

  test("a broker that is slow makes a bus refuse, and goes on where it was", async () => {
    const server = await startNats();
    const { bus, changes } = await openNats(server, { maxKept: 10_000 });
    const heard = await hear(bus, "a");
    server.freeze();
    let taken = 0;
    expect(() => {
      for (; taken < 100; taken++) bus.publish("a", new Uint8Array(1000));
    }).toThrow(expect.objectContaining({ code: "P3D_ERR_BUS_FULL" }));
    expect(taken).toBe(9);
    expect(() => bus.publish("a", new Uint8Array(1000))).toThrow(
      /the broker is slow, and 9585 bytes wait for it/,
    );
    server.thaw();
    await bus.flush();
    bus.publish("a", text("after"));
    await heard.until(10);
    expect(heard.texts.at(-1)).toBe("after");
    // Of a Buffer, `slice` and more do something else.
    expect(heard.payloads.some((payload) => Buffer.isBuffer(payload))).toBe(false);
    expect(changes).toEqual([]);
  });

  test("without a broker, a bus does not open, unless it is told to wait for one", async () => {
    const server = await startNats();
    await server.kill();
    await expect(openNats(server)).rejects.toThrow(
      expect.objectContaining({
        code: "P3D_ERR_BUS_CONNECT",
        message: `no connection to NATS at ${server.url}: connection refused`,
      }),
    );
    await expect(open(natsBus({ servers: [server.url, "127.0.0.1:1"] }))).rejects.toThrow(
      `at ${server.url}, 127.0.0.1:1: `,
    );
    // The client library takes a port alone, too.
    await expect(open(natsBus({ port: 1 } as NatsBusOptions))).rejects.toThrow("at 127.0.0.1:1: ");
    const opening = open(natsBus({ servers: server.url, reconnectTimeWait: 20, waitOnFirstConnect: true }));
    await server.start();
    const { bus } = await opening;
    expect(bus.connected).toBe(true);
  });
});
