// A peer that reads slowly and steadily makes progress in the kernel, long before that has room again and says so.

import { existsSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Packet, type Peer } from "@peng3dnet/core";
import { TestNetwork } from "@peng3dnet/core/testing";
import { tableAddress, unacknowledged } from "../../src/tcp/kernel-queue.js";
import { trackNetServer, trackSocket } from "../support/cleanup.js";
import { sessionOf } from "../support/session.js";

const register = (peer: Peer): unknown =>
  peer.registry.register(new Packet(peer.registry, peer), "test:data");

/** A server with a client that reads nothing, and what the kernel is to say of it. */
async function stuck(kernel: { waiting: number | undefined }) {
  const net = new TestNetwork();
  const server = net.server({ cfg: { "net.compress.enabled": false, "net.heartbeat.interval": 0 } });
  const client = net.client();
  for (const peer of [server, client]) register(peer);
  const link = net.connect(client, server);
  await client.waitForConnection();
  await net.settle();
  const [remote] = [...server.clients.values()];
  Object.assign(sessionOf(remote!.conn).transport, { unacknowledged: async () => kernel.waiting });
  link.toClient.freeze();
  while (remote!.sendMessage("test:data", new Uint8Array(50_000)));
  const advance = async (seconds: number): Promise<void> => {
    net.clock.advance(seconds);
    for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
  };
  return { server, remote: remote!, link, advance, clock: net.clock };
}

test("is not cut while the kernel gets on", async () => {
  const kernel = { waiting: 3_000_000 };
  const { remote, server, advance, clock } = await stuck(kernel);
  for (let round = 0; round < 3; round++) {
    await advance(15);
    kernel.waiting -= 750_000;
    await advance(15);
    expect(remote.active).toBe(true);
  }
  // From here on, it reads nothing.
  const closed = new Promise((resolve) => server.on("close", (_client, info) => resolve(info)));
  await advance(15);
  expect(remote.active).toBe(true);
  await advance(15);
  expect(await closed).toMatchObject({
    reason: "slowconsumer",
    error: { message: expect.stringContaining("did not read anything for 30 s (net.timeout.unsent)") },
  });
  expect(clock.timers).toBe(0);
});

test("is cut where the system tells nothing", async () => {
  const { remote, advance } = await stuck({ waiting: undefined });
  await advance(15);
  await advance(14.9);
  expect(remote.active).toBe(true);
  await advance(0.2);
  expect(remote.active).toBe(false);
});

test("a connection that ends while the kernel is asked stays ended", async () => {
  const kernel = { waiting: 5 };
  const { remote, advance, clock } = await stuck(kernel);
  await advance(15);
  kernel.waiting = 4;
  clock.advance(15);
  sessionOf(remote.conn).destroy("enough");
  await advance(60);
  expect(remote.active).toBe(false);
  expect(clock.timers).toBe(0);
});

test("progress that we see ourselves counts from then on", async () => {
  const { remote, link, advance } = await stuck({ waiting: 5 });
  await advance(20);
  link.toClient.thaw();
  await advance(0);
  link.toClient.freeze();
  while (remote.sendMessage("test:data", new Uint8Array(50_000)));
  await advance(29);
  expect(remote.active).toBe(true);
  await advance(1);
  await advance(0);
  expect(remote.active).toBe(false);
});

test.each([
  ["127.0.0.1", 8080, "0100007F:1F90"],
  ["::1", 1, "00000000000000000000000001000000:0001"],
  ["::ffff:127.0.0.1", 8080, "0000000000000000FFFF00000100007F:1F90"],
  ["::", 0, "00000000000000000000000000000000:0000"],
  ["2001:db8::8:800:200c:417a", 443, "B80D012000000000000808007A410C20:01BB"],
  ["fe80::1%lo", 1, "000080FE000000000000000001000000:0001"],
])("%s port %d is %s in the table of a little-endian machine", (address, port, text) => {
  expect(tableAddress(address, port)).toBe(text);
});

const onLinux = process.platform === "linux" && existsSync("/proc/net/tcp") ? test : test.skip;

onLinux.each(["127.0.0.1", "::1", "::"])("Linux tells what waits in the kernel (%s)", async (host) => {
  const server = trackNetServer(createServer());
  try {
    await new Promise<void>((ready, failed) => server.on("error", failed).listen(0, host, ready));
  } catch {
    // A machine without IPv6.
    return;
  }
  const accepted = new Promise<Socket>((resolve) => server.on("connection", (s) => resolve(trackSocket(s))));
  // Over IPv4 to a socket for both, whose addresses are mapped ones.
  const target = host === "::" ? "127.0.0.1" : host;
  const reader = trackSocket(connect((server.address() as AddressInfo).port, target)).pause();
  const writer = await accepted;
  // What was read will do for a second, so that each answer may take as long.
  const told = async (expected: (waiting: number | undefined) => boolean): Promise<void> => {
    while (!expected(await unacknowledged(writer))) await new Promise((resolve) => setImmediate(resolve));
  };
  await told((waiting) => waiting === 0);
  writer.write(new Uint8Array(32 * 1024 * 1024));
  await told((waiting) => waiting !== undefined && waiting > 0);
  reader.resume();
  await told((waiting) => waiting === 0);
  server.close();
  reader.destroy();
});
