import { type CloseInfo, definePacket, payload, SmartPacket } from "@peng3dnet/peer";
import { closedWith, TestNetwork } from "@peng3dnet/peer/testing";

const Number_ = definePacket({ name: "test:number", schema: payload<number>() });

async function linked(total = 200) {
  const net = new TestNetwork();
  const server = net.server({ packets: [Number_] });
  const client = net.client({ packets: [Number_] });
  const got: number[] = [];
  server.on(Number_, (n) => {
    got.push(n);
  });
  const closed = new Promise<CloseInfo>((resolve) => {
    server.on("close", (_client, info) => resolve(info));
  });
  const send = () => {
    for (let i = 0; i < total; i++) client.sendMessage(Number_, i);
  };
  return { net, server, client, got, closed, send };
}

describe("the test kit", () => {
  test("links a server and a client without a port", async () => {
    const { net, server, client, got, closed, send } = await linked();
    net.connect(client, server);
    await client.waitForConnection();
    send();
    const info = await client.close("done");
    expect(closedWith(info, { reason: "done", clean: true })).toBeUndefined();
    expect(closedWith(await closed, { reason: "done", clean: true })).toBeUndefined();
    expect(got).toHaveLength(200);
    expect(net.clock.timers).toBe(0);
  });

  test("slices a stream to single bytes", async () => {
    const { net, server, client, got, send } = await linked(50);
    net.connect(client, server, {
      prepare(link) {
        link.toServer.slice = 1;
        link.toClient.slice = 1;
      },
    });
    await client.waitForConnection();
    send();
    await client.close("done");
    expect(got).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test("turns the clock: a handshake that does not come ends at its deadline, not before", async () => {
    const { net, server, client, closed } = await linked();
    net.connect(client, server, { prepare: (link) => link.toServer.freeze() });
    await net.settle();
    net.clock.advance(9.999);
    await net.settle();
    expect(server.clients.size).toBe(1);
    net.clock.advance(0.001);
    const info = await closed;
    expect(
      closedWith(info, { reason: "handshaketimeout", code: "P3D_ERR_HANDSHAKE_TIMEOUT" }),
    ).toBeUndefined();
    await client.waitForClose();
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses to let %d seconds pass", async (seconds) => {
    const net = new TestNetwork();
    const refused = `the seconds that pass are a number from 0, and not ${seconds}`;
    await expect(net.pass(seconds)).rejects.toThrow(new RangeError(refused));
    expect(() => net.clock.advance(seconds)).toThrow(new RangeError(refused));
    expect(net.clock.now()).toBe(0);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, "10", null])("has no clock that shows %p", (end) => {
    const { clock } = new TestNetwork();
    expect(() => clock.advanceTo(end as number)).toThrow(RangeError);
    expect(clock.now()).toBe(0);
  });

  test("a client that is attached has the whole time of the handshake", async () => {
    const net = new TestNetwork();
    const server = net.server({ cfg: { "net.timeout.handshake": 600 } });
    const client = net.client();
    net.connect(client, server, { prepare: (link) => link.toClient.freeze() });
    await net.settle();
    net.clock.advance(9.999);
    await net.settle();
    expect(client.conn?.open).toBe(true);
    net.clock.advance(0.001);
    expect(
      closedWith(await client.waitForClose(), {
        reason: "handshaketimeout",
        code: "P3D_ERR_HANDSHAKE_TIMEOUT",
      }),
    ).toBeUndefined();
  });

  test("cuts, ends and corrupts at a byte", async () => {
    for (const [fault, reason] of [
      ["cutAfter", "socketclose"],
      ["endAfter", "socketclose"],
    ] as const) {
      const { net, server, client, closed } = await linked();
      const link = net.connect(client, server, { prepare: ({ toServer }) => toServer[fault](20) });
      expect((await closed).reason).toBe(reason);
      expect(link.toServer.delivered).toBe(20);
      expect((await client.waitForClose()).clean).toBe(false);
    }
    const { net, server, client, closed } = await linked();
    net.connect(client, server, { prepare: ({ toServer }) => toServer.flip(0) });
    expect((await closed).reason).toBe("packettoolong");
    expect((await client.waitForClose()).reason).toBe("packettoolong");
  });

  test("the error of a close is the first one, whatever happens until it is over", async () => {
    const net = new TestNetwork();
    const server = net.server({
      cfg: { "net.timeout.unsent": 1, "net.timeout.close": 30, "net.compress.enabled": false },
    });
    const client = net.client();
    const closed = new Promise<CloseInfo>((resolve) => {
      server.on("close", (_client, info) => resolve(info));
    });
    class Big extends SmartPacket {}
    for (const peer of [server, client]) peer.registerPacket("test:big", new Big(peer.registry, peer));
    const link = net.connect(client, server);
    await client.waitForConnection();
    link.toClient.freeze();
    server.broadcast("test:big", new Uint8Array(300_000));
    await net.settle();
    // A length that is far too long; the server cannot say so, since the client does not read.
    link.toServer.flip(link.toServer.delivered);
    client.sendMessage("test:big", new Uint8Array(10));
    await net.settle();
    expect(server.clients.size).toBe(1);
    net.clock.advance(1);
    expect(
      closedWith(await closed, { reason: "packettoolong", code: "P3D_ERR_PACKET_TOO_LARGE" }),
    ).toBeUndefined();
  });

  test("says what differs from an expected close", () => {
    const info: CloseInfo = { reason: "a", error: undefined, clean: true };
    expect(closedWith(info, { reason: "b" })).toBe('closed with reason "a", not "b"');
    expect(closedWith(info, { reason: "a", code: "X" })).toBe('closed with error code none, not "X"');
    expect(closedWith(info, { reason: "a", clean: false })).toBe("closed cleanly");
  });

  test("makes a sender wait for a frozen link", async () => {
    const net = new TestNetwork();
    const server = net.server();
    const client = net.client({ cfg: { "net.compress.enabled": false } });
    class Big extends SmartPacket {}
    server.registerPacket("test:big", new Big(server.registry, server));
    client.registerPacket("test:big", new Big(client.registry, client));
    const link = net.connect(client, server);
    await client.waitForConnection();
    link.toServer.freeze();
    const bytes = new Uint8Array(100_000).map((_, i) => (i * 7919) >> 3);
    let sent = 0;
    while (client.sendMessage("test:big", bytes)) sent++;
    expect(sent).toBeGreaterThan(5);
    const drained = new Promise<void>((resolve) => client.once("drain", resolve));
    link.toServer.thaw();
    await drained;
    expect(closedWith(await client.close(), { reason: null, clean: true })).toBeUndefined();
  });
});
