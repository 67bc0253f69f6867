import { Client, ConnectionClosedError, FIRST_USER_ID } from "@peng3dnet/core";
import fc from "fast-check";
import { Inbox } from "../../cli/test/support/inbox.js";
import { EchoClient } from "../src/echo-client.js";
import { EchoServer, type EchoServerOptions } from "../src/echo-server.js";
import { ECHO, now, PING, registerEchoPackets } from "../src/shared.js";

const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});

async function startServer(options: EchoServerOptions = {}): Promise<EchoServer> {
  const server = new EchoServer({ addr: "127.0.0.1:0", ...options });
  cleanUp.push(() => server.shutdown());
  const failed = jest.fn();
  server.on("handlerError", failed);
  cleanUp.push(async () => expect(failed).not.toHaveBeenCalled());
  await server.start();
  return server;
}

/** A client that knows nothing of this example but its packets. */
async function connectBare(server: EchoServer) {
  const client = new Client({ addr: server.addr });
  const echo = new Inbox(client);
  const ping = new Inbox(client);
  registerEchoPackets(client, { echo, ping });
  cleanUp.push(() => client.close());
  await client.start();
  return { client, echo, ping };
}

async function connect(server: EchoServer): Promise<EchoClient> {
  const client = new EchoClient({ addr: server.addr });
  cleanUp.push(() => client.close());
  await client.start();
  return client;
}

test("the packets have the ids that the order of registration gives them", async () => {
  const { client } = await connectBare(await startServer());
  expect(client.registry.getID(ECHO)).toBe(FIRST_USER_ID);
  expect(client.registry.getID(PING)).toBe(FIRST_USER_ID + 1);
  expect([ECHO, PING]).toEqual(["echo:echo", "echo:ping"]);
});

describe("echo:echo", () => {
  test.each([
    ["text", "Grüße 👋"],
    ["nothing", null],
    ["a truth", false],
    ["an integer", -42],
    ["a float", 0.1],
    ["an integer of 64 bits", 18_446_744_073_709_551_615n],
    ["bytes", Uint8Array.of(0, 255, 27)],
    ["a list", [1, [2, [3, []]]]],
    ["a map", { a: { b: [null, "c"] }, "": 1 }],
    ["a text longer than the compression threshold", "peng".repeat(10_000)],
    ['"stop", unless that is allowed', "stop"],
  ])("comes back: %s", async (_what, value) => {
    const { client, echo } = await connectBare(await startServer());
    client.sendMessage(ECHO, value);
    await expect(echo.next()).resolves.toEqual(value);
  });

  test("comes back: whatever msgpack carries, in order", async () => {
    const client = await connect(await startServer());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 10 }), async (values) => {
        // A map with the key __proto__ is refused, and JSON has no -0.
        const sent = values.filter((value) => !JSON.stringify(value).includes("__proto__"));
        const answers = await Promise.all(sent.map((value) => client.echo(value)));
        expect(JSON.stringify(answers)).toBe(JSON.stringify(sent));
      }),
      { numRuns: 20 },
    );
  });

  test("that comes compressed, and would not fit a packet otherwise, ends that connection only", async () => {
    const server = await startServer({ cfg: { "net.compress.enabled": false } });
    const other = await connect(server);
    const { client } = await connectBare(server);
    client.sendMessage(ECHO, "x".repeat(2 * 1024 * 1024));
    await expect(client.waitForClose()).resolves.toMatchObject({ reason: "packettoolong" });
    await expect(other.echo("still here")).resolves.toBe("still here");
  });
});

describe("echo:ping", () => {
  test("comes back with the time at which it came through", async () => {
    const { client, ping } = await connectBare(await startServer());
    const client_timestamp = now();
    client.sendMessage(PING, { client_timestamp, extra: ["kept"] });
    const pong = (await ping.next()) as { server_timestamp: number };
    expect(pong).toEqual({ client_timestamp, extra: ["kept"], server_timestamp: expect.any(Number) });
    // The same machine, but two clocks that are set against each other; a second is ample.
    expect(Math.abs(pong.server_timestamp - now())).toBeLessThan(1);
  });

  test.each([[null], ["text"], [[1, 2]], [Uint8Array.of(1)], [12]])(
    "is ignored if it is %j",
    async (payload) => {
      const { client, echo, ping } = await connectBare(await startServer());
      client.sendMessage(PING, payload);
      client.sendMessage(PING, { client_timestamp: 1 });
      client.sendMessage(ECHO, "end");
      await expect(echo.next()).resolves.toBe("end");
      await expect(ping.next()).resolves.toMatchObject({ client_timestamp: 1 });
    },
  );

  test("gives three times that add up", async () => {
    const client = await connect(await startServer());
    const { toServer, back, roundTrip } = await client.ping();
    expect(roundTrip).toBeGreaterThan(0);
    expect(toServer + back).toBeCloseTo(roundTrip, 6);
  });
});

describe('"stop"', () => {
  test("closes that client with the reason command, the others with servershutdown, and stops the server", async () => {
    const server = await startServer({ allowStop: true });
    const one = await connect(server);
    const other = await connect(server);
    const unanswered = expect(one.echo("stop")).rejects.toThrow(ConnectionClosedError);
    await expect(one.waitForClose()).resolves.toMatchObject({ reason: "command", clean: true });
    await expect(other.waitForClose()).resolves.toMatchObject({ reason: "servershutdown", clean: true });
    await unanswered;
    await server.join();
  });
});

test("a client is told when no answer comes any more", async () => {
  const server = await startServer();
  const client = await connect(server);
  const closed = client.close("userrequest");
  await expect(client.echo("late")).rejects.toThrow(ConnectionClosedError);
  await expect(closed).resolves.toMatchObject({ reason: "userrequest", clean: true });
});
