// What a server has for clusters: bodies that go on to other servers, and requests for them.

import {
  CLUSTER_HOST,
  ConnectionClosedError,
  definePacket,
  defineRequest,
  ENCODED,
  InvalidPayloadError,
  NotRegisteredError,
  observe,
  Packet,
  PacketTooLargeError,
  payload,
  type RequestEnd,
  RequestError,
  Server,
  type ServerOptions,
  SIDE_CLIENT,
  SIDE_SERVER,
  SmartPacketInvalidError,
  standardPlatform,
} from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { z } from "zod";
import { packet } from "../../../core/test/support/wire.js";
import { zlib } from "../../../protocol/test/support/zlib.js";
import { enterCrowd, type Guest, makeCrowd, News } from "../groups/support/crowd.js";
import { NOTE, Note, scene } from "../session/scripted-client.js";

const Ask = defineRequest({ name: "test:ask", response: payload<unknown>(), side: SIDE_CLIENT });

test("what one server encoded, another one sends under its own id, to whom it chooses", async () => {
  const one = await makeCrowd(1);
  const two = await makeCrowd(0, { packets: [Ask, News] });
  const guests: Guest[] = [];
  for (let n = 0; n < 3; n++) guests.push(await enterCrowd(two.net, two.server, [Ask]));
  const [first, , third] = guests as [Guest, Guest, Guest];
  expect(two.server.registry.getID(News.name)).not.toBe(one.server.registry.getID(News.name));
  const { name, body } = one.server[CLUSTER_HOST].encode(News, { text: "x" });
  const { data, packets } = two.server[CLUSTER_HOST].forward(name, body);
  expect(data).toEqual({ text: "x" });
  expect(two.server.broadcast(News, data, { to: [first.remote, third.remote], [ENCODED]: packets })).toBe(2);
  await two.net.settle();
  expect(guests.map(({ news }) => news)).toEqual([[{ text: "x" }], [], [{ text: "x" }]]);
});

