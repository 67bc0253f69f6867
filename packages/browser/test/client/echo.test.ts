// A client of this package talks with a server over a WebSocket, whatever class that is of.

import {
  Client,
  type ClientOptions,
  type CloseInfo,
  definePacket,
  payload,
  SSLSEC_NONE,
  webSocketConnector,
} from "@peng3dnet/browser";
import { type ClientOnServer, Client as CoreClient, type Server } from "@peng3dnet/core";
import { WebSocket } from "ws";
import { CLASSES, WS } from "../support/classes.js";
import { track } from "../support/cleanup.js";
import { serve } from "../support/listening.js";

const Say = definePacket({ name: "test:say", schema: payload<unknown>() });
const packets = [Say];

function echo(server: Server): void {
  server.on(Say, (value, { client }) => void client.sendMessage("test:say", value));
}

/** Echoes each of `values`, and returns what came back. */
async function echoed(client: Client | CoreClient, values: readonly unknown[]): Promise<unknown[]> {
  const back: unknown[] = [];
  const done = new Promise<void>((resolve) => {
    client.on(Say, (value) => {
      back.push(value);
      if (back.length === values.length) resolve();
    });
  });
  await client.start();
  for (const value of values) client.sendMessage("test:say", value);
  await done;
  return back;
}

const VALUES = ["hello", 7, { text: "h\u00e9llo \u{1f600}", list: [1, null, true] }, "long ".repeat(20_000)];

test.each(CLASSES)("echoes over a WebSocket of $name, short and long", async ({ type }) => {
  const { url } = await serve({ packets }, echo);
  const client = track(new Client({ addr: url, WebSocket: type, packets }));
  expect(await echoed(client, VALUES)).toEqual(VALUES);
  expect(client.sslSeclevel).toBe(SSLSEC_NONE);
  expect(client.addr).toEqual(["127.0.0.1", Number(new URL(url).port)]);
  expect(await client.close("done")).toMatchObject({ reason: "done", error: undefined, clean: true });
});

test.each(CLASSES)(
  "10,000 packets in flight come back in order ($name)",
  async ({ type }) => {
    const { url } = await serve({ packets }, echo);
    const client = track(new Client({ addr: url, WebSocket: type, packets }));
    const values = Array.from({ length: 10_000 }, (_, index) => ({ index }));
    expect(await echoed(client, values)).toEqual(values);
  },
  60_000,
);

test("megabytes come through both ways, with pauses of the server's reading", async () => {
  const { url, server } = await serve({ packets }, echo);
  const client = track(new Client({ addr: url, WebSocket: WS, packets }));
  server.on("handshakecomplete", ({ conn }) => {
    conn.pause();
    setImmediate(() => conn.resume());
  });
  const values = Array.from({ length: 60 }, (_, index) => new Uint8Array(200_000).fill(index));
  const back = await echoed(client, values);
  // The comparison of a test framework would take a minute.
  expect(
    back.every((value, index) => Buffer.compare(value as Uint8Array, values[index] ?? Buffer.of()) === 0),
  ).toBe(true);
});

test.each([
  ["that connects", false],
  ["that is open", true],
])("uses a WebSocket made elsewhere %s", async (_name, wait) => {
  const { url } = await serve({ packets }, echo);
  const socket = new WebSocket(url, "peng3dnet.2");
  if (!wait) {
    const client = track(new Client({ addr: socket, packets }));
    expect(await echoed(client, ["a"])).toEqual(["a"]);
    return;
  }
  const client = await new Promise<Client>((resolve) => {
    socket.on("open", () => resolve(track(new Client({ addr: socket, packets }))));
  });
  expect(await echoed(client, ["b"])).toEqual(["b"]);
});

test("a WebSocket that is closed is refused at once", async () => {
  const { url } = await serve({ packets }, echo);
  const socket = new WebSocket(url, "peng3dnet.2");
  await new Promise((resolve) => socket.on("open", resolve));
  socket.terminate();
  expect(() => new Client({ addr: socket })).toThrow("closed already");
});

test("a client of core takes the connector, too", async () => {
  const { url } = await serve({ packets }, echo);
  const connector = webSocketConnector(url, { WebSocket: WS });
  const client = track(new CoreClient({ connector, packets }));
  expect(await echoed(client, ["over core"])).toEqual(["over core"]);
});

/** A pair that has shaken hands, and what both are told of the close. */
async function pair(options: Partial<ClientOptions> = {}) {
  const { server, url } = await serve({ packets });
  const client = track(new Client({ addr: url, WebSocket: WS, packets, ...options }));
  const told = new Promise<CloseInfo>((resolve) => {
    server.on("close", (_client, info) => resolve(info));
  });
  await client.start();
  return { client, server, told };
}

test("a reason of the client's reaches the server", async () => {
  const { client, told } = await pair();
  expect(await client.close("bye")).toMatchObject({ reason: "bye", clean: true });
  expect(await told).toMatchObject({ reason: "bye", clean: true });
});

test("a reason of the server's reaches the client", async () => {
  const { client, server, told } = await pair();
  const closed = client.waitForClose();
  await server.closeConnection([...server.clients.keys()][0] ?? 0, "kicked");
  expect(await closed).toMatchObject({ reason: "kicked", error: undefined, clean: true });
  expect(await told).toMatchObject({ reason: "kicked", clean: true });
});

test("what was sent before a close arrives, from both sides", async () => {
  const { server, url } = await serve({ packets });
  const got: unknown[] = [];
  server.on(Say, (value) => void got.push(value));
  const client = track(new Client({ addr: url, WebSocket: WS, packets }));
  await client.start();
  const values = Array.from({ length: 3000 }, (_, index) => `${index} ${"x".repeat(1000)}`);
  for (const value of values) client.sendMessage("test:say", value);
  expect((await client.close()).clean).toBe(true);
  expect(got).toEqual(values);

  const second = track(new Client({ addr: url, WebSocket: WS, packets }));
  const back: unknown[] = [];
  second.on(Say, (value) => void back.push(value));
  const accepted = new Promise<ClientOnServer>((resolve) => {
    server.on("handshakecomplete", resolve);
  });
  await second.start();
  const remote = await accepted;
  for (const value of values) remote.sendMessage("test:say", value);
  const closed = second.waitForClose();
  void server.closeConnection(remote.cid, "enough");
  expect(await closed).toMatchObject({ reason: "enough", clean: true });
  expect(back).toEqual(values);
});

test("a shutdown of the server is told", async () => {
  const { client, server } = await pair();
  const closed = client.waitForClose();
  await server.shutdown();
  expect(await closed).toMatchObject({ reason: "servershutdown", clean: true });
});
