// Nothing that is not delivered is dropped in silence.

import {
  Client,
  type ClientOnServer,
  definePacket,
  InvalidPayloadError,
  InvalidStateError,
  MODE_CHAT,
  NotRegisteredError,
  Packet,
  type Peer,
  payload,
  Server,
  SIDE_CLIENT,
  SmartPacket,
  SmartPacketInvalidError,
  type StandardSchemaV1,
} from "@peng3dnet/core";
import { z } from "zod";
import { onCleanup, track } from "../support/cleanup.js";
import { deferred, LOCAL, startPair } from "../support/peers.js";

/** The texts of process warnings from now on. */
function warnings(): string[] {
  const texts: string[] = [];
  const spy = jest.spyOn(process, "emitWarning").mockImplementation((text) => void texts.push(String(text)));
  onCleanup(() => spy.mockRestore());
  return texts;
}

/** The next client whose handshake is complete. */
function active(server: {
  once(event: "handshakecomplete", listener: (client: ClientOnServer) => void): unknown;
}): Promise<ClientOnServer> {
  return new Promise((resolve) => server.once("handshakecomplete", resolve));
}

/** What a logger was told, of the kinds that somebody reads. */
function recorder() {
  const lines: string[] = [];
  const take = (line: string): void => void lines.push(line);
  return { lines, logger: { debug() {}, info() {}, warn: take, error: take } };
}

const Note = definePacket({ name: "test:note", schema: z.object({ text: z.string().optional() }) });
const End = definePacket({ name: "test:end", schema: payload<null>() });
const packets = [Note, End];

async function pair(
  options: { validateSent?: boolean; logger?: ReturnType<typeof recorder>["logger"] } = {},
) {
  const server = track(new Server({ addr: LOCAL, packets, logger: options.logger }));
  const ended = deferred();
  server.on(End, () => ended.resolve());
  await server.start();
  const client = track(new Client({ addr: server.addr, packets, validateSent: options.validateSent }));
  await client.start();
  return { server, client, ended: ended.promise };
}

describe("undefined", () => {
  test.each([true, false])(
    "an optional field that is undefined arrives as none (validateSent: %s)",
    async (validateSent) => {
      const { server, client, ended } = await pair({ validateSent });
      const notes: unknown[] = [];
      server.on(Note, (note) => notes.push(note));
      client.sendMessage(Note, { text: undefined });
      client.sendMessage(End, null);
      await ended;
      expect(notes).toStrictEqual([{}]);
      expect(server.metrics.rejectedBy).toEqual({});
    },
  );

  test.each([
    ["an array's undefined, which travels as null", z.array(z.string().optional()), [undefined]],
    ["undefined itself", z.undefined(), undefined],
    ["a bigint that arrives as a number", z.bigint(), 5n],
    ["a view that arrives as bytes", z.instanceof(Float32Array), new Float32Array(1)],
  ])(
    "the sender checks what the receiver will see: %s",
    async (_, schema: StandardSchemaV1<unknown, unknown>, value) => {
      const { client } = await startPair();
      const Odd = definePacket({ name: "test:odd", schema });
      client.register(Odd);
      expect(schema["~standard"].validate(value)).not.toHaveProperty("issues");
      expect(() => client.sendMessage(Odd, value)).toThrow(InvalidPayloadError);
      expect(() => track(new Server({ packets: [Odd] })).broadcast(Odd, value)).not.toThrow();
    },
  );

  test("so does broadcast", async () => {
    const Odd = definePacket({ name: "test:odd", schema: z.array(z.string().optional()) });
    const server = track(new Server({ addr: LOCAL, packets: [Odd] }));
    await server.start();
    const client = track(new Client({ addr: server.addr, packets: [Odd] }));
    const ready = active(server);
    await client.start();
    await ready;
    expect(() => server.broadcast(Odd, [undefined])).toThrow(InvalidPayloadError);
  });
});

