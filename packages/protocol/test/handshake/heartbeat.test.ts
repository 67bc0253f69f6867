// Heartbeats as the protocol sees them (clause 6.9): who offers and names them, and what passes as one.

import {
  BadDataError,
  BEAT_ANSWER_ID,
  BEAT_ID,
  MAX_BEAT_BODY,
  Packet,
  readBeat,
  readBeatAnswer,
  ValueCodec,
} from "@peng3dnet/protocol";
import { hex, packet } from "../support/bytes.js";
import { type EndOptions, type FakePeer, Pair } from "../support/pair.js";

const codec = new ValueCodec();
const body = (value: unknown): string => hex(codec.encode(value));
const BEATS: EndOptions = { heartbeats: true };

function pair(server: EndOptions = BEATS, client: EndOptions = BEATS): Pair {
  return new Pair(server, client).open();
}

/** What both sides think of it. */
const agreed = ({ server, client }: Pair): boolean[] =>
  [server, client].map(({ connection }) => connection.agreed("heartbeat"));

/** Whether any byte of the handshake tells of an extension. */
const extended = ({ passed }: Pair, dir: string): boolean =>
  passed.some((one) => one.dir === dir && Buffer.from(one.bytes).includes("heartbeat"));

test("the server offers them with its interval, and the client names them in turn", () => {
  const both = pair({ ...BEATS, cfg: { "net.heartbeat.interval": 2.5 } });
  expect(agreed(both)).toEqual([true, true]);
  expect(both.client.connection.peerExtensions.heartbeat).toEqual({ interval: 2.5 });
  expect(both.server.connection.peerExtensions.heartbeat).toEqual({});
});

test("a client says nothing of them to a server that does not offer them", () => {
  const one = pair({});
  expect(agreed(one)).toEqual([false, false]);
  expect([extended(one, "S>C"), extended(one, "C>S")]).toEqual([false, false]);
});

test.each<[string, EndOptions, EndOptions]>([
  ["the client's driver does not beat", BEATS, {}],
  ["the client wants none", BEATS, { ...BEATS, cfg: { "net.heartbeat.interval": 0 } }],
  ["the server wants none", { ...BEATS, cfg: { "net.heartbeat.interval": 0 } }, BEATS],
  ["never is how often", { ...BEATS, cfg: { "net.heartbeat.interval": Number.POSITIVE_INFINITY } }, BEATS],
  ["the client may take no packet that long", BEATS, { ...BEATS, cfg: { "net.limits.packetlength": 37 } }],
])("they are not used where %s", (_, server, client) => {
  expect(agreed(pair(server, client))).toEqual([false, false]);
});

test("nor where depth does not allow a hello that says so", () => {
  const one = pair({ ...BEATS, cfg: { "net.limits.depth": 2 } });
  expect(agreed(one)).toEqual([false, false]);
  expect(one.client.connection.active).toBe(true);
});

test.each([BEAT_ID, BEAT_ANSWER_ID])(
  "nor where a packet has the id %d; what else was declared stays",
  (id) => {
    const setUp = (peer: FakePeer): void =>
      void peer.registry.register(new Packet(peer.registry, peer), "test:mine", id);
    const declines = { "net.compress.accept": false };
    for (const [server, client] of [
      [
        { ...BEATS, setUp, cfg: declines },
        { ...BEATS, setUp, cfg: declines },
      ],
      [BEATS, { ...BEATS, setUp, cfg: { ...declines, "net.registry.autosync": false } }],
    ]) {
      const one = pair(server, client);
      expect(agreed(one)).toEqual([false, false]);
      expect(one.server.connection.peerExtensions.compress).toEqual({ accept: false });
    }
  },
);

test("with autosync, the client's own ids do not matter, since it takes over the server's", () => {
  const named = (id: number) => (peer: FakePeer) =>
    void peer.registry.register(new Packet(peer.registry, peer), "test:mine", id);
  const one = pair({ ...BEATS, setUp: named(70) }, { ...BEATS, setUp: named(BEAT_ID) });
  expect(agreed(one)).toEqual([true, true]);
});

test.each<[string, unknown]>([
  ["text", "5"],
  ["too short", 0.05],
  ["negative", -5],
  ["not finite", Number.POSITIVE_INFINITY],
  ["not a number", Number.NaN],
  ["nil", null],
])("an interval that is %s is refused with baddata", (_, interval) => {
  const { client } = new Pair({}, BEATS);
  client.connection.open();
  client.receive(packet(1, body({ version: "0.2.0", protoversion: 2, ext: { heartbeat: { interval } } })));
  expect(client.errors).toMatchObject([
    { closeReason: "baddata", message: expect.stringContaining('the extension "heartbeat"') },
  ]);
});

