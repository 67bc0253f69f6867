// What would else be found out by the peer, or by nobody, is refused where the mistake is.

import { once } from "node:events";
import {
  AlreadyRegisteredError,
  ClassicConnectionType,
  Client,
  definePacket,
  defineRequest,
  EncodeError,
  Packet,
  type PacketRegistry,
  PacketTooLargeError,
  payload,
  RegistryError,
  Server,
  SIDE_CLIENT,
  SIDE_SERVER,
  UnsupportedAddressError,
} from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { startPair, startServer } from "../support/peers.js";

/** A peer as a program without types sees it. */
interface Untyped {
  readonly registry: PacketRegistry;
  on(...args: unknown[]): void;
  once(...args: unknown[]): void;
  off(...args: unknown[]): void;
  messages(...args: unknown[]): void;
}

interface UntypedRequests {
  request(request: object, input: unknown, to?: object): Promise<unknown>;
  answer(request: object, handler: () => unknown): void;
}

const Note = definePacket({ name: "test:note", schema: payload<unknown>() });

test.each([undefined, null, {}, "listener"])("%p is no listener", async (listener) => {
  const { server, client } = await startPair();
  for (const peer of [server, client] as unknown as Untyped[]) {
    for (const method of ["on", "once", "off"] as const) {
      expect(() => peer[method]("close", listener)).toThrow(TypeError);
      expect(() => peer[method](Note, listener)).toThrow(TypeError);
    }
    expect(() => peer.on(undefined, () => {})).toThrow(TypeError);
    expect(() => peer.messages({})).toThrow(TypeError);
    expect(() => peer.once(Note, () => {})).toThrow("takes the name of an event");
    expect(peer.registry.has("test:note")).toBe(false);
  }
});

test("the name of a packet is no event, that of an event is no packet", async () => {
  const Close = definePacket({ name: "close" });
  const { server, client } = await startPair({
    server: { packets: [Note, Close] },
    client: { packets: [Note, Close] },
  });
  for (const peer of [server, client] as unknown as Untyped[]) {
    for (const method of ["on", "once"] as const) {
      expect(() => peer[method]("test:note", () => {})).toThrow(
        '"test:note" is the name of a packet, and no event; give the packet\'s definition',
      );
      expect(() => peer[method]("close", () => {})).not.toThrow();
    }
  }
});

test("a mistyped event is refused, and not waited for in vain", async () => {
  const { server, client } = await startPair();
  for (const method of ["on", "once"] as const) {
    const listen = (peer: unknown, event: string) => () => (peer as Untyped)[method](event, () => {});
    expect(listen(client, "closed")).toThrow('a client has no event "closed"; did you mean "close"?');
    expect(listen(server, "handshakeComplete")).toThrow(
      'a server has no event "handshakeComplete"; did you mean "handshakecomplete"?',
    );
    expect(listen(client, "message")).toThrow(
      'a client has no event "message"; it has handlerError, connect, handshakecomplete, close, lost, retry, session, suspend, resume, drain',
    );
    expect(listen(server, "disconnect")).toThrow(TypeError);
  }
});

test("a class of one's own has events of its own, and is warned of a mistyped one", async () => {
  const warn = jest.fn();
  const logger = { debug() {}, info() {}, warn, error() {} };
  class Game extends Server {
    win(): void {
      this.emit("won" as "close", ...([] as unknown as [never, never]));
    }
  }
  const game = track(new Game({ logger }));
  const won = jest.fn();
  (game as unknown as Untyped).on("won", won);
  game.win();
  expect(won).toHaveBeenCalledTimes(1);
  expect(warn).not.toHaveBeenCalled();
  (game as unknown as Untyped).on("closed", () => {});
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn).toHaveBeenCalledWith('a server has no event "closed"; did you mean "close"?');
});

test("Node's `once` waits for an event of a peer", async () => {
  const { client } = await startPair();
  const closed = once(client as never, "close");
  client.stop();
  await expect(closed).resolves.toHaveLength(1);
});

