// The proxy that cuts, between real sockets.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Direction } from "../../src/resume/cut-plan.js";
import { CutProxy } from "../../src/resume/cut-proxy.js";
import type { Line } from "../../src/resume/line.js";

const TEXT = "0123456789".repeat(100);

/** What a socket heard. */
interface Heard {
  readonly socket: Socket;
  text: string;
  end?: "end" | "reset";
  /** Resolves once something is so. */
  until(condition: (heard: Heard) => boolean): Promise<void>;
}

function hear(socket: Socket): Heard {
  let look = (): void => {};
  const heard: Heard = {
    socket,
    text: "",
    until: (condition) =>
      new Promise((resolve) => {
        look = () => condition(heard) && resolve();
        look();
      }),
  };
  socket.on("data", (chunk) => {
    heard.text += String(chunk);
    look();
  });
  socket.on("end", () => {
    heard.end = "end";
    look();
  });
  socket.on("error", () => {
    heard.end = "reset";
    look();
  });
  return heard;
}

let proxy: CutProxy;
const server = createServer({ allowHalfOpen: true });
const sockets: Socket[] = [];

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

beforeEach(async () => {
  const { port } = server.address() as AddressInfo;
  proxy = await CutProxy.listen(["127.0.0.1", port], "127.0.0.1");
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
});

afterAll(() => {
  server.close();
});

/** Both ends of a new connection through the proxy. */
async function pair(): Promise<{ client: Heard; server: Heard }> {
  const [host, port] = proxy.address;
  const accepted = once(server, "connection");
  const socket = connect({ host, port, allowHalfOpen: true });
  const [other] = (await accepted) as [Socket];
  sockets.push(socket, other);
  return { client: hear(socket), server: hear(other) };
}

const place = (offset: number, direction: Direction = "toServer", fresh = false) => ({
  direction,
  offset,
  fresh,
});
const at = (offset: number, act: (line: Line) => void): Promise<void> => proxy.at(place(offset), act);

test("passes on what both say, and how they end", async () => {
  const { client, server } = await pair();
  client.socket.write(TEXT);
  server.socket.end("hello");
  await server.until(({ text }) => text.length === TEXT.length);
  await client.until(({ end }) => end === "end");
  expect([server.text, client.text]).toEqual([TEXT, "hello"]);
  client.socket.resetAndDestroy();
  await server.until(({ end }) => end === "reset");
});

test("an end comes at its byte, on both sides, and nothing after it", async () => {
  const { client, server } = await pair();
  const done = at(123, (line) => line.end());
  client.socket.write(TEXT);
  await done;
  await Promise.all([server.until(({ end }) => end === "end"), client.until(({ end }) => end === "end")]);
  expect(server.text).toBe(TEXT.slice(0, 123));
});

test("a reset comes to both sides", async () => {
  const { client, server } = await pair();
  client.socket.write("hello");
  await server.until(({ text }) => text === "hello");
  // Node tells of a reset as of an end where bytes came with it.
  const done = at(0, (line) => line.reset());
  client.socket.write(TEXT);
  await done;
  await Promise.all([server.until(({ end }) => end === "reset"), client.until(({ end }) => end === "reset")]);
});

test("bytes of the other direction do not count", async () => {
  const { client, server } = await pair();
  let cut = false;
  const done = proxy.at(place(5, "toClient"), (line) => {
    cut = true;
    line.end();
  });
  client.socket.write(TEXT);
  await server.until(({ text }) => text.length === TEXT.length);
  expect(cut).toBe(false);
  server.socket.write("hello world");
  await done;
  await client.until(({ end }) => end === "end");
  expect(client.text).toBe("hello");
});

test("when one leg is dropped, the other hears what was under way later, and no end", async () => {
  const { client, server } = await pair();
  const done = at(10, (line) => line.drop("client", 20));
  client.socket.write(TEXT);
  await done;
  await client.until(({ end }) => end === "reset");
  await server.until(({ text }) => text.length > 10);
  expect(TEXT.startsWith(server.text)).toBe(true);
  expect(server.end).toBeUndefined();
  // What it says then goes nowhere, and it is free to go.
  server.socket.end("is anybody there?");
  await server.until(({ end }) => end === "end");
  expect(client.text).toBe("");
});

test("a black hole tells neither side, also when the other one goes", async () => {
  const { client, server } = await pair();
  const done = at(10, (line) => line.blackHole());
  client.socket.write(TEXT);
  await done;
  await server.until(({ text }) => text.length === 10);
  client.socket.destroy();
  // A connection afterwards works, and says that the proxy has seen the first one go.
  const next = await pair();
  next.client.socket.write("hello");
  await next.server.until(({ text }) => text === "hello");
  expect(server.text).toBe(TEXT.slice(0, 10));
  expect(server.end).toBeUndefined();
});

test("what was frozen goes on where it stood, and ends come after it", async () => {
  const { client, server } = await pair();
  let thawed = false;
  let frozen: Promise<void> | undefined;
  const done = at(10, () => {
    frozen = proxy.freeze(30).then(() => {
      thawed = true;
    });
  });
  client.socket.end(TEXT);
  await done;
  await server.until(({ text }) => text.length === 10);
  // A line that begins meanwhile stands still, too.
  const next = await pair();
  next.client.socket.write("hello");
  expect(thawed).toBe(false);
  await next.server.until(({ text }) => text === "hello");
  expect(thawed).toBe(true);
  await frozen;
  await server.until(({ end }) => end === "end");
  expect(server.text).toBe(TEXT);
});

test("counts anew on a new line, and waits for one if it has to be fresh", async () => {
  const first = await pair();
  const touched = at(0, () => {});
  first.client.socket.write("hello");
  await touched;
  const done = proxy.at(place(300, "toServer", true), (line) => line.end());
  first.client.socket.write(TEXT);
  await first.server.until(({ text }) => text.length === TEXT.length + 5);
  const second = await pair();
  second.client.socket.write(TEXT.slice(0, 200));
  await second.server.until(({ text }) => text.length === 200);
  const third = await pair();
  third.client.socket.write(TEXT);
  await done;
  await third.server.until(({ end }) => end === "end");
  expect(third.server.text).toBe(TEXT.slice(0, 300));
  expect(proxy.connections).toBe(3);
  expect(proxy.byClock).toBe(0);
});

test("counts from where the line stands if it outlived what was done before", async () => {
  const { client, server } = await pair();
  const touched = at(100, () => {});
  client.socket.write(TEXT.slice(0, 400));
  await touched;
  await server.until(({ text }) => text.length === 400);
  const done = at(50, (line) => line.end());
  client.socket.write(TEXT.slice(400));
  await done;
  await server.until(({ end }) => end === "end");
  expect(server.text).toBe(TEXT.slice(0, 450));
});

test("a line on which too little is sent is cut nonetheless", async () => {
  const { client } = await pair();
  await at(1_000_000, (line) => line.end());
  await client.until(({ end }) => end === "end");
  expect(proxy.byClock).toBe(1);
});
