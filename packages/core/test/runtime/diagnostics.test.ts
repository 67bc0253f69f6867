// What tools hear that subscribe to channels of node:diagnostics_channel.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect } from "node:net";
import {
  Client,
  type DiagnosticsChannels,
  definePacket,
  defineRequest,
  nodePlatform,
  payload,
  Server,
} from "@peng3dnet/core";
import { onCleanup, track } from "../support/cleanup.js";
import { LOCAL, next } from "../support/peers.js";

const Say = definePacket({ name: "test:say", schema: payload<string>() });
const Ask = defineRequest({ name: "test:ask", request: payload<string>(), response: payload<string>() });
const packets = [Say, Ask];

type Channel = keyof DiagnosticsChannels;

/** Keeps what is published on a channel until the test ends. */
function hear<K extends Channel>(channel: K): DiagnosticsChannels[K][] {
  const heard: DiagnosticsChannels[K][] = [];
  const listener = (message: unknown): void => void heard.push(message as DiagnosticsChannels[K]);
  subscribe(channel, listener);
  onCleanup(() => unsubscribe(channel, listener));
  return heard;
}

async function pair() {
  const server: Server = track(new Server({ addr: LOCAL, packets }));
  server.on(Say, () => {});
  server.answer(Ask, (text) => text.toUpperCase());
  await server.start();
  const client: Client = track(new Client({ addr: server.addr, packets }));
  const came = next(server, "handshakecomplete");
  await client.start();
  await came;
  return { server, client };
}

test("connections, from the beginning to the end", async () => {
  const [opened, greeted, closed] = [
    hear("peng3dnet:connection.open"),
    hear("peng3dnet:connection.handshake"),
    hear("peng3dnet:connection.close"),
  ];
  const { server, client } = await pair();
  const gone = next(server, "close");
  const info = await client.close("enough");
  await gone;
  const sides = ["client", "server"];
  expect(opened.map(({ side }) => side).sort()).toEqual(sides);
  expect(greeted.map(({ outcome }) => outcome)).toEqual(["complete", "complete"]);
  expect(closed.map(({ side }) => side).sort()).toEqual(sides);
  expect(closed.find(({ side }) => side === "client")).toMatchObject(info);
  expect(closed.find(({ side }) => side === "client")?.connection).toBe(client.conn);
  const ofServer = closed.find(({ side }) => side === "server");
  expect(ofServer).toMatchObject({ reason: "enough", clean: true, connection: { cid: 1 } });
});

test("sessions whose line breaks, and that go on", async () => {
  const [suspended, resumed] = [
    hear("peng3dnet:connection.suspend"),
    hear("peng3dnet:connection.resumption"),
  ];
  const server: Server = track(new Server({ addr: LOCAL, packets, cfg: { "net.resume.window": 30 } }));
  await server.start();
  const client: Client = track(new Client({ addr: server.addr, packets, resume: { delay: 0.01 } }));
  await client.start();
  const goesOn = [
    next(server, "resume"),
    new Promise<void>((resolve) => client.once("resume", () => resolve())),
  ];
  client.sock?.destroy();
  await Promise.all(goesOn);
  const sides = ["client", "server"];
  expect(suspended.map(({ side }) => side).sort()).toEqual(sides);
  expect(suspended.find(({ side }) => side === "client")?.connection).toBe(client.conn);
  expect(resumed.map(({ side, outcome }) => `${side} ${outcome}`).sort()).toEqual([
    "client resumed",
    "server resumed",
  ]);
  for (const { seconds, again } of resumed) {
    expect(seconds).toBeGreaterThanOrEqual(0);
    expect(again.packets).toBeGreaterThanOrEqual(0);
  }
});

test("connections that are refused before they begin", async () => {
  const dropped = hear("peng3dnet:connection.drop");
  const { server } = await pair();
  server.cfg.set("net.limits.connections", 1);
  const told = next(server, "drop");
  const socket = connect(server.addr[1], server.addr[0]);
  onCleanup(() => socket.destroy());
  socket.on("error", () => {});
  await told;
  expect(dropped).toEqual([{ address: ["127.0.0.1", socket.localPort], reason: "serverfull" }]);
});

test("packets, and requests by one object from start to end", async () => {
  const [received, sent] = [hear("peng3dnet:packet.receive"), hear("peng3dnet:packet.send")];
  const [started, ended] = [hear("peng3dnet:request.start"), hear("peng3dnet:request.end")];
  const { client } = await pair();
  client.sendMessage(Say, "hello");
  await client.request(Ask, "why?");
  await Promise.resolve();
  const shown = (messages: typeof received) =>
    messages.map(({ side, packet, bytes }) => `${side} ${packet} ${bytes}`).sort();
  expect(shown(sent)).toEqual(["client test:ask 17", "client test:say 16", "server test:ask.answer 17"]);
  expect(shown(received)).toEqual(["client test:ask.answer 17", "server test:ask 17", "server test:say 16"]);
  expect(started.map(({ side, way, request }) => [side, way, request])).toEqual([
    ["client", "asked", "test:ask"],
    ["server", "answered", "test:ask"],
  ]);
  expect(new Set(ended)).toEqual(new Set(started));
  expect(ended.map(({ end }) => end)).toEqual(["ok", "ok"]);
});

test("heartbeats", async () => {
  const beats = hear("peng3dnet:heartbeat");
  const { client } = await pair();
  while (beats.length < 2) await client.request(Ask, "go on");
  expect(beats.map(({ side }) => side)).toContain("server");
  for (const { seconds } of beats) expect(seconds).toBeGreaterThanOrEqual(0);
});

test("without subscribers, nobody looks on", async () => {
  expect(nodePlatform.observer?.()).toBeUndefined();
  const unsubscribed = (): void => {};
  subscribe("peng3dnet:packet.send", unsubscribed);
  expect(nodePlatform.observer?.()).toMatchObject({ sent: expect.any(Function) });
  expect(nodePlatform.observer?.()).not.toHaveProperty("request");
  expect(nodePlatform.observer?.()).toBe(nodePlatform.observer?.());
  unsubscribe("peng3dnet:packet.send", unsubscribed);
  expect(nodePlatform.observer?.()).toBeUndefined();
});