test("a packet is not waited for by the side that does not receive it", async () => {
  const Heard = definePacket({ name: "test:heard", side: SIDE_CLIENT });
  const Said = definePacket({ name: "test:said", side: SIDE_SERVER });
  const packets = [Heard, Said];
  const { server, client } = await startPair({ server: { packets }, client: { packets } });
  for (const [peer, wrong, right] of [
    [server, Heard, Said],
    [client, Said, Heard],
  ] as unknown as [Untyped, object, object][]) {
    const why = "is received by the other side, as its option side says, and not by this one";
    expect(() => peer.on(wrong, () => {})).toThrow(why);
    expect(() => peer.messages(wrong)).toThrow(why);
    expect(() => peer.on(right, () => {})).not.toThrow();
    expect(() => peer.messages(right)).not.toThrow();
  }
});

test("a request is not sent as a packet, which nobody would answer", async () => {
  const Ask = defineRequest({ name: "test:ask", request: payload<number>(), response: payload<number>() });
  const packets = [Ask];
  const { server, client, remote } = await startPair({ server: { packets }, client: { packets } });
  const why = '"test:ask" is a request, and no packet to send; make it with request()';
  const ask = Ask as unknown as typeof Note;
  expect(() => client.sendMessage(ask as never, 1 as never)).toThrow(why);
  expect(() => client.trySend(ask as never, 1 as never)).toThrow(why);
  expect(() => remote.sendMessage(ask as never, 1 as never)).toThrow(why);
  expect(() => server.sendMessage(ask as never, 1 as never, remote.cid)).toThrow(why);
  expect(() => server.broadcast(ask as never, 1 as never)).toThrow(why);
  expect(() => server.group("all").broadcast(ask as never, 1 as never)).toThrow(why);
  expect(() => client.sendMessage(null as never, 1 as never)).toThrow("null is not registered");
  server.answer(Ask, (n) => n + 1);
  expect(await client.request(Ask, 1)).toBe(2);
});

test.each([
  [{ response: {} }, 'the schema of "test:ask: response" is no Standard Schema'],
  [{ request: { item: "string" } }, 'the schema of "test:ask: request" is no Standard Schema'],
  [{ errors: { full: undefined } }, 'the schema of "test:ask: errors.full" is no Standard Schema'],
  [{ errors: ["full"] }, 'the errors of "test:ask" are an object with a schema for each code'],
  [{ errors: "full" }, "are an object with a schema for each code"],
  [{ errors: null }, "are an object with a schema for each code"],
  [
    { side: "server" },
    'the request "test:ask": the option "side" cannot be "server"; allowed: SIDE_CLIENT, SIDE_SERVER, or null for both',
  ],
])("a request is not declared with %p", (options, message) => {
  expect(() => defineRequest({ name: "test:ask", ...(options as object) })).toThrow(message);
});

test.each([42, {}, true])("%p is no reason", async (value) => {
  const reason = value as unknown as string;
  const { server, client, remote } = await startPair();
  await expect(client.close(reason)).rejects.toThrow(TypeError);
  await expect(client.closeConnection(null, reason)).rejects.toThrow(TypeError);
  await expect(remote.close(reason)).rejects.toThrow(TypeError);
  await expect(server.closeConnection(remote.cid, reason)).rejects.toThrow(TypeError);
  await expect(server.shutdown({ reason })).rejects.toThrow("a reason is a string or null, and not");
  expect([client.active, remote.active]).toEqual([true, true]);
  await expect(client.close("done")).resolves.toMatchObject({ reason: "done", clean: true });
});

test.each([
  ["__proto__", "no peer takes it over"],
  ["test:\ud800", "half of a surrogate pair"],
  ["test:\udc00x", "half of a surrogate pair"],
  ["x".repeat(257), "257 bytes long"],
  ["é".repeat(129), "258 bytes long"],
  ["", "not empty"],
])("%j cannot be the name of a packet", async (name, why) => {
  const server = await startServer();
  const register = (): unknown => server.registerPacket(name, new Packet(server.registry, server));
  expect(register).toThrow(RegistryError);
  expect(register).toThrow(why);
  expect(() => server.register(definePacket({ name }))).toThrow(RegistryError);
  expect(() => server.registerPacket("x".repeat(256), new Packet(server.registry, server))).not.toThrow();
});

