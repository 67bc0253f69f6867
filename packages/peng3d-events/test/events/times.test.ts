// How often events are sent where the life in docs/reference/events.md does not show it.

import {
  ClassicConnectionType,
  Client,
  ConnectionRefusedError,
  Packet,
  type Peer,
  Server,
} from "@peng3dnet/core";
import { HeadlessPeng, PENG_EVENTS } from "@peng3dnet/peng3d-events";

function recorded(bus: HeadlessPeng): string[] {
  const events: string[] = [];
  for (const event of PENG_EVENTS) {
    bus.addEventListener(event, (name) => void events.push(name.replace("peng3dnet:", "")));
  }
  return events;
}

function withPackets<P extends Server | Client>(peer: P): P {
  for (const name of ["test:seen", "test:hidden"]) peer.registerPacket(name, new Packet(peer.registry, peer));
  return peer;
}

async function started(bus: HeadlessPeng, count: number): Promise<[Server, Client[]]> {
  const server = withPackets(new Server({ peng: bus, addr: "127.0.0.1:0" }));
  await server.start();
  const clients = Array.from({ length: count }, () =>
    withPackets(new Client({ peng: bus, addr: ["127.0.0.1", server.addr[1]] })),
  );
  for (const client of clients) await client.start();
  while ([...server.clients.values()].some(({ active }) => !active)) await new Promise(setImmediate);
  return [server, clients];
}

const count = (events: readonly string[], event: string): number =>
  events.filter((name) => name === event).length;

test("a broadcast sends one event per client", async () => {
  const bus = new HeadlessPeng();
  const events = recorded(bus);
  const [server, clients] = await started(bus, 3);
  expect(server.broadcast("test:seen", 1, { except: 2 })).toBe(2);
  for (const client of clients) await client.close();
  await server.shutdown();
  expect(count(events, "server.connection.send")).toBe(2);
  expect(count(events, "server.connection.close")).toBe(3);
  expect(count(events, "client.close")).toBe(3);
});

test("a connection type keeps packets from being seen, on each side and in each direction", async () => {
  class Secretive extends ClassicConnectionType {
    readonly #hidden: number;

    constructor(peer: Peer, hidden: number) {
      super(peer);
      this.#hidden = hidden;
    }

    override receive(_msg: unknown, pid: number): boolean {
      return pid === this.#hidden;
    }

    override send(_data: Uint8Array, pid: unknown): boolean {
      return pid === "test:hidden";
    }
  }
  const bus = new HeadlessPeng();
  const events = recorded(bus);
  const server = withPackets(new Server({ peng: bus, addr: "127.0.0.1:0" }));
  server.addConnType("secretive", new Secretive(server, 65));
  await server.start();
  const client = withPackets(
    new Client({ peng: bus, addr: ["127.0.0.1", server.addr[1]], conntype: "secretive" }),
  );
  client.addConnType("secretive", new Secretive(client, 65));
  const ready = new Promise((resolve) => server.once("handshakecomplete", resolve));
  await client.start();
  await ready;
  client.sendMessage("test:hidden", 1);
  client.sendMessage("test:seen", 2);
  server.sendMessage("test:hidden", 3, 1);
  server.sendMessage("test:seen", 4, 1);
  while (count(events, "server.connection.recv") + count(events, "client.recv") < 2) {
    await new Promise(setImmediate);
  }
  await client.close();
  await server.shutdown();
  for (const event of ["client.send", "client.recv", "server.connection.send", "server.connection.recv"]) {
    expect([event, count(events, event)]).toEqual([event, 1]);
  }
});

test("a client that cannot connect sends no event of a connection", async () => {
  const bus = new HeadlessPeng();
  const events = recorded(bus);
  const server = new Server({ addr: "127.0.0.1:0" });
  await server.start();
  const { addr } = server;
  await server.shutdown();
  const client = new Client({ peng: bus, addr: ["127.0.0.1", addr[1]] });
  await expect(client.start()).rejects.toThrow(ConnectionRefusedError);
  client.stop();
  await client.join();
  expect(events).toEqual(["client.initialize", "client.stop", "client.interrupt"]);
});

test("calls that are repeated send their events once, but stop and interrupt each time", async () => {
  const bus = new HeadlessPeng();
  const events = recorded(bus);
  const [server, [client]] = await started(bus, 1);
  server.initialize();
  await server.bind();
  await server.runAsync();
  await client?.connect();
  await client?.start();
  server.interrupt();
  await client?.close();
  await client?.close();
  client?.stop();
  client?.stop();
  await Promise.all([server.shutdown(), server.shutdown({ reason: "again" })]);
  const times = Object.fromEntries([...new Set(events)].map((event) => [event, count(events, event)]));
  expect(times).toEqual({
    "server.initialize": 1,
    "server.bind": 1,
    "server.start": 1,
    "client.initialize": 1,
    "client.connect": 1,
    "client.start": 1,
    "server.connection.accept": 1,
    "client.handshakecomplete": 1,
    "server.connection.handshakecomplete": 1,
    "server.interrupt": 2,
    "client.close": 1,
    "server.connection.close": 1,
    "client.stop": 2,
    "client.interrupt": 2,
    "server.stop": 1,
    "server.shutdown": 1,
  });
});