test("what is no body, or is for no client, is refused", async () => {
  const { server } = await makeCrowd(0);
  const host = server[CLUSTER_HOST];
  const nothing = { flags: 0, bytes: new Uint8Array(0) };
  expect(() => host.forward(News.name, nothing)).toThrow(
    expect.objectContaining({ code: "P3D_ERR_BAD_DATA" }),
  );
  expect(() => host.forward("test:other", nothing)).toThrow(/test:other/);
  expect(() => host.forward("peng3dnet:internal.closeconn", nothing)).toThrow(/protocol's own/);
  const long = { flags: 0, bytes: new Uint8Array(server.cfg.get("net.limits.packetlength") + 1) };
  expect(() => host.forward(News.name, long)).toThrow(
    expect.objectContaining({ code: "P3D_ERR_PACKET_TOO_LARGE", direction: "in" }),
  );
});

test("it asks a client for somebody else, who gets the answer, or the error, as it came", async () => {
  const crowd = await makeCrowd(0, { packets: [News, Ask] });
  const { server, net } = crowd;
  const { client, remote } = await enterCrowd(net, server, [Ask]);
  client.answer(Ask, (what) => {
    if (what === "no") throw new RequestError("never", "no", { why: 1 });
    return { what };
  });
  const host = server[CLUSTER_HOST];
  const type = host.asking(Ask);
  const ask = (what: unknown, cid = remote.cid): Promise<unknown> =>
    host.relay(Ask.name, host.encodeInput(type, what), cid, { timeout: 5 }).catch((error: unknown) => error);
  const yes = ask("yes");
  const no = ask("no");
  const gone = ask("yes", 99);
  await net.settle();
  expect(await yes).toEqual({ what: "yes" });
  expect(await no).toMatchObject({ code: "never", message: "no", data: { why: 1 } });
  expect(await gone).toMatchObject({ name: "RequestClosedError", outcome: "notsent" });
  const unknown = host.relay("test:other", host.encodeAnswer(null), remote.cid, {});
  await expect(unknown).rejects.toMatchObject({ code: "P3D_ERR_NOT_REGISTERED" });
});

test("another copy of this package finds it, too", () => {
  expect(CLUSTER_HOST).toBe(Symbol.for("peng3dnet.clusterhost"));
});

test("it tells when the server stops, unless that was taken back", async () => {
  const { server } = await makeCrowd(0);
  const told: string[] = [];
  server[CLUSTER_HOST].onStop(() => told.push("stopped"));
  server[CLUSTER_HOST].onStop(() => told.push("never"))();
  server.stop();
  expect(told).toEqual(["stopped"]);
});

describe("what is to be called before output leaves", () => {
  /** A server whose next tick comes when the test says, and what was called, with how much was written by then. */
  function waiting() {
    const ticks: (() => void)[] = [];
    const platform = { ...standardPlatform, defer: (call: () => void) => void ticks.push(call) };
    const made = scene({ platform });
    const tick = (): void => {
      for (const call of ticks.splice(0)) call();
    };
    tick();
    const { written } = made.transport;
    const before = written.length;
    const writes = (): number => written.length - before;
    const host = made.server[CLUSTER_HOST];
    const called: [name: string, writes: number][] = [];
    const beforeOutput = (name: string): void => host.beforeOutput(() => void called.push([name, writes()]));
    return { ...made, host, ticks, tick, writes, called, beforeOutput };
  }

  test("is called at the end of a batch of input, ahead of what was sent in it, and once", () => {
    const { server, client, send, tick, writes, called, beforeOutput } = waiting();
    server.on(Note, () => {
      server.sendMessage(Note, 1, client.cid);
      for (const name of ["first", "second"]) beforeOutput(name);
      expect(called).toEqual([]);
    });
    send(packet(NOTE, 1));
    const all = [
      ["first", 0],
      ["second", 0],
    ];
    expect([called, writes()]).toEqual([all, 1]);
    tick();
    expect(called).toEqual(all);
  });

  test("is called on the next tick where no output leaves before, one or several", () => {
    const { ticks, tick, called, beforeOutput } = waiting();
    for (const names of [["alone"], ["first", "second"]]) {
      called.length = 0;
      for (const name of names) beforeOutput(name);
      expect(ticks).toHaveLength(1);
      expect(called).toEqual([]);
      tick();
      expect(called.map(([name]) => name)).toEqual(names);
    }
  });

  test("may fail, which is reported, and holds nothing up", () => {
    const { server, client, host, tick, writes, called, failures, beforeOutput } = waiting();
    host.beforeOutput(() => {
      throw new Error("stuck");
    });
    beforeOutput("next");
    server.sendMessage(Note, 1, client.cid);
    tick();
    expect(failures).toEqual(["before output: stuck"]);
    expect([called, writes()]).toEqual([[["next", 0]], 1]);
  });
});

/** A server of whose requests and packets there are some of each kind. */
function hostOf(options: ServerOptions = {}) {
  const net = new TestNetwork();
  const Checked = definePacket({ name: "test:checked", schema: z.number(), side: SIDE_CLIENT });
  const Upwards = definePacket({ name: "test:upwards", schema: payload<unknown>(), side: SIDE_SERVER });
  const server = net.server({ packets: [News, Checked, Upwards, Ask], ...options } as ServerOptions);
  const failures: string[] = [];
  server.on(
    "handlerError",
    (error, { where }) => void failures.push(`${where}: ${(error as Error).message}`),
  );
  return { net, server, host: server[CLUSTER_HOST], Checked, Upwards, failures };
}

test("a packet that no client of any server may get is refused where it is sent, and where it arrives", () => {
  const { host, Upwards } = hostOf();
  const { body } = host.encode(News, 1);
  const refusal = (name: string, why: string): Error =>
    new SmartPacketInvalidError(`"${name}" may not be sent to clients of other servers: ${why}`);
  const upwards = refusal("test:upwards", "only the server receives it");
  expect(() => host.encode(Upwards, 1)).toThrow(upwards);
  expect(() => host.forward(Upwards.name, body)).toThrow(upwards);
  expect(() => host.encode("peng3dnet:internal.hello", 1)).toThrow(
    refusal("peng3dnet:internal.hello", "it is one of the protocol's own"),
  );
});

test("a packet without conditions is for clients of any server", () => {
  const net = new TestNetwork();
  const server = net.server();
  server.registerPacket("test:plain", new Packet(server.registry, server));
  const host = server[CLUSTER_HOST];
  const { name, body } = host.encode("test:plain", [1]);
  expect(host.forward(name, body).data).toEqual([1]);
});

test("a packet that is parsed asynchronously by mistake harms nobody, whichever side it comes from", async () => {
  class Late extends Packet {
    override parse(value: unknown): unknown {
      return Promise.reject(new Error(`cannot parse ${value}`));
    }
  }
  const { net, server, host, failures } = hostOf({ validateSent: true });
  server.registerPacket("test:late", new Late(server.registry, server));
  const { body } = host.encode(News, 5);
  host.encode("test:late", 4);
  host.forward("test:late", body);
  await net.settle();
  expect(failures).toEqual(["test:late: cannot parse 4", "test:late: cannot parse 5"]);
});

test.each([true, false])(
  "payloads of others are checked where payloads are checked on sending: %p",
  (validateSent) => {
    const { host, Checked } = hostOf({ validateSent });
    const { body } = host.encode(News, "text");
    const forward = (): unknown => host.forward(Checked.name, body).data;
    if (validateSent) expect(forward).toThrow(InvalidPayloadError);
    else expect(forward()).toBe("text");
    expect(host.forward(Checked.name, host.encode(Checked, 1).body).data).toBe(1);
  },
);

test("a packet that is too long for this server's clients is no packet", () => {
  const { host } = hostOf({ cfg: { "net.limits.packetlength": 1000 } });
  expect(() => host.encode(News, "x".repeat(1000))).toThrow(PacketTooLargeError);
});

test("a body is as long as packets may be at most, and inflated where it is compressed", () => {
  const platform = { ...standardPlatform, compression: () => zlib };
  const cfg = { "net.compress.enabled": false, "net.limits.packetlength": 1000 };
  const plain = hostOf({ cfg, platform });
  const longest = { flags: 0, bytes: new Uint8Array(1000).fill(0xc0).fill(0xc4, 0, 1) };
  longest.bytes.set([0xc5, 997 >> 8, 997 & 0xff]);
  expect(plain.host.decode(longest)).toEqual(longest.bytes.subarray(3));
  expect(() => plain.host.decode({ flags: 0, bytes: new Uint8Array(1001) })).toThrow(PacketTooLargeError);
  const compressing = hostOf({ platform, cfg: { "net.compress.threshold": 10 } });
  const { body } = compressing.host.encode(News, "x".repeat(5000));
  expect(body.flags).toBe(1);
  expect(plain.host.forward(News.name, body).data).toBe("x".repeat(5000));
  expect(compressing.host.forward(News.name, compressing.host.encode(News, 1).body).data).toBe(1);
});

test("what it decodes is its own, also where the bytes are overwritten later", () => {
  const { host } = hostOf();
  const bytes = Uint8Array.of(0xc4, 2, 1, 2);
  const value = host.decode({ flags: 0, bytes });
  bytes.fill(0);
  expect(value).toEqual(Uint8Array.of(1, 2));
});

test("exceptions are the clients that there are of those that are listed", async () => {
  const { server, guests } = await makeCrowd(3);
  const [first, second] = guests.map(({ remote }) => remote) as [Guest["remote"], Guest["remote"]];
  const host = server[CLUSTER_HOST];
  const room = server.group("room");
  room.add(second);
  expect(host.exceptions(first)).toEqual([first]);
  expect(host.exceptions([first.cid, 99])).toEqual([first]);
  expect(host.exceptions(room)).toEqual([second]);
  expect(host.exceptions([99])).toEqual([]);
  expect(host.exceptions(undefined as never)).toEqual([]);
  expect(() => host.exceptions(["1" as never])).toThrow(TypeError);
});

test("a server is one node at a time, with a mark of 8 bytes", () => {
  const { host, server } = hostOf();
  const addressOf = async (): Promise<undefined> => undefined;
  expect(host.joined).toBe(false);
  expect(() => host.resumeAmong({ mark: new Uint8Array(7), addressOf })).toThrow(
    new RangeError("a mark has 8 bytes"),
  );
  expect(host.joined).toBe(false);
  const leave = host.resumeAmong({ mark: new Uint8Array(8), addressOf });
  expect([host.joined, server[CLUSTER_HOST].joined]).toEqual([true, true]);
  const leaveAgain = host.resumeAmong({ mark: new Uint8Array(8), addressOf });
  leave();
  expect(host.joined).toBe(true);
  leaveAgain();
  expect(host.joined).toBe(false);
});

describe("requests for others", () => {
  const Checked = defineRequest({
    name: "test:checkedask",
    request: z.string(),
    // Each look at an answer shows.
    response: z.number().transform((length) => length + 100),
    errors: { never: z.object({ why: z.number() }) },
    side: SIDE_CLIENT,
  });
  const Other = defineRequest({ name: "test:otherask", side: SIDE_CLIENT });

  test("are of those that the server knows", async () => {
    const { host } = hostOf({ packets: [Checked] } as ServerOptions);
    const without = new Server()[CLUSTER_HOST];
    expect([host.knows(Checked.name), host.knows(Other.name), without.knows(Checked.name)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(() => host.asking(Other)).toThrow(NotRegisteredError);
    expect(() => without.asking(Other)).toThrow(NotRegisteredError);
    const input = host.encodeInput(host.asking(Checked), "x");
    for (const one of [host, without])
      await expect(one.relay(Other.name, input, 1, {})).rejects.toThrow(
        new NotRegisteredError('"test:otherask" is no request that this server knows'),
      );
  });

  test("are checked before they are sent, and so are data of errors when they have come", () => {
    const { host } = hostOf({ packets: [Checked], validateSent: true } as ServerOptions);
    const type = host.asking(Checked);
    expect(() => host.encodeInput(type, 5)).toThrow(InvalidPayloadError);
    const data = (value: unknown) => host.encodeAnswer(value);
    expect(host.refused(type, "never", "no", data({ why: 1 }))).toMatchObject({
      code: "never",
      message: "no",
      data: { why: 1 },
    });
    expect(() => host.refused(type, "never", "no", data({ why: "x" }))).toThrow(InvalidPayloadError);
    expect(host.decode(data([1, 2]))).toEqual([1, 2]);
  });

  test("that ended with an error are told of by what is known of it", () => {
    const { host } = hostOf({ packets: [Checked] } as ServerOptions);
    const without = new Server()[CLUSTER_HOST];
    const error = new RequestError("never", "no", null);
    expect(host.endOf(Checked.name, error)).toBe("never");
    expect(host.endOf(Other.name, error)).toBe("error");
    expect(without.endOf(Checked.name, error)).toBe("error");
  });

  test("are told to observers, have their answers as they came, and where the client is gone, the caller learns that it was not sent", async () => {
    const { server, net } = await makeCrowd(0, { packets: [News, Checked] });
    const { client, remote } = await enterCrowd(net, server, [Checked]);
    client.answer(Checked, (text) => {
      if (text === "no") throw new RequestError("never", "no", { why: 1 });
      return text.length;
    });
    const ends: [string, RequestEnd][] = [];
    const host = server[CLUSTER_HOST];
    const relay = (text: string, cid = remote.cid): Promise<unknown> =>
      host.relay(Checked.name, host.encodeInput(host.asking(Checked), text), cid, { timeout: 5 });
    await expect(relay("unseen")).resolves.toBe(6);
    const observing = observe(server, {
      request: ({ name }) => ({ ended: (end) => void ends.push([name, end]) }),
    });
    await expect(relay("seen")).resolves.toBe(4);
    await expect(relay("no")).rejects.toMatchObject({ code: "never", data: { why: 1 } });
    expect(ends).toEqual([
      [Checked.name, "ok"],
      [Checked.name, "never"],
    ]);
    void observing.end();
    await expect(relay("unseen")).resolves.toBe(6);
    expect(ends).toHaveLength(2);
    await expect(relay("late", 99)).rejects.toMatchObject({
      name: "RequestClosedError",
      outcome: "notsent",
      cause: new ConnectionClosedError("the client is gone", null),
    });
  });
});
