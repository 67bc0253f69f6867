// What connections are made with: read once for all that begin while no option changes, and anew once one has.

import {
  type Client,
  type ClientOptions,
  type Codec,
  definePacket,
  MsgpackCodec,
  payload,
  type ServerOptions,
  silentLogger,
  standardPlatform,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { sessionOf } from "../../../core/test/support/session.js";
import { zlib } from "../../../protocol/test/support/zlib.js";
import { World } from "../client/support/world.js";

const Note = definePacket({ name: "test:note", schema: payload<number>() });
const net = new TestNetwork();
const resuming = net.server({ cfg: { "net.resume.window": 5 } });

/** What one more connection of a server was made with. */
async function connectTo(server: ReturnType<TestNetwork["server"]>, client: Client = net.client()) {
  net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const remote = [...server.clients.values()].at(-1);
  return sessionOf(remote?.conn);
}

/** What connections of clients were made with that begin one after the other. */
async function connectFrom(...clients: ReturnType<TestNetwork["client"]>[]) {
  const sessions = [];
  for (const client of clients) {
    net.connect(client, resuming);
    await client.waitForConnection();
    sessions.push(sessionOf(client.conn));
  }
  return sessions;
}

test("connections of a server have the same while no option changes, and then what holds now", async () => {
  const server = net.server();
  const first = await connectTo(server);
  const second = await connectTo(server);
  expect(second.connection.context).toBe(first.connection.context);
  expect(second.options).toBe(first.options);
  server.cfg.set("net.limits.unsent", 4711);
  const third = await connectTo(server);
  const fourth = await connectTo(server);
  expect([first, second, third, fourth].map(({ options }) => options.unsentLimit)).toEqual([
    first.options.unsentLimit,
    first.options.unsentLimit,
    4711,
    4711,
  ]);
  expect(third.connection.context).not.toBe(first.connection.context);
  expect(fourth.connection.context).toBe(third.connection.context);
  // Buffers and what was found out about connection types serve all of them.
  expect(third.connection.context.resources).toBe(first.connection.context.resources);
});

test("so they do where the options are those of an engine, which tells nobody when it changes them", async () => {
  const engine: Record<string, unknown> = {};
  const server = net.server({ peng: { cfg: engine, sendEvent: () => {} } });
  const first = await connectTo(server);
  const second = await connectTo(server);
  expect(second.options).toBe(first.options);
  engine["net.limits.unsent"] = 4711;
  const third = await connectTo(server);
  expect([second.options.unsentLimit, third.options.unsentLimit]).toEqual([first.options.unsentLimit, 4711]);
  expect((await connectTo(server)).options).toBe(third.options);
  engine["net.limits.unsent"] = -1;
  expect(() => net.connect(net.client(), server)).toThrow(
    expect.objectContaining({ code: "P3D_ERR_CONFIG" }) as Error,
  );
});

describe("clients of a process share what follows from their options", () => {
  test.each<[string, ClientOptions, ClientOptions?]>([
    ["no options", {}],
    ["the same options", { cfg: { "net.limits.unsent": 4711 } }, { cfg: { "net.limits.unsent": 4711 } }],
    ["the platform's choice, said", {}, { validateSent: standardPlatform.validateSent }],
  ])("where they have %s", async (_what, one, other = one) => {
    const [first, second] = await connectFrom(net.client(one), net.client(other));
    expect(second?.options).toBe(first?.options);
    expect(second?.connection.context.resources).toBe(first?.connection.context.resources);
  });

  const codec = new MsgpackCodec();
  const extensions = { encode: () => undefined, decode: () => undefined };
  test.each<[string, ClientOptions, (session: ReturnType<typeof sessionOf>) => unknown]>([
    ["an option", { cfg: { "net.limits.unsent": 4711 } }, ({ options }) => options.unsentLimit],
    [
      "whether what is sent is validated",
      { validateSent: !standardPlatform.validateSent },
      ({ connection }) => connection.context.validateSent,
    ],
    ["a codec", { codec }, ({ connection }) => connection.context.codec],
    ["an ExtensionCodec", { extensions }, ({ connection }) => connection.context.bodies],
    ["another platform", { platform: { ...standardPlatform } }, ({ options }) => options],
    [
      "that they outlive broken lines",
      { resume: true },
      ({ connection }) => connection.context.declared?.resume,
    ],
  ])("not where one has %s", async (_what, options, look) => {
    const clients = [net.client(), net.client(options), net.client()];
    const [plain, other, again] = (await connectFrom(...clients)).map(look);
    expect(other).not.toBe(plain);
    expect(again).not.toBe(other);
  });

  test("not where they have another clock", async () => {
    const elsewhere = new TestNetwork();
    const server = elsewhere.server();
    const client = elsewhere.client();
    const [first] = await connectFrom(net.client());
    elsewhere.connect(client, server);
    await client.waitForConnection();
    expect(sessionOf(client.conn).options.clock).toBe(elsewhere.clock);
    expect(first?.options.clock).toBe(net.clock);
  });
});

describe("a client that connects again", () => {
  /** What two sessions of a client were made with, of which the second begins after `change`. */
  async function sessions(options: ClientOptions, change: (client: Client) => void = () => {}) {
    const world = new World();
    const { client } = await world.active(options);
    const first = sessionOf(client.conn);
    change(client);
    await world.cut();
    await world.pass();
    const second = sessionOf(client.conn);
    expect(second).not.toBe(first);
    return [first, second] as const;
  }

  const engine = (cfg: Record<string, unknown>): ClientOptions => ({ peng: { cfg, sendEvent: () => {} } });

  test.each<[string, ClientOptions]>([
    ["its own options", {}],
    ["those of an engine", engine({ "net.limits.unsent": 4711 })],
  ])("is made with the same while none of %s changes", async (_what, options) => {
    const [first, second] = await sessions(options);
    expect(second.options).toBe(first.options);
    expect(second.connection.context).toBe(first.connection.context);
  });

  test("is made with what holds then, once one has changed", async () => {
    const [first, second] = await sessions({}, ({ cfg }) => cfg.set("net.limits.unsent", 4711));
    expect(first.options.unsentLimit).not.toBe(4711);
    expect(second.options.unsentLimit).toBe(4711);
    expect(second.connection.context).not.toBe(first.connection.context);
  });

  test("also where an engine has changed it, which tells nobody", async () => {
    const cfg: Record<string, unknown> = { "net.limits.unsent": 4711 };
    const [first, second] = await sessions(engine(cfg), () => {
      cfg["net.limits.unsent"] = 4712;
    });
    expect([first, second].map(({ options }) => options.unsentLimit)).toEqual([4711, 4712]);
  });
});

test("a client that connects once, with the options of an engine, can buffer what comes", async () => {
  const packets = [Note];
  const server = net.server({ packets });
  const client = net.client({ packets, peng: { cfg: {}, sendEvent: () => {} } });
  const notes = client.messages(Note);
  await connectTo(server, client as unknown as Client);
  server.broadcast(Note, 1);
  server.broadcast(Note, 2);
  await net.settle();
  const got: number[] = [];
  for await (const { msg } of notes) if (got.push(msg) === 2) break;
  expect(got).toEqual([1, 2]);
});

describe("what a connection declares", () => {
  const NO_COMPRESSION = { compress: { accept: false } };
  const SERVER = { ...NO_COMPRESSION, heartbeat: { interval: 5 } };

  test.each<[string, ServerOptions["cfg"], unknown]>([
    ["usually", {}, SERVER],
    ["that keeps no sessions", { "net.resume.window": 0 }, SERVER],
    ["that keeps sessions for a while", { "net.resume.window": 7 }, { ...SERVER, resume: { window: 7 } }],
    ["that wants no heartbeats", { "net.heartbeat.interval": 0 }, NO_COMPRESSION],
  ])("of a server, %s", async (_what, cfg, declared) => {
    const session = await connectTo(net.server({ cfg }));
    expect(session.connection.context.declared).toEqual(declared);
  });

  test("of a client: that it takes part in heartbeats, and whether it outlives broken lines", async () => {
    const [plain, outlives] = await connectFrom(net.client(), net.client({ resume: true }));
    const declared = { ...NO_COMPRESSION, heartbeat: {} };
    expect(plain?.connection.context.declared).toEqual(declared);
    expect(outlives?.connection.context.declared).toEqual({ ...declared, resume: {} });
  });
});

test("what a server was made with beside its options is what its connections have", async () => {
  const codec = new MsgpackCodec();
  const session = await connectTo(net.server({ codec, validateSent: !standardPlatform.validateSent }));
  expect(session.connection.context.codec).toBe(codec);
  expect(session.connection.context.validateSent).toBe(!standardPlatform.validateSent);
});

test.each([
  [15, 15],
  [0, 0],
  [Number.POSITIVE_INFINITY, 0],
])("heartbeats that may be silent for %d seconds are judged after %d, where 0 is never", async (set, is) => {
  const session = await connectTo(net.server({ cfg: { "net.heartbeat.timeout": set } }));
  expect(session.options.heartbeatTimeout).toBe(is);
});

describe("a broadcast", () => {
  test("to nobody is none, also before there was any connection", () => {
    expect(net.server({ packets: [Note] }).broadcast(Note, 1)).toBe(0);
  });

  test("is sent to nobody if the options forbid it that a later connection began with", async () => {
    const Deep = definePacket({ name: "test:deep", schema: payload<unknown>() });
    const packets = [Deep];
    const listening = (): Client => {
      const client = net.client({ packets });
      client.on(Deep, () => {});
      return client;
    };
    const server = net.server({ packets });
    const first = await connectTo(server, listening());
    server.cfg.set("net.limits.depth", 8);
    await connectTo(server, listening());
    const before = first.connection.packetsOut;
    expect(() => server.broadcast(Deep, [[[[[[[[[1]]]]]]]]])).toThrow(
      expect.objectContaining({ code: "P3D_ERR_ENCODE" }) as Error,
    );
    expect(first.connection.packetsOut).toBe(before);
    expect(server.broadcast(Deep, [1])).toBe(2);
  });

  test("passes those over who declined compression and for whom it is too long that way, and counts that", async () => {
    const compressing = new TestNetwork({ ...standardPlatform, compression: () => zlib });
    const lines: string[] = [];
    const Long = definePacket({ name: "test:long", schema: payload<string>() });
    const server = compressing.server({
      packets: [Long],
      cfg: { "net.limits.packetlength": 2000, "net.compress.threshold": 100 },
      logger: { ...silentLogger, debug: (line) => void lines.push(line) },
    });
    const [first, second] = [true, false].map((accept) => {
      const client = compressing.client({ packets: [Long], cfg: { "net.compress.accept": accept } });
      const texts: string[] = [];
      client.on(Long, (text) => void texts.push(text));
      compressing.connect(client, server);
      return { client, texts };
    });
    await compressing.settle();
    expect(server.broadcast(Long, "a".repeat(5000))).toBe(1);
    await compressing.settle();
    expect([first?.texts.length, second?.texts.length]).toEqual([1, 0]);
    expect(server.metrics.rejectedBy).toEqual({ packettoolong: 1 });
    expect(lines.join()).toContain("a broadcast was not sent to a client for whom it is too long: ");
    expect(server.broadcast(Long, "short")).toBe(2);
  });

  test("is sent to nobody if it cannot be encoded for those who declined compression", async () => {
    const compressing = new TestNetwork({ ...standardPlatform, compression: () => zlib });
    let encodings = Number.POSITIVE_INFINITY;
    const inner = new MsgpackCodec();
    const codec: Codec = {
      encode(value) {
        if (encodings-- <= 0) throw new Error("once is enough");
        return inner.encode(value);
      },
      decode: (body, exactly) => inner.decode(body, exactly),
    };
    const server = compressing.server({ packets: [Note], codec, validateSent: false });
    for (const accept of [true, false]) {
      const client = compressing.client({ packets: [Note], cfg: { "net.compress.accept": accept } });
      client.on(Note, () => {});
      compressing.connect(client, server);
      await client.waitForConnection();
      await compressing.settle();
    }
    const [first] = [...server.clients.values()].map(({ conn }) => sessionOf(conn).connection);
    const before = first?.packetsOut;
    encodings = 1;
    expect(() => server.broadcast(Note, 1)).toThrow("once is enough");
    expect(first?.packetsOut).toBe(before);
    encodings = 2;
    expect(server.broadcast(Note, 1)).toBe(2);
  });
});

describe("what is printed", () => {
  const KEYS = {
    connect: "net.debug.print.connect",
    recv: "net.debug.print.recv",
    send: "net.debug.print.send",
    close: "net.debug.print.close",
  } as const;
  const words = Object.keys(KEYS) as (keyof typeof KEYS)[];

  test.each([[], ...words.map((word) => [word]), words].map((on) => [on]))(
    "what is asked for: %j",
    async (on) => {
      const lines: string[] = [];
      const packets = [Note];
      const cfg = Object.fromEntries(on.map((word) => [KEYS[word], true]));
      const server = net.server({ packets, print: (line) => void lines.push(line), cfg });
      const client = net.client({ packets });
      server.on(Note, () => {});
      client.on(Note, () => {});
      net.connect(client, server);
      await client.waitForConnection();
      client.sendMessage(Note, 1);
      server.broadcast(Note, 2);
      await net.settle();
      await client.close("bye");
      await net.settle();
      expect(new Set(lines.map((line) => line.split(" ")[0]))).toEqual(new Set(on));
    },
  );
});
