// The test kit's link by itself: what each end sees, byte by byte.

import { SSLSEC_NONE } from "@peng3dnet/protocol";
import { ManualClock } from "../../src/testing/manual-clock.js";
import { MemoryLink, type MemoryTransport } from "../../src/testing/memory-link.js";
import type { TransportHandler } from "../../src/transport/transport.js";

/** Writes down all that an end of a link sees. */
function watch(end: MemoryTransport): string[] {
  const seen: string[] = [];
  const handler: TransportHandler = {
    ready: () => void seen.push("ready"),
    refused: () => void seen.push("refused"),
    readTarget: () => undefined,
    data: (chunk) => void seen.push(Buffer.from(chunk).toString()),
    ended: () => void seen.push("end"),
    drained: () => void seen.push("drain"),
    crashed: (error) => void seen.push(`crashed: ${String(error)}`),
    closed: (error) => void seen.push(error === undefined ? "closed" : `closed: ${error.message}`),
  };
  end.start(handler);
  return seen;
}

function started(prepare: (link: MemoryLink) => void = () => {}) {
  const link = new MemoryLink();
  prepare(link);
  const [server, client] = [watch(link.server), watch(link.client)];
  return { link, server, client };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const text = (letters: string): Uint8Array => new Uint8Array(Buffer.from(letters));

test("an end ends one direction: the other one goes on, and both are closed when both have ended", async () => {
  const { link, server, client } = started();
  link.client.write(text("last"));
  link.client.end();
  await turn();
  expect(server).toEqual(["ready", "last", "end"]);
  expect([link.toServer.finished, link.toClient.finished]).toEqual([true, false]);
  link.server.write(text("answer"));
  await turn();
  expect(client).toEqual(["ready", "answer"]);
  expect([link.client.isClosed, link.server.isClosed]).toEqual([false, false]);
  link.server.end();
  await turn();
  expect(client).toEqual(["ready", "answer", "end", "closed"]);
  expect(server).toEqual(["ready", "last", "end", "closed"]);
});

test("a direction that ends at an offset delivers what is before it, and the other one goes on", async () => {
  const { link, server, client } = started(({ toServer }) => toServer.endAfter(3));
  link.client.write(text("ab"));
  await turn();
  expect(server).toEqual(["ready", "ab"]);
  link.client.write(text("cdef"));
  link.client.write(text("gh"));
  await turn();
  expect(server).toEqual(["ready", "ab", "c", "end"]);
  expect([link.toServer.delivered, link.toServer.waiting]).toEqual([3, 0]);
  link.server.write(text("still here"));
  await turn();
  expect(client).toEqual(["ready", "still here"]);
});

test("a cut at an offset delivers what is before it, and resets both ends", async () => {
  const { link, server, client } = started(({ toServer }) => toServer.cutAfter(3));
  link.client.write(text("abcdef"));
  await turn();
  expect(server).toEqual(["ready", "abc", "closed: read ECONNRESET"]);
  expect(client).toEqual(["ready", "closed: read ECONNRESET"]);
  expect([link.toServer.delivered, link.toServer.waiting]).toEqual([3, 0]);
  link.client.write(text("lost"));
  await turn();
  expect(link.toServer.waiting).toBe(0);
  expect(server).toHaveLength(3);
});

test("who destroys an end sees no error", async () => {
  const { link, server, client } = started();
  link.server.destroy();
  await turn();
  expect(server).toEqual(["ready", "closed"]);
  expect(client).toEqual(["ready", "closed: read ECONNRESET"]);
});

test.each([1, 2, 3, 100])("bits are turned at their offset, in slices of %d", async (slice) => {
  const { link, server } = started(({ toServer }) => {
    toServer.slice = slice;
    toServer.flip(0, 0x20);
    toServer.flip(4, 0x01);
    toServer.flip(4, 0x02);
    // Twice is not at all.
    toServer.flip(5);
    toServer.flip(5);
  });
  const sent = text("abcd");
  link.client.write(sent);
  link.client.write(text("ehij"));
  await turn();
  const pieces = server.slice(1);
  expect(pieces.join("")).toBe("Abcdfhij");
  expect(Math.max(...pieces.map(({ length }) => length))).toBe(Math.min(slice, 4));
  // What the sender has is its own.
  expect(sent).toEqual(text("abcd"));
});

test("a frozen direction holds what is sent; a sender is busy past 256 KiB, and told when there is room", async () => {
  const { link, server, client } = started(({ toServer }) => toServer.freeze());
  expect(link.client.write(new Uint8Array(256 * 1024))).toBe(true);
  expect([link.client.busy, link.client.backlog]).toEqual([false, 0]);
  expect(link.client.write(text("xy"))).toBe(false);
  expect([link.client.busy, link.client.backlog]).toEqual([true, 2]);
  await turn();
  expect([server.length, link.toServer.waiting]).toEqual([1, 256 * 1024 + 2]);
  expect(client).toEqual(["ready"]);
  link.toServer.thaw();
  await turn();
  expect(server.map(({ length }) => length)).toEqual([5, 256 * 1024, 2]);
  expect(client).toEqual(["ready", "drain"]);
  expect([link.client.busy, link.client.backlog]).toEqual([false, 0]);
});

test("a direction takes as much as its capacity says", async () => {
  const { link, client } = started(({ toServer }) => {
    toServer.freeze();
    toServer.capacity = 3;
  });
  expect(link.client.write(text("abc"))).toBe(true);
  expect(link.client.write(text("de"))).toBe(false);
  expect([link.client.busy, link.client.backlog]).toEqual([true, 2]);
  link.toServer.slice = 1;
  link.toServer.thaw();
  await turn();
  expect(client).toEqual(["ready", "drain"]);
});

test("a direction with a delay delivers bytes and the end of the stream when they are due", async () => {
  const clock = new ManualClock();
  const link = new MemoryLink(SSLSEC_NONE, clock);
  const [server] = [watch(link.server), watch(link.client)];
  link.toServer.delay = 40;
  link.client.write(text("a"));
  clock.advance(0.01);
  link.client.end();
  clock.advance(0.0299);
  await turn();
  expect(server).toEqual(["ready"]);
  clock.advance(0.0001);
  await turn();
  expect(server).toEqual(["ready", "a"]);
  clock.advance(0.0099);
  await turn();
  expect(server).toEqual(["ready", "a"]);
  clock.advance(0.0001);
  await turn();
  expect(server).toEqual(["ready", "a", "end"]);
  expect(clock.timers).toBe(0);
});

test("what was under way when the link was cut leaves no timer", async () => {
  const clock = new ManualClock();
  const link = new MemoryLink(SSLSEC_NONE, clock);
  watch(link.server);
  link.toServer.delay = 40;
  link.client.write(text("a"));
  await turn();
  expect(clock.timers).toBe(1);
  link.cut();
  expect(clock.timers).toBe(0);
});

test("an end that has paused is delivered nothing, its peer's end neither", async () => {
  const { link, server } = started();
  link.server.pause();
  link.client.write(text("later"));
  link.client.end();
  await turn();
  expect(server).toEqual(["ready"]);
  link.server.resume();
  await turn();
  expect(server).toEqual(["ready", "later", "end"]);
});