describe("a payload that does not fit", () => {
  const bad = { text: 5 as unknown as string };

  test("is warned of once for each packet type by default, and counted", async () => {
    const texts = warnings();
    const { server, client, ended } = await pair({ validateSent: false });
    server.on(Note, () => {});
    for (let n = 0; n < 3; n++) client.sendMessage(Note, bad);
    client.sendMessage(End, null);
    await ended;
    expect(texts).toEqual([
      expect.stringMatching(
        /^the payload of "test:note" does not fit its schema: text: .* metrics\.rejectedBy/,
      ),
    ]);
    expect(server.metrics.rejectedBy).toEqual({ invalidpayload: 3 });
  });

  test("goes to the logger where there is one, and to handlerError before that", async () => {
    const { lines, logger } = recorder();
    const texts = warnings();
    const { server, client, ended } = await pair({ validateSent: false, logger });
    client.sendMessage(Note, bad);
    client.sendMessage(Note, bad);
    client.sendMessage(End, null);
    await ended;
    expect(lines).toEqual([expect.stringMatching(/the payload of "test:note" does not fit/)]);

    const errors: unknown[] = [];
    const other = await pair({ validateSent: false, logger });
    other.server.on("handlerError", (error, { where }) => errors.push(error, where));
    other.client.sendMessage(Note, bad);
    other.client.sendMessage(Note, bad);
    other.client.sendMessage(End, null);
    await other.ended;
    expect(errors).toEqual([expect.any(InvalidPayloadError), "test:note"]);
    expect(lines).toHaveLength(1);
    expect(texts).toEqual([]);
    expect(server.metrics.rejectedBy).toEqual({ invalidpayload: 2 });
  });
});

describe("a packet that nothing handles", () => {
  test("is counted, and warned of once for each packet type", async () => {
    const texts = warnings();
    const { server, client, ended } = await pair();
    for (let n = 0; n < 3; n++) client.sendMessage(Note, { text: "early" });
    client.sendMessage(End, null);
    await ended;
    expect(texts).toEqual([
      expect.stringMatching(/^"test:note" arrived, and nothing handles it\. .*metrics/),
    ]);
    expect(server.metrics.rejectedBy).toEqual({ unhandled: 3 });
  });

  test("so is one of a class without receive, and the logger is told where there is one", async () => {
    const { lines, logger } = recorder();
    const { client, remote, server } = await startPair({
      client: { logger },
      setUp: (peer) => peer.registry.register(new Packet(peer.registry, peer), "test:news"),
    });
    server.broadcast("test:news", 1);
    await remote.close();
    expect(lines).toEqual([expect.stringMatching(/"test:news" arrived, and nothing handles it/)]);
    expect(client.metrics.rejectedBy).toEqual({ unhandled: 1 });
    // The side that only sends it has lost nothing.
    expect(server.metrics.rejectedBy).toEqual({});
  });

  test("not with a handler, an iterator, or an onReceive", async () => {
    const texts = warnings();
    const { server, client, ended } = await pair();
    const nothing = (): void => {};
    server.on(Note, nothing);
    client.sendMessage(Note, {});
    const stream = server.messages(Note);
    client.sendMessage(Note, {});
    await stream.next();
    client.sendMessage(End, null);
    await ended;
    expect(server.metrics.rejectedBy).toEqual({});

    class Watching extends Client {
      override onReceive(): void {}
    }
    const watching = track(new Watching({ addr: server.addr, packets }));
    const ready = active(server);
    await watching.start();
    const remote = await ready;
    remote.sendMessage(Note, {});
    await remote.close();
    expect(watching.metrics.rejectedBy).toEqual({});

    const heard = deferred<unknown>();
    const peng = { sendEvent: (name: string) => name.endsWith(".recv") && heard.resolve(name) };
    const engine = track(new Client({ addr: server.addr, packets, peng }));
    const other = active(server);
    await engine.start();
    (await other).sendMessage(Note, {});
    expect(await heard.promise).toBe("peng3dnet:client.recv");
    expect(engine.metrics.rejectedBy).toEqual({});
    expect(texts).toEqual([]);
  });
});

