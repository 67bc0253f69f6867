// What connections are made with: read once for all that begin while no option changes, and anew once one has.

import { type ClientOptions, definePacket, MsgpackCodec, payload, standardPlatform } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { sessionOf } from "../../../core/test/support/session.js";

const Note = definePacket({ name: "test:note", schema: payload<number>() });
const net = new TestNetwork();
const resuming = net.server({ cfg: { "net.resume.window": 5 } });

/** What one more connection of a server was made with. */
async function connectTo(server: ReturnType<TestNetwork["server"]>) {
  const client = net.client();
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

describe("what is printed", () => {
  test.each([
    ["net.debug.print.connect", "connect"],
    ["net.debug.print.recv", "recv"],
    ["net.debug.print.send", "send"],
    ["net.debug.print.close", "close"],
  ] as const)("%s", async (key, word) => {
    const lines: string[] = [];
    const packets = [Note];
    const server = net.server({ packets, print: (line) => void lines.push(line), cfg: { [key]: true } });
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
    expect(new Set(lines.map((line) => line.split(" ")[0]))).toEqual(new Set([word]));
  });
});