test.each(["test:\ud800", "\udc00"])("%j cannot be the name of a connection type", async (name) => {
  const server = await startServer();
  const type = server.getConnType("classic")!;
  expect(() => server.addConnType(name, type)).toThrow(RegistryError);
});

describe("an error on sending names", () => {
  test("the packet", async () => {
    const { client, server } = await startPair();
    expect(() => client.sendMessage("test:echo", () => {})).toThrow(EncodeError);
    for (const send of [
      () => client.sendMessage("test:echo", { a: [() => {}] }),
      () => server.broadcast("test:echo", { a: [() => {}] }),
    ]) {
      expect(send).toThrow(
        expect.objectContaining({ message: expect.stringContaining('(a[0] of "test:echo")') }),
      );
      expect(send).toThrow(
        expect.objectContaining({ stack: expect.stringContaining('(a[0] of "test:echo")') }),
      );
    }
  });

  test("the option that the limit comes from", async () => {
    const cfg = { "net.limits.inflated": 10_000, "net.limits.packetlength": 1_000 };
    const { client } = await startPair({ client: { cfg } });
    const failure = (data: unknown): PacketTooLargeError => {
      try {
        client.sendMessage("test:echo", data);
      } catch (error) {
        if (error instanceof PacketTooLargeError) return error;
      }
      throw new Error("it was sent");
    };
    const inflated = failure("x".repeat(20_000));
    expect(inflated.option).toBe("net.limits.inflated");
    expect(inflated.message).toMatch(/before compression, .* raise net\.limits\.inflated on both sides/);
    expect(inflated.message).not.toContain("packetlength");
    const noise = Uint8Array.from({ length: 9_000 }, (_, n) => (n * n * 31 + (n >> 3)) % 251);
    expect(failure(noise.map((byte, n) => byte ^ ((n * 7919) >> 5))).option).toBe("net.limits.packetlength");
  });

  test("and the one for the handshake, on receipt", async () => {
    const server = await startServer({ cfg: { "net.limits.packetlength.handshake": 100 } });
    const closed = new Promise<Error | undefined>((resolve) =>
      server.on("close", (_client, { error }) => resolve(error)),
    );
    const { RawPeer } = await import("../support/raw-peer.js");
    const peer = await RawPeer.connect(server.addr);
    peer.socket.end(Uint8Array.of(0, 0, 4, 0, 0, 0, 0, 2, 0, 0));
    expect(await closed).toMatchObject({
      option: "net.limits.packetlength.handshake",
      message: expect.stringContaining("raise net.limits.packetlength.handshake"),
    });
  });
});