describe("sendMessage in a wrong state", () => {
  const Plain = definePacket({ name: "test:plain" });
  const Ignoring = definePacket({ name: "test:ignoring", invalidAction: "ignore" });
  const Chatty = definePacket({ name: "test:chatty", mode: MODE_CHAT });
  const ChattyIgnoring = definePacket({
    name: "test:chatty.ignoring",
    mode: MODE_CHAT,
    invalidAction: "ignore",
  });
  const all = [Plain, Ignoring, Chatty, ChattyIgnoring];

  class Eager extends Client {
    readonly outcomes: unknown[] = [];
    override onConnect(): void {
      for (const ptype of ["test:plain", "test:ignoring", "test:smart", "test:packet"]) {
        try {
          this.outcomes.push(this.sendMessage(ptype, 1));
        } catch (error) {
          this.outcomes.push(error);
        }
      }
    }
  }

  test("before the handshake is complete it throws, unless the packet says ignore", async () => {
    const setUp = (peer: Peer): void => {
      peer.registry.register(new SmartPacket(peer.registry, peer), "test:smart");
      peer.registry.register(new Packet(peer.registry, peer), "test:packet");
    };
    const server = track(new Server({ addr: LOCAL, packets: all }));
    setUp(server);
    await server.start();
    const client = track(new Eager({ addr: server.addr, packets: all }));
    setUp(client);
    await client.start();
    const early = expect.any(InvalidStateError);
    // A SmartPacket says ignore by its default, as in the reference.
    expect(client.outcomes).toEqual([early, false, false, early]);
    expect(String(client.outcomes[0])).toContain(
      '"test:plain" cannot be sent before the handshake is complete; wait for it with waitForConnection()',
    );
    expect(client.metrics.rejectedBy).toEqual({ smartpacketinvalid: 2 });
    expect(client.metrics.packetsOut).toBe(2);
  });

  test("in a wrong mode it does the same", async () => {
    const server = track(new Server({ addr: LOCAL, packets: all }));
    await server.start();
    const client = track(new Client({ addr: server.addr, packets: all }));
    await client.start();
    expect(() => client.sendMessage(Chatty, 1)).toThrow(SmartPacketInvalidError);
    expect(client.sendMessage(ChattyIgnoring, 1)).toBe(false);
    expect(client.metrics.rejectedBy).toEqual({ smartpacketinvalid: 1 });
    client.mode = MODE_CHAT;
    expect(client.sendMessage(Chatty, 1)).toBe(true);
  });

  test("a broadcast goes to those whom it fits, and the wrong side is a mistake", async () => {
    const Mine = definePacket({ name: "test:mine", side: SIDE_CLIENT });
    const Theirs = definePacket({ name: "test:theirs", side: 1 });
    const server = track(new Server({ addr: LOCAL, packets: [...all, Mine, Theirs] }));
    await server.start();
    const got: unknown[] = [];
    for (const mode of [0, MODE_CHAT]) {
      const client = track(new Client({ addr: server.addr, packets: [...all, Mine, Theirs] }));
      client.on(Chatty, () => got.push(mode));
      const ready = active(server);
      await client.start();
      const remote = await ready;
      remote.mode = mode;
    }
    expect(server.broadcast(Chatty, 1)).toBe(1);
    expect(server.broadcast(Mine, 1)).toBe(2);
    expect(() => server.broadcast(Theirs as never, 1 as never)).toThrow(SmartPacketInvalidError);
    expect(server.metrics.rejectedBy).toEqual({ smartpacketinvalid: 1 });
  });
});

test("with missingpacketaction ignore, what the server lacks cannot be sent, and the link lives on", async () => {
  const cfg = { "net.registry.missingpacketaction": "ignore" } as const;
  const Extra = definePacket({ name: "test:extra" });
  const server = track(new Server({ addr: LOCAL, packets, cfg }));
  const ended = deferred();
  server.on(End, () => ended.resolve());
  await server.start();
  const client = track(new Client({ addr: server.addr, packets: [...packets, Extra], cfg }));
  await client.start();
  expect(() => client.sendMessage(Extra, 1)).toThrow(NotRegisteredError);
  expect(() => client.sendMessage("test:extra", 1)).toThrow(
    '"test:extra" cannot be sent: the server has no packet of that name',
  );
  client.sendMessage(End, null);
  await ended.promise;
  expect(client.active).toBe(true);
});
