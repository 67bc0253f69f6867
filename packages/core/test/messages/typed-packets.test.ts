import {
  Client,
  type CloseInfo,
  definePacket,
  InvalidPayloadError,
  payload,
  Server,
  SIDE_CLIENT,
  SIDE_SERVER,
  type StandardSchemaV1,
} from "@peng3dnet/core";
import { TestNetwork } from "@peng3dnet/core/testing";

/** A schema made by hand, as any library that follows the Standard Schema makes them. */
const text: StandardSchemaV1<{ text: string }, { text: string; length: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate(value) {
      const candidate = (value as { text?: unknown } | null)?.text;
      return typeof candidate === "string"
        ? { value: { text: candidate, length: candidate.length } }
        : { issues: [{ message: "expected a string", path: ["text"] }] };
    },
  },
};

const Say = definePacket({ name: "chat:say", schema: text, side: SIDE_SERVER });
const Heard = definePacket({
  name: "chat:heard",
  schema: payload<{ from: number; text: string }>(),
  side: SIDE_CLIENT,
});
const Strict = definePacket({ name: "chat:strict", schema: text, side: SIDE_SERVER, invalidAction: "close" });
const packets = [Say, Heard, Strict];

async function pair() {
  const logged: string[] = [];
  const logger = { debug: (line: string) => logged.push(line), info() {}, warn() {}, error() {} };
  const server = new Server({ addr: "127.0.0.1:0", packets, logger });
  await server.start();
  const client = new Client({ addr: server.addr, packets, validateSent: false });
  return { server, client, logged };
}

async function end({
  server,
  client,
}: {
  server: { shutdown(): Promise<unknown> };
  client: { close(): Promise<unknown> };
}) {
  await client.close();
  await server.shutdown();
}

describe("defined packets", () => {
  test("reach typed handlers with what the schema made of them", async () => {
    const { server, client } = await pair();
    server.on(Say, (msg, { client: from }) => {
      from.sendMessage(Heard, { from: from.cid, text: `${msg.text} (${msg.length})` });
    });
    await client.start();
    const heard = new Promise<{ from: number; text: string }>((resolve) => {
      client.on(Heard, (msg) => resolve(msg));
    });
    client.sendMessage(Say, { text: "hello" });
    expect(await heard).toEqual({ from: 1, text: "hello (5)" });
    await end({ server, client });
  });

  test("that do not fit are ignored, with the path in the log", async () => {
    const { server, client, logged } = await pair();
    const said: string[] = [];
    const both = new Promise<void>((resolve) => {
      server.on(Say, ({ text: words }) => {
        said.push(words);
        if (words === "last") resolve();
      });
    });
    await client.start();
    client.sendMessage(Say, { text: 5 as unknown as string });
    client.sendMessage(Say, { text: "last" });
    await both;
    expect(said).toEqual(["last"]);
    expect(logged.join("\n")).toContain(
      'the payload of "chat:say" does not fit its schema: text: expected a string',
    );
    await end({ server, client });
  });

  test("that do not fit close the connection where declared so", async () => {
    const { server, client } = await pair();
    const closed = new Promise<CloseInfo>((resolve) => {
      server.on("close", (_client, info) => resolve(info));
    });
    await client.start();
    client.sendMessage(Strict, {} as { text: string });
    expect((await client.waitForClose()).reason).toBe("invalidpayload");
    expect((await closed).error).toBeInstanceOf(InvalidPayloadError);
    await server.shutdown();
  });

  test("are validated on sending where that is on", async () => {
    const { server } = await pair();
    const client = new Client({ addr: server.addr, packets, validateSent: true });
    await client.start();
    expect(() => client.sendMessage(Say, {} as { text: string })).toThrow(InvalidPayloadError);
    await end({ server, client });
  });

  test("come as an async iterator that loses nothing with a small buffer", async () => {
    const { server, client } = await pair();
    await client.start();
    const stream = server.messages(Say, { limit: 4 });
    const total = 1000;
    for (let i = 0; i < total; i++) client.sendMessage(Say, { text: String(i) });
    const got: string[] = [];
    for await (const { msg, client: from } of stream) {
      expect(from.cid).toBe(1);
      got.push(msg.text);
      if (got.length === total) break;
    }
    expect(got).toEqual(Array.from({ length: total }, (_, i) => String(i)));
    await end({ server, client });
  });

  test("serve several calls of next at once, in order", async () => {
    const { server, client } = await pair();
    await client.start();
    const stream = server.messages(Say);
    const both = Promise.all([stream.next(), stream.next()]);
    client.sendMessage(Say, { text: "one" });
    client.sendMessage(Say, { text: "two" });
    expect((await both).map(({ value }) => value?.msg.text)).toEqual(["one", "two"]);
    await stream.return();
    await end({ server, client });
  });

  test("end an iteration when the server stops, and by a signal", async () => {
    const { server, client } = await pair();
    const abort = new AbortController();
    const aborted = server.messages(Say, { signal: abort.signal }).next();
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: "P3D_ERR_ABORTED" });
    const next = server.messages(Say).next();
    await server.shutdown();
    expect(await next).toEqual({ done: true, value: undefined });
    await client.close();
  });
});

describe("messages", () => {
  test.each([1, 2, 3, 0])("with a limit of %d come one after the other, all of them", async (limit) => {
    const net = new TestNetwork();
    const server = net.server({ packets: [Strict] });
    const client = net.client({ packets: [Strict] });
    const stream = server.messages(Strict, { limit });
    net.connect(client, server);
    await client.waitForConnection();
    const words = ["one", "two", "three", "four", "five"];
    for (const word of words) client.sendMessage(Strict, { text: word });
    // All that is going to be delivered by itself has been.
    await net.settle();
    const got: string[] = [];
    for (const _ of words) got.push((await stream.next()).value?.msg.text ?? "none");
    expect(got).toEqual(words);
    await client.close();
    server.stop();
  });
});

describe("broadcast", () => {
  test.each([
    [true, 0],
    [false, 1],
  ])("validates what is sent where that is wanted: %s", async (validateSent, accepted) => {
    const net = new TestNetwork();
    const Told = definePacket({ name: "chat:told", schema: text });
    const server = net.server({ packets: [Told], validateSent });
    const client = net.client({ packets: [Told] });
    const heard: unknown[] = [];
    client.on("handlerError", (error) => heard.push(error));
    net.connect(client, server);
    await client.waitForConnection();
    let count = 0;
    try {
      count = server.broadcast(Told, { text: 5 } as never);
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidPayloadError);
    }
    await net.settle();
    expect(count).toBe(accepted);
    // The receiver checks in any case.
    expect(heard).toEqual(Array(accepted).fill(expect.any(InvalidPayloadError)));
    await client.close();
    server.stop();
  });
});