test("a stream of messages can be disposed of", async () => {
  const { server } = await startPair();
  const stream = server.messages(Note);
  {
    await using using = stream;
    expect(using).toBe(stream);
  }
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

test.each([1, 2, 3, 4, 16])("the id %d is the protocol's own", async (id) => {
  const server = await startServer();
  const refused = (register: () => unknown): void => {
    expect(register).toThrow(AlreadyRegisteredError);
    expect(register).toThrow(`the id ${id} for "test:own"`);
    expect(server.registry.has("test:own")).toBe(false);
  };
  refused(() => server.registerPacket("test:own", new Packet(server.registry, server), id));
  refused(() => server.register(definePacket({ name: "test:own", id, schema: payload<null>() })));
  // Before the protocol's own packets are there, too.
  const client = track(new Client());
  expect(() => client.registerPacket("test:own", new Packet(client.registry, client), id)).toThrow(
    AlreadyRegisteredError,
  );
});

test("a client in the place of its cid", async () => {
  const { server, remote } = await startPair();
  const cid = remote as unknown as number;
  expect(() => server.sendMessage(1, null, cid)).toThrow(TypeError);
  expect(() => server.sendMessage(1, null, cid)).toThrow("give its cid");
  await expect(server.closeConnection(cid)).rejects.toThrow("give its cid");
  await expect(server.flush(cid)).rejects.toThrow("give its cid");
  expect(remote.active).toBe(true);
});

test("a cid as text, of a client that is there", async () => {
  const { server, remote } = await startPair();
  const cid = String(remote.cid) as never;
  const told = 'by its cid, a number, and not by "1"';
  expect(() => server.sendMessage(1, null, cid)).toThrow(told);
  await expect(server.closeConnection(cid)).rejects.toThrow(told);
  await expect(server.flush(cid)).rejects.toThrow(told);
  expect(remote.active).toBe(true);
});

test.each([
  [{}, "lacks start()"],
  [undefined, "lacks start()"],
  [{ ...noTransport(), destroy: 5 }, "lacks destroy()"],
  [{ ...noTransport(), remoteAddress: "10.0.0.1" }, "lacks remoteAddress"],
])("%p is no transport", async (transport, told) => {
  const server = await startServer();
  const client = track(new Client());
  expect(() => server.accept(transport as never)).toThrow(told);
  expect(() => client.attach(transport as never)).toThrow(told);
  expect(server.clients.size).toBe(0);
  expect(client.conn).toBeUndefined();
  await expect(server.shutdown()).resolves.toEqual({ clean: 0, unclean: 0 });
});

/** What has the methods of a transport, and no stream. */
function noTransport(): object {
  const nothing = (): void => {};
  const ends = { end: nothing, destroyAfterWrite: nothing, destroy: nothing };
  return { start: nothing, write: nothing, ...ends, pause: nothing, resume: nothing };
}

test.each([
  ["own", {}, 'the connection type "own" lacks init(); give an instance of a subclass of ConnectionType'],
  [
    "own",
    ClassicConnectionType,
    'the connection type "own" lacks init(); give an instance of a subclass of ConnectionType',
  ],
  [
    "own",
    undefined,
    'the connection type "own" lacks init(); give an instance of a subclass of ConnectionType',
  ],
  [5, {}, "the name of a connection type is a string, and not 5"],
])("%p: %p is no connection type", (name, type, told) => {
  for (const peer of [track(new Client()), track(new Server())])
    expect(() => peer.addConnType(name as never, type as never)).toThrow(new TypeError(told));
});

test("a client that was closed cannot be started again", async () => {
  const { client } = await startPair();
  await client.close("done");
  await expect(client.start()).rejects.toThrow("make a new one");
  await expect(client.start()).rejects.toMatchObject({ code: "P3D_ERR_CONNECTION_CLOSED", reason: "done" });
});

test.each(["ws://game.example/play", "wss://game.example", "https://game.example"])(
  "%s is the address of a WebSocket",
  (addr) => {
    expect(() => new Client({ addr })).toThrow(UnsupportedAddressError);
    expect(() => new Client({ addr })).toThrow("webSocketConnector");
  },
);

test("a request is asked of the side that answers it, and answered there", async () => {
  const OfServer = defineRequest({ name: "test:server", side: SIDE_SERVER });
  const OfClient = defineRequest({ name: "test:client", side: SIDE_CLIENT });
  const packets = [OfServer, OfClient];
  const pair = await startPair({ server: { packets }, client: { packets } });
  const [server, client] = [pair.server, pair.client] as unknown as UntypedRequests[];
  await expect(client?.request(OfClient, null)).rejects.toThrow(TypeError);
  await expect(server?.request(OfServer, null, pair.remote)).rejects.toThrow("answered by this side");
  expect(() => client?.answer(OfServer, () => null)).toThrow(TypeError);
  expect(() => server?.answer(OfClient, () => null)).toThrow("answered by the other side");
  server?.answer(OfServer, () => 5);
  expect(await client?.request(OfServer, null)).toBe(5);
});