test("beats and answers pass by everybody but the driver, count as no packet, and wait for no other", () => {
  const { server, client, ...link } = pair();
  const before = [server.connection.packetsOut, client.connection.packetsIn];
  server.connection.sendHeartbeat(BEAT_ID, [1_000_000, null]);
  server.connection.sendHeartbeat(BEAT_ID, null);
  const bytes = server.take();
  expect(hex(bytes)).toBe(`0000000d000000110000${"92ce000f4240c0"}0000000700000011${"0000c0"}`);
  client.connection.push(bytes);
  expect([client.connection.next(), client.connection.atControl]).toEqual([true, true]);
  client.connection.dispatch();
  client.receive(new Uint8Array(0));
  client.connection.sendHeartbeat(BEAT_ANSWER_ID, 1_000_000);
  server.receive(client.take());
  expect(client.host.beats).toEqual([
    [BEAT_ID, [1_000_000, null], 17],
    [BEAT_ID, null, 11],
  ]);
  expect(server.host.beats).toEqual([[BEAT_ANSWER_ID, 1_000_000, 15]]);
  expect([server.connection.packetsOut, client.connection.packetsIn]).toEqual(before);
  expect([client.received, client.host.sentData, link.passed.length > 0]).toEqual([[], [], true]);
});

test("where they were not agreed on, they are unknown packets as ever", () => {
  const { server, client } = pair({});
  client.receive(packet(BEAT_ID, body([1, null])));
  server.receive(packet(BEAT_ANSWER_ID, body(1)));
  expect([...client.codes, ...server.codes]).toEqual(["P3D_ERR_UNKNOWN_PACKET", "P3D_ERR_UNKNOWN_PACKET"]);
});

test("they are unknown until the handshake is complete", () => {
  const { server } = new Pair(BEATS, BEATS);
  server.connection.open();
  server.receive(packet(2, body({ conntype: "classic", ext: { heartbeat: {} } })));
  server.receive(packet(BEAT_ANSWER_ID, body(null)));
  expect(server.host.beats).toEqual([]);
  expect(server.codes).toEqual(["P3D_ERR_UNKNOWN_PACKET"]);
});

test("a long one or a compressed one is refused before it is decoded", () => {
  const long = new Uint8Array(MAX_BEAT_BODY - 2);
  for (const [value, flags, code] of [
    [long.subarray(1), 0, []],
    [long, 0, []],
    [new Uint8Array(MAX_BEAT_BODY - 1), 0, ["P3D_ERR_BAD_DATA"]],
    [new Uint8Array(100_000), 0, ["P3D_ERR_BAD_DATA"]],
    [null, 1, ["P3D_ERR_BAD_DATA"]],
  ] as const) {
    const { client } = pair();
    client.receive(packet(BEAT_ID, body(value), flags));
    expect(client.codes).toEqual(code);
  }
});

test("a driver that does not listen to them misses nothing else", () => {
  const { client } = pair();
  Object.assign(client.host, { heartbeatReceived: undefined });
  client.receive(packet(BEAT_ID, body(null)));
  expect([client.codes, client.connection.active]).toEqual([[], true]);
});

test("a connection that closes sends none", () => {
  const { server } = pair();
  server.connection.sendClose(null);
  server.take();
  server.connection.sendHeartbeat(BEAT_ID, null);
  expect(server.connection.hasOutput).toBe(false);
});

test.each<[unknown, unknown]>([
  [null, undefined],
  [[0, null], { time: 0, held: undefined }],
  [[2 ** 53 - 1, 7], { time: 2 ** 53 - 1, held: 7 }],
])("the body %j is a beat", (value, beat) => {
  expect(readBeat(value)).toEqual(beat);
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["a number", 1],
  ["one time", [1]],
  ["three", [1, 2, 3]],
  ["a negative time", [-1, null]],
  ["a fraction", [1.5, null]],
  ["more than is exact", [2 ** 53, null]],
  ["a long integer", [2n ** 60n, null]],
  ["text", ["1", null]],
  ["held as text", [1, "2"]],
  ["held in future", [1, -2]],
])("%s is none", (_, value) => {
  expect(() => readBeat(value)).toThrow(BadDataError);
  expect(() => readBeat(value)).toThrow("the body of a heartbeat is neither nil nor two times");
});

test("an answer is a time, or nil", () => {
  expect([readBeatAnswer(5), readBeatAnswer(null)]).toEqual([5, undefined]);
  for (const value of [undefined, -1, 0.5, "5", [5], 2n ** 60n, {}]) {
    expect(() => readBeatAnswer(value)).toThrow(BadDataError);
    expect(() => readBeatAnswer(value)).toThrow("neither nil nor a time");
  }
});
