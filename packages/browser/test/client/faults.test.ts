// What a client does where the server, the network or its own program does not keep up, over WebSocket.

import { connect as connectTcp, type Socket } from "node:net";
import { Client, type CloseInfo, definePacket, payload } from "@peng3dnet/browser";
import { Server } from "@peng3dnet/core";
import { ManualClock } from "@peng3dnet/peer/testing";
import { serveWebSocket } from "@peng3dnet/websocket";
import { type Heard, listenBare } from "../support/bare-server.js";
import { Unpausable, WS } from "../support/classes.js";
import { track } from "../support/cleanup.js";
import { listenForTest, serve } from "../support/listening.js";

const Say = definePacket({ name: "test:say", schema: payload<unknown>() });
const packets = [Say];

test("packets that nobody processes close the connection once maxHeld is exceeded, and the error says so", async () => {
  const { server, url } = await serve({ packets });
  const told = new Promise<CloseInfo>((resolve) => {
    server.on("close", (_client, info) => resolve(info));
  });
  server.on(Say, (_, { client }) => {
    for (let round = 0; round < 100; round++) client.sendMessage("test:say", "x".repeat(1000));
  });
  const cfg = { "net.limits.unprocessed.packets": 4 };
  const client = track(new Client({ addr: url, WebSocket: Unpausable, maxHeld: 20_000, packets, cfg }));
  const closed = client.waitForClose();
  client.on(Say, () => {});
  // Without processAsync, packets wait until the program calls process(): here, it stops once it is connected.
  await client.runAsync();
  await new Promise<void>((resolve) => {
    const look = (): void => {
      client.process();
      setImmediate(client.active ? resolve : look);
    };
    look();
  });
  client.sendMessage("test:say", "now");
  const info = await told;
  expect(info.error?.message).toMatch(/code 4002 .*maxHeld/);
  // What is read only once others have had their turn is processed in later calls.
  const processing = setInterval(() => client.process(), 1);
  const outcome = await closed.finally(() => clearInterval(processing));
  expect(outcome).toMatchObject({
    reason: "inputoverflow",
    clean: false,
    error: { code: "P3D_ERR_INPUT_OVERFLOW" },
  });
  expect(client.metrics.rejectedBy).toMatchObject({ inputoverflow: 1 });
});

test("a client that processes its packets late gets all of them, if maxHeld suffices", async () => {
  const { server, url } = await serve({ packets });
  const sent = Array.from({ length: 500 }, (_, index) => `${index} ${"x".repeat(1000)}`);
  const allSent = new Promise<void>((resolve) => {
    server.on("handshakecomplete", (client) => {
      for (const text of sent) client.sendMessage("test:say", text);
      void client.conn.flush().then(resolve);
    });
  });
  const cfg = { "net.limits.unprocessed.packets": 4 };
  const client = track(new Client({ addr: url, WebSocket: Unpausable, packets, cfg }));
  const got: unknown[] = [];
  const done = new Promise<void>((resolve) => {
    client.on(Say, (text) => void (got.push(text) === sent.length && resolve()));
  });
  await client.runAsync();
  const look = (): void => {
    client.process();
    if (got.length < sent.length) setImmediate(look);
  };
  look();
  await allSent;
  await done;
  expect(got).toEqual(sent);
});

test("a server that is none is told so, and closed", async () => {
  const { connected, url } = await listenBare();
  const client = track(new Client({ addr: url, WebSocket: WS }));
  const starting = client.start();
  const end = await connected;
  end.socket.send(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"));
  void end.ended().then(() => end.socket.close());
  await expect(starting).rejects.toMatchObject({ reason: "notpeng3dnet" });
});

test("a packet that is too long ends the connection before it is buffered", async () => {
  const { connected, url } = await listenBare();
  const client = track(new Client({ addr: url, WebSocket: WS }));
  const starting = client.start();
  const end = await connected;
  end.socket.send(Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0]));
  await end.heardOf((what: Heard): what is Buffer => Buffer.isBuffer(what) && what.includes("packettoolong"));
  end.socket.close();
  await expect(starting).rejects.toMatchObject({ reason: "packettoolong" });
});

test("a connection that breaks is told with its code", async () => {
  const { cut, url } = await serve({ packets });
  const client = track(new Client({ addr: url, WebSocket: WS, packets }));
  await client.start();
  cut();
  const { reason, error } = await client.waitForClose();
  expect(reason).toBe("socketclose");
  expect(error?.message).toContain("code 1006");
});

/** A bridge from WebSocket to TCP, as websockify is one. */
async function bridge(port: number): Promise<string> {
  const { url } = await listenForTest(
    (webSocket) => {
      const tcp: Socket = connectTcp(port, "127.0.0.1");
      webSocket.on("message", (data) => tcp.write(data as Buffer));
      webSocket.on("close", () => tcp.end());
      tcp.on("data", (data) => webSocket.send(data));
      tcp.on("close", () => webSocket.close(1000));
    },
    { handleProtocols: () => false },
  );
  return url;
}

test("with the option bridge, a server that is reached without one closes at once all the same", async () => {
  const clock = new ManualClock();
  const server = track(new Server({ addr: "127.0.0.1:0", packets, clock }));
  await server.start();
  const { address } = await serveWebSocket(server, { port: 0, subprotocol: "optional" });
  const url = `ws://${address.join(":")}/`;
  for (const closer of ["client", "server"] as const) {
    // Time stands still, so that no time-out helps.
    const client = track(new Client({ addr: url, WebSocket: WS, bridge: true, packets, clock }));
    await client.start();
    const closed = client.waitForClose();
    if (closer === "client") void client.close("bye");
    else void server.closeConnection([...server.clients.keys()].at(-1) ?? 0, "bye");
    expect(await closed).toMatchObject({ reason: "bye", error: undefined, clean: true });
  }
});

test("a bridge from WebSocket to TCP leads to a server over TCP, with closes in order from both sides", async () => {
  const server = track(new Server({ addr: "127.0.0.1:0", packets }));
  server.on(Say, (text, { client }) => void client.sendMessage("test:say", text));
  await server.start();
  const url = await bridge(server.addr[1]);
  for (const closer of ["client", "server"] as const) {
    const client = track(new Client({ addr: url, WebSocket: WS, bridge: true, packets }));
    const back = new Promise((resolve) => client.on(Say, resolve));
    await client.start();
    client.sendMessage("test:say", `closed by the ${closer}`);
    expect(await back).toBe(`closed by the ${closer}`);
    const closed = client.waitForClose();
    if (closer === "client") void client.close("bye");
    else await server.closeConnection([...server.clients.keys()].at(-1) ?? 0, "bye");
    expect(await closed).toMatchObject({ reason: "bye", error: undefined, clean: true });
  }
});
