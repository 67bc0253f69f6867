import {
  type Cid,
  Client,
  ConnectionType,
  definePacket,
  ProtocolError,
  Server,
  SIDE_SERVER,
} from "@peng3dnet/core";
import { closedWith, TestNetwork } from "@peng3dnet/core/testing";

class DeniedError extends ProtocolError {
  readonly code = "TEST_ERR_DENIED";
  readonly closeReason = "denied";
}

/** Decides when the test says so. */
class LateType extends ConnectionType {
  override init(): void {}

  decide(error: unknown, cid: number): void {
    this.connection(cid).fail(error);
  }
}

async function waiting() {
  const net = new TestNetwork();
  const server = net.run(new Server({ clock: net.clock }));
  const client = net.run(new Client({ clock: net.clock, conntype: "late" }));
  const type = new LateType(server);
  server.addConnType("late", type);
  client.addConnType("late", new LateType(client));
  const failed: unknown[] = [];
  server.on("handlerError", (error, { where }) => failed.push(error, where));
  const closed = new Promise<Parameters<typeof closedWith>[0]>((resolve) => {
    server.on("close", (_client, info) => resolve(info));
  });
  net.connect(client, server);
  await net.settle();
  return { net, server, client, type, failed, closed };
}

describe("a fault that a connection type finds later", () => {
  test("closes with its reason, is the error of the close, and is counted", async () => {
    const { server, client, type, failed, closed } = await waiting();
    type.decide(new DeniedError("no such ticket"), 1);
    expect(closedWith(await closed, { reason: "denied", code: "TEST_ERR_DENIED" })).toBeUndefined();
    expect(closedWith(await client.waitForClose(), { reason: "denied" })).toBeUndefined();
    expect(server.metrics.rejectedBy).toEqual({ other: 1 });
    expect(failed).toEqual([]);
  });

  test("that is a mistake of its own is reported, and closes with internalerror", async () => {
    const { client, type, failed } = await waiting();
    const error = new Error("no database");
    type.decide(error, 1);
    expect(closedWith(await client.waitForClose(), { reason: "internalerror" })).toBeUndefined();
    expect(failed).toEqual([error, "late"]);
  });

  test("does nothing to a connection that is closing", async () => {
    const { server, client, type, closed } = await waiting();
    void server.closeConnection(1, "bye");
    type.decide(new DeniedError("too late"), 1);
    expect(closedWith(await closed, { reason: "bye" })).toBeUndefined();
    expect(closedWith(await client.waitForClose(), { reason: "bye" })).toBeUndefined();
    expect(server.metrics.rejectedBy).toEqual({});
  });
});

/** Its server asks with a packet, its client answers with one, and `broken` fails on it with a mistake of its own. */
class BrokenType extends ConnectionType {
  broken = false;

  override init(cid: Cid): void {
    if (this.peer.side === SIDE_SERVER) this.connection(cid).sendRaw(64, null);
  }

  override receive(_msg: unknown, pid: number, _flags: number, cid: Cid): boolean {
    if (this.broken) throw new Error("no purse");
    this.connection(cid).sendRaw(pid, null);
    return true;
  }
}

// docs/guides/plugins.md says so.
test.each(["server", "client"])("a mistake in receive ends the handshake, on a %s", async (broken) => {
  const net = new TestNetwork();
  // A packet of the application has the id of the handshake's.
  const packets = [definePacket({ name: "test:say" })];
  const server = net.run(new Server({ clock: net.clock, packets }));
  const client = net.run(new Client({ clock: net.clock, packets, conntype: "broken" }));
  const failed: unknown[] = [];
  for (const peer of [server, client]) {
    const type = new BrokenType(peer);
    type.broken = (peer === server ? "server" : "client") === broken;
    peer.addConnType("broken", type);
  }
  server.on("handlerError", (error) => failed.push(error));
  client.on("handlerError", (error) => failed.push(error));
  net.connect(client, server);
  expect(closedWith(await client.waitForClose(), { reason: "internalerror" })).toBeUndefined();
  expect(failed).toEqual([new Error("no purse")]);
});
