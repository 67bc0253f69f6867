// Resumption as the protocol sees it (clause 6.10): who offers and names it, what passes as its packets, who asks for a session.

import {
  ACKNOWLEDGE_ID,
  BadDataError,
  BEAT_ID,
  type Codec,
  encodeAcknowledgement,
  encodeResumed,
  MAX_RESUME_BODY,
  Packet,
  RESUMED_ID,
  type ResumeParameters,
  readAcknowledgement,
  readResumed,
  readTicket,
  SIDE_SERVER,
  STATE_WAITTYPE,
  TICKET_ID,
  ValueCodec,
} from "@peng3dnet/protocol";
import { concat, hex, packet } from "../support/bytes.js";
import { End, type EndOptions, type FakePeer, Pair } from "../support/pair.js";
import { zlib } from "../support/zlib.js";

const codec = new ValueCodec();
const body = (value: unknown): string => hex(codec.encode(value));
const WAITS: EndOptions = { resume: { window: 60 } };
const COMES_BACK: EndOptions = { resume: {} };
/** A ticket that is easy to find where it does not belong. */
const ticket = Uint8Array.from({ length: 32 }, (_, at) => 0xa0 + at);
const TICKET_TEXT = /a0a1|160,161|\xa0\xa1/;

function pair(server: EndOptions = WAITS, client: EndOptions = COMES_BACK): Pair {
  return new Pair(server, client).open();
}

/** What both sides think of it. */
const agreed = ({ server, client }: Pair): boolean[] =>
  [server, client].map(({ connection }) => connection.agreed("resume"));

/** Whether any byte of the handshake tells of an extension. */
const extended = ({ passed }: Pair, dir: string): boolean =>
  passed.some((one) => one.dir === dir && Buffer.from(one.bytes).includes("resume"));

test("the server offers it with its window, and the client names it in turn", () => {
  const both = pair({ resume: { window: 2.5 } });
  expect(agreed(both)).toEqual([true, true]);
  expect(both.client.connection.peerExtensions.resume).toEqual({ window: 2.5 });
  expect(both.server.connection.peerExtensions.resume).toStrictEqual({});
});

test("heartbeats stand beside it", () => {
  const both = pair({ ...WAITS, heartbeats: true }, { ...COMES_BACK, heartbeats: true });
  expect(agreed(both)).toEqual([true, true]);
  expect(both.server.connection.agreed("heartbeat")).toBe(true);
});

test("a client says nothing of it to a server that does not offer it, and a server nothing unless it is told to", () => {
  const one = pair({});
  expect(agreed(one)).toEqual([false, false]);
  expect([extended(one, "S>C"), extended(one, "C>S")]).toEqual([false, false]);
});

test("it is not used where the client's driver does not resume", () => {
  expect(agreed(pair(WAITS, {}))).toEqual([false, false]);
});

test.each([
  ["net.limits.packetlength", 319],
  ["net.limits.packetlength.handshake", 319],
  ["net.limits.elements", 31],
  ["net.limits.elements.handshake", 31],
  ["net.limits.depth", 2],
] as const)("nor where %s of %d has no room for it", (option, value) => {
  const one = pair({ ...WAITS, cfg: { [option]: value } });
  expect([agreed(one), extended(one, "S>C")]).toEqual([[false, false], false]);
  expect(one.client.connection.active).toBe(true);
  expect(agreed(pair({ ...WAITS, cfg: { [option]: value + 1 } }))).toEqual([true, true]);
});

test.each([ACKNOWLEDGE_ID, TICKET_ID, RESUMED_ID])(
  "nor where a packet has the id %d; what else was declared stays",
  (id) => {
    const setUp = (peer: FakePeer): void =>
      void peer.registry.register(new Packet(peer.registry, peer), "test:mine", id);
    const beats = { heartbeats: true };
    for (const [server, client] of [
      [
        { ...WAITS, ...beats, setUp },
        { ...COMES_BACK, ...beats, setUp },
      ],
      [
        { ...WAITS, ...beats },
        { ...COMES_BACK, ...beats, setUp, cfg: { "net.registry.autosync": false } },
      ],
    ]) {
      const one = pair(server, client);
      expect(agreed(one)).toEqual([false, false]);
      expect(one.server.connection.agreed("heartbeat")).toBe(true);
    }
  },
);

test("with autosync, the client's own ids do not matter, since it takes over the server's", () => {
  const named = (id: number) => (peer: FakePeer) =>
    void peer.registry.register(new Packet(peer.registry, peer), "test:mine", id);
  const one = pair({ ...WAITS, setUp: named(70) }, { ...COMES_BACK, setUp: named(TICKET_ID) });
  expect(agreed(one)).toEqual([true, true]);
});

const TICKET_OF = (length: number): Uint8Array => new Uint8Array(length);

test.each<[string, unknown]>([
  ["text", "resume"],
  ["a list", [60]],
  ["a window of 0", { window: 0 }],
  ["a negative window", { window: -1 }],
  ["a window without end", { window: Number.POSITIVE_INFINITY }],
  ["a window that is no number", { window: Number.NaN }],
  ["a window as text", { window: "60" }],
  ["a window of nil", { window: null }],
  ["a ticket alone", { ticket: TICKET_OF(32) }],
  ["received alone", { received: 0 }],
  ["a ticket that is too short", { ticket: TICKET_OF(15), received: 0 }],
  ["a ticket that is too long", { ticket: TICKET_OF(129), received: 0 }],
  ["a ticket as text", { ticket: "0123456789abcdef", received: 0 }],
  ["a ticket of nil", { ticket: null, received: 0 }],
  ["a negative offset", { ticket: TICKET_OF(32), received: -1 }],
  ["an offset with a fraction", { ticket: TICKET_OF(32), received: 0.5 }],
  ["an offset that is not exact", { ticket: TICKET_OF(32), received: 2 ** 53 }],
  ["a long integer as offset", { ticket: TICKET_OF(32), received: 2n ** 60n }],
  ["an offset of nil", { ticket: TICKET_OF(32), received: null }],
  ["a redirect of nil", { ticket: TICKET_OF(32), received: 0, redirect: null }],
  ["a redirect as text", { ticket: TICKET_OF(32), received: 0, redirect: "there:1" }],
])("parameters that are %s are refused with baddata", (_, resume) => {
  const { server } = new Pair(WAITS);
  server.connection.open();
  server.receive(packet(2, body({ conntype: "classic", ext: { resume } })));
  expect(server.errors).toMatchObject([
    { closeReason: "baddata", message: expect.stringContaining('the extension "resume"') },
  ]);
  expect(server.host.asked).toEqual([]);
});

// ---- packets in the stream ------------------------------------------------------------------------

test("acknowledgements and tickets go to the driver, count as no packet, and wait for no other", () => {
  const { server, client } = pair();
  const before = [server.connection.packetsOut, client.connection.packetsIn];
  server.connection.sendAcknowledgement(300);
  server.connection.sendTicket(ticket, 60);
  const bytes = server.take();
  expect(hex(bytes)).toBe(
    `00000009${"00000013"}0000${"cd012c"}${"0000002a"}${"00000014"}0000${"92c420"}${hex(ticket)}3c`,
  );
  client.connection.push(bytes);
  expect([client.connection.next(), client.connection.atControl]).toEqual([true, true]);
  client.connection.dispatch();
  client.receive(new Uint8Array(0));
  client.connection.sendAcknowledgement(2 ** 53 - 1);
  server.receive(client.take());
  expect(client.host.acknowledgements).toEqual([[300, 13]]);
  expect(client.host.tickets).toEqual([[ticket, 60, 46]]);
  expect(server.host.acknowledgements).toEqual([[2 ** 53 - 1, 19]]);
  expect([server.connection.packetsOut, client.connection.packetsIn]).toEqual(before);
  expect([client.received, client.host.sentData, client.codes, server.codes]).toEqual([[], [], [], []]);
});

function refuseControl(value: unknown): void {
  if (typeof value === "number" || Array.isArray(value))
    throw new Error("asked for an acknowledgement or ticket");
}

/** Fails as soon as it is asked for anything of the stream's own. */
const forMapsAlone: Codec = {
  encode: (value) => {
    refuseControl(value);
    return codec.encode(value);
  },
  decode: (bytes) => {
    const value = codec.decode(bytes);
    refuseControl(value);
    return value;
  },
};

test.each([
  [0, "00"],
  [127, "7f"],
  [128, "cc80"],
  [255, "ccff"],
  [256, "cd0100"],
  [0xffff, "cdffff"],
  [0x10000, "ce00010000"],
  [0xffff_ffff, "ceffffffff"],
  [2 ** 32, "cf0000000100000000"],
  [2 ** 53 - 1, "cf001fffffffffffff"],
])("an acknowledgement of %d bytes is written and read without the application's codec", (received, text) => {
  const { server, client } = pair({ ...WAITS, codec: forMapsAlone }, { ...COMES_BACK, codec: forMapsAlone });
  server.connection.sendAcknowledgement(received);
  const bytes = server.take();
  expect(hex(bytes)).toBe(hex(packet(ACKNOWLEDGE_ID, text)));
  expect(hex(encodeAcknowledgement(received))).toBe(hex(bytes));
  client.receive(bytes);
  expect(client.host.acknowledgements).toEqual([[received, bytes.length]]);
  expect([client.codes, server.codes]).toEqual([[], []]);
});

test.each(["d005", "cd0005", "ce00000005", "cf0000000000000005", "cb4014000000000000"])(
  "an acknowledgement in another form is read: %s",
  (text) => {
    const { client } = pair();
    client.receive(packet(ACKNOWLEDGE_ID, text));
    expect([client.host.acknowledgements, client.codes]).toEqual([[[5, 10 + text.length / 2]], []]);
  },
);

test.each(["", "80", "0500", "cc", "cd05", "cd000500", "ff", "cf0020000000000000", "cb4014800000000000"])(
  "a body that is no number of bytes is refused as an acknowledgement: %s",
  (text) => {
    const { client } = pair();
    client.receive(packet(ACKNOWLEDGE_ID, text));
    expect(client.errors.map(({ closeReason }) => closeReason)).toEqual(["baddata"]);
    expect(client.host.acknowledgements).toEqual([]);
  },
);

test.each([
  [16, 1, "01"],
  [32, 127, "7f"],
  [128, 86_400, "ce00015180"],
])(
  "a ticket of %d bytes for %d s is written and read without the application's codec",
  (size, window, text) => {
    const { server, client } = pair(
      { ...WAITS, codec: forMapsAlone },
      { ...COMES_BACK, codec: forMapsAlone },
    );
    const given = new Uint8Array(size).fill(7);
    server.connection.sendTicket(given, window);
    const bytes = server.take();
    const head = `92c4${size.toString(16).padStart(2, "0")}`;
    expect(hex(bytes)).toBe(hex(packet(TICKET_ID, `${head}${hex(given)}${text}`)));
    client.receive(bytes);
    expect(client.host.tickets).toEqual([[given, window, bytes.length]]);
    expect([client.codes, server.codes]).toEqual([[], []]);
  },
);

test("a ticket for a part of a second is written and read", () => {
  const { server, client } = pair();
  server.connection.sendTicket(ticket, 0.5);
  client.receive(server.take());
  expect(client.host.tickets.map(([got, window]) => [got, window])).toEqual([[ticket, 0.5]]);
});

test.each(["92c50020", "dc0002c420", "dd00000002c420"])("a ticket in another form is read: %s", (head) => {
  const { client } = pair();
  client.receive(packet(TICKET_ID, `${head}${hex(ticket)}3c`));
  expect(client.host.tickets.map(([got, window]) => [got, window])).toEqual([[ticket, 60]]);
});

test.each([
  "92c4",
  "92c420",
  "92c40f3c",
  `92c40f${"00".repeat(15)}3c`,
  `92c410${"00".repeat(16)}00`,
  `92c410${"00".repeat(16)}3c3c`,
  // An array of three, and a text.
  `93c410${"00".repeat(16)}3c`,
  `92d910${"61".repeat(16)}3c`,
])("a body that is no ticket is refused: %s", (text) => {
  const { client } = pair();
  client.receive(packet(TICKET_ID, text));
  expect(client.errors.map(({ closeReason }) => closeReason)).toEqual(["baddata"]);
  expect(client.host.tickets).toEqual([]);
});

test("a ticket does not change with the buffer that it was received in, nor hold it", () => {
  const { client } = pair();
  const chunk = packet(TICKET_ID, body([ticket, 60]));
  client.receive(chunk);
  chunk.fill(0);
  // Cut, so that the packet has a buffer of its own.
  const cut = packet(TICKET_ID, body([ticket, 61]));
  client.receive(cut.subarray(0, 20));
  client.receive(cut.subarray(20));
  for (const [got] of client.host.tickets) {
    expect(got).toEqual(ticket);
    expect((got as Uint8Array).buffer.byteLength).toBe(ticket.length);
  }
  expect(client.host.tickets).toHaveLength(2);
});

test("a driver that does not listen to them misses nothing else", () => {
  const { client, server } = pair();
  Object.assign(client.host, { acknowledged: undefined, ticketReceived: undefined });
  server.connection.sendAcknowledgement(1);
  server.connection.sendTicket(ticket, 60);
  client.receive(server.take());
  expect([client.codes, client.connection.active]).toEqual([[], true]);
});

test("where it was not agreed on, they are unknown packets as ever", () => {
  const { server, client } = pair({}, { heartbeats: true });
  server.receive(packet(ACKNOWLEDGE_ID, body(1)));
  client.receive(packet(TICKET_ID, body([ticket, 60])));
  expect([...client.codes, ...server.codes]).toEqual(["P3D_ERR_UNKNOWN_PACKET", "P3D_ERR_UNKNOWN_PACKET"]);
  expect([client.host.tickets, server.host.acknowledgements]).toEqual([[], []]);
});

test.each([5, 16 + 48, 22, 99])("where they are agreed on, packet %d is unknown as ever", (id) => {
  const { client } = pair({ ...WAITS, heartbeats: true }, { ...COMES_BACK, heartbeats: true });
  client.receive(packet(id, body(1)));
  expect(client.codes).toEqual(["P3D_ERR_UNKNOWN_PACKET"]);
});

test("a ticket of a client and a session that goes on within a stream are told apart", () => {
  const { server } = pair();
  server.receive(packet(TICKET_ID, body([ticket, 60])));
  const { client } = pair();
  client.receive(packet(RESUMED_ID, body([0, ticket])));
  expect([server.errors[0]?.message, client.errors[0]?.message]).toEqual([
    "the client sent a ticket for resumption, which only a server gives",
    "the peer says within a stream that the stream goes on (resumed)",
  ]);
});

test("what was agreed on of heartbeats says nothing of it, nor the other way round", () => {
  const beating = pair({ heartbeats: true }, { heartbeats: true });
  beating.server.receive(packet(ACKNOWLEDGE_ID, body(1)));
  expect(beating.server.codes).toEqual(["P3D_ERR_UNKNOWN_PACKET"]);
  const resuming = pair();
  resuming.client.receive(packet(BEAT_ID, body(null)));
  expect([resuming.client.codes, resuming.client.host.beats]).toEqual([["P3D_ERR_UNKNOWN_PACKET"], []]);
});

test("they are unknown until the handshake is complete", () => {
  const { server } = new Pair(WAITS);
  server.connection.open();
  server.receive(packet(2, body({ conntype: "classic", ext: { resume: {} } })));
  server.receive(packet(ACKNOWLEDGE_ID, body(1)));
  expect([server.codes, server.host.acknowledgements]).toEqual([["P3D_ERR_UNKNOWN_PACKET"], []]);
});

test.each<[string, "server" | "client", number, unknown, number, string]>([
  ["a client that gives a ticket", "server", TICKET_ID, [ticket, 60], 0, "unexpectedpacket"],
  ["a client that says resumed", "server", RESUMED_ID, [0, ticket], 0, "unexpectedpacket"],
  ["resumed within the stream", "client", RESUMED_ID, [0, ticket], 0, "unexpectedpacket"],
  ["an acknowledgement that is none", "client", ACKNOWLEDGE_ID, "1", 0, "baddata"],
  ["a ticket that is none", "client", TICKET_ID, [ticket, 0], 0, "baddata"],
  ["a long one", "client", TICKET_ID, new Uint8Array(MAX_RESUME_BODY - 1), 0, "baddata"],
  ["a very long one", "server", ACKNOWLEDGE_ID, new Uint8Array(100_000), 0, "baddata"],
  ["a deep one", "server", ACKNOWLEDGE_ID, [[[[[[1]]]]]], 0, "baddata"],
])("%s is refused", (_, side, id, value, flags, reason) => {
  const end = pair()[side];
  end.receive(packet(id, body(value), flags));
  expect(end.errors.map(({ closeReason }) => closeReason)).toEqual([reason]);
  expect([end.host.tickets, end.host.acknowledgements]).toEqual([[], []]);
  for (const { message, stack } of end.errors) expect(`${message} ${stack}`).not.toMatch(TICKET_TEXT);
});

test("one that is compressed is refused, as it should be or not", () => {
  for (const compressed of [zlib.deflate(codec.encode(1).slice()), codec.encode(1)]) {
    const { client } = pair();
    client.receive(packet(ACKNOWLEDGE_ID, compressed, 1));
    expect(client.errors.map(({ closeReason }) => closeReason)).toEqual(["baddata"]);
    expect(client.host.acknowledgements).toEqual([]);
  }
});

test.each([0, 8, 159])("none is compressed, nor a heartbeat, with a threshold of %d bytes", (threshold) => {
  const cfg = { "net.compress.threshold": threshold };
  const beats = { heartbeats: true };
  const { server, client } = pair({ ...WAITS, ...beats, cfg }, { ...COMES_BACK, ...beats });
  server.connection.sendAcknowledgement(2 ** 40);
  server.connection.sendTicket(new Uint8Array(128), 60);
  server.connection.sendHeartbeat(BEAT_ID, [2 ** 40, null]);
  client.receive(server.take());
  expect(client.codes).toEqual([]);
  expect(client.host.acknowledgements).toEqual([[2 ** 40, 19]]);
  expect(client.host.tickets).toEqual([[new Uint8Array(128), 60, 142]]);
  expect(client.host.beats).toEqual([[BEAT_ID, [2 ** 40, null], 21]]);
});

test("a connection that closes sends none", () => {
  const { server } = pair();
  server.connection.sendClose(null);
  server.take();
  server.connection.sendAcknowledgement(1);
  server.connection.sendTicket(ticket, 60);
  expect(server.connection.hasOutput).toBe(false);
});

// ---- a client that comes back ---------------------------------------------------------------------

const back = (resume: ResumeParameters, more: object = {}): Uint8Array =>
  packet(2, body({ conntype: "classic", ext: { resume }, ...more }));

function greeting(options: EndOptions = WAITS): End {
  const server = new End(SIDE_SERVER, options);
  server.connection.open();
  server.take();
  return server;
}

test("a settype with a ticket is none: the driver is asked for the session, and the handshake goes on waiting", () => {
  const server = greeting();
  const chunk = back({ ticket, received: 1234 });
  server.receive(chunk);
  chunk.fill(0);
  expect(server.host.asked).toEqual([{ ticket, received: 1234 }]);
  expect(server.host.asked[0]?.ticket.buffer.byteLength).toBe(ticket.length);
  expect(server.connection.state).toBe(STATE_WAITTYPE);
  expect([server.codes, server.host.completed, server.connection.hasOutput]).toEqual([[], 0, false]);
});

test("the ticket that it is asked with is a copy, also where the packet has a buffer of its own", () => {
  const server = greeting();
  const chunk = back({ ticket: TICKET_OF(128), received: 0 });
  server.receive(chunk.subarray(0, 20));
  server.receive(chunk.subarray(20));
  expect(server.host.asked[0]?.ticket).toEqual(TICKET_OF(128));
  expect(server.host.asked[0]?.ticket.buffer.byteLength).toBe(128);
});

test.each([
  [{}, {}],
  [{ redirect: false }, {}],
  [{ redirect: true }, { redirect: true }],
])("with %j it is asked for no more than that", (more, asked) => {
  const server = greeting();
  server.receive(back({ ticket, received: 1, ...more }));
  expect(server.host.asked).toStrictEqual([{ ticket, received: 1, ...asked }]);
});

test("the ticket is not among what is told of the client's extensions", () => {
  const server = greeting();
  server.receive(back({ ticket, received: 1 }));
  expect(server.connection.peerExtensions).toEqual({ resume: {} });
});

test("a client that declines compression is heard", () => {
  const server = greeting();
  server.receive(
    packet(
      2,
      body({ conntype: "classic", ext: { resume: { ticket, received: 1 }, compress: { accept: false } } }),
    ),
  );
  expect(server.connection.context.compressionDeclined).toBe(true);
  expect(server.host.asked).toHaveLength(1);
});

test.each<[string, Uint8Array]>([
  ["asks again", back({ ticket, received: 0 })],
  ["names a connection type", packet(2, body({ conntype: "classic" }))],
  ["accepts a registry", packet(4, body({ success: true }))],
  ["acknowledges", packet(ACKNOWLEDGE_ID, body(1))],
  ["gives a ticket of its own", packet(TICKET_ID, body([TICKET_OF(16), 60]))],
  ["sends what is not known", packet(9999, body(1))],
])("a client that was not let in yet and %s is refused", (_, chunk) => {
  const server = greeting();
  server.receive(concat(back({ ticket, received: 0 }), chunk));
  expect(server.errors.map(({ closeReason }) => closeReason)).toEqual(["unexpectedpacket"]);
  expect(server.errors[0]?.message).toMatch(/before it was let in$/);
  expect(server.host.asked).toHaveLength(1);
});

test("it may close", () => {
  const server = greeting();
  server.receive(concat(back({ ticket, received: 0 }), packet(16, body({ reason: "changed my mind" }))));
  expect([server.codes, server.host.closeReasons]).toEqual([[], ["changed my mind"]]);
});

test("where no sessions are kept, it is told that there is none", () => {
  const silent = greeting();
  Object.assign(silent.host, { resumeAsked: undefined });
  for (const server of [silent, greeting({})]) {
    server.receive(back({ ticket, received: 0 }));
    expect(server.codes).toEqual(["P3D_ERR_RESUME"]);
    expect(hex(server.take())).toContain(body("resumeunknown"));
    expect(server.host.asked).toEqual([]);
  }
});

test("it is asked for once the connection type is a text, as ever", () => {
  const server = greeting();
  server.receive(back({ ticket, received: 0 }, { conntype: 5 }));
  expect([server.codes, server.host.asked]).toEqual([["P3D_ERR_BAD_DATA"], []]);
});

test("the answer is a packet of its own, compressed in no case", () => {
  const { context } = greeting({ ...WAITS, cfg: { "net.compress.threshold": 0 } });
  expect(hex(encodeResumed(context, 300, ticket))).toBe(
    hex(packet(RESUMED_ID, `92cd012cc420${hex(ticket)}`)),
  );
});

// ---- bodies ---------------------------------------------------------------------------------------

test.each<[string, (body: unknown) => unknown, unknown, unknown]>([
  ["an acknowledgement of nothing", readAcknowledgement, 0, 0],
  ["an acknowledgement of all", readAcknowledgement, 2 ** 53 - 1, 2 ** 53 - 1],
  ["a short ticket", readTicket, [TICKET_OF(16), 0.5], { ticket: TICKET_OF(16), window: 0.5 }],
  ["a long ticket", readTicket, [TICKET_OF(128), 86_400], { ticket: TICKET_OF(128), window: 86_400 }],
  ["resumed", readResumed, [0, ticket], { received: 0, ticket }],
])("%s is read", (_, read, value, expected) => {
  expect(read(value)).toEqual(expected);
});

test.each<[string, (body: unknown) => unknown, unknown]>([
  ...[undefined, null, -1, 0.5, 2 ** 53, 5n, "5", [5], {}].map(
    (value): [string, typeof readAcknowledgement, unknown] => [`${value}`, readAcknowledgement, value],
  ),
  ["a ticket of nothing", readTicket, null],
  ["a ticket without window", readTicket, [ticket]],
  ["a ticket and more", readTicket, [ticket, 60, 1]],
  ["a ticket as a map", readTicket, { 0: ticket, 1: 60, length: 2 }],
  ["a ticket too short", readTicket, [TICKET_OF(15), 60]],
  ["a ticket too long", readTicket, [TICKET_OF(129), 60]],
  ["a ticket of numbers", readTicket, [[...ticket], 60]],
  ["a ticket for no time", readTicket, [ticket, 0]],
  ["a ticket for ever", readTicket, [ticket, Number.POSITIVE_INFINITY]],
  ["resumed with nothing", readResumed, undefined],
  ["resumed the other way round", readResumed, [ticket, 0]],
  ["resumed without ticket", readResumed, [0, null]],
  ["resumed before the beginning", readResumed, [-1, ticket]],
])("%s is refused, and no error shows a ticket", (_, read, value) => {
  let error: unknown;
  try {
    read(value);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(BadDataError);
  expect((error as BadDataError).message).toMatch(/bytes/);
  expect(String((error as Error).stack)).not.toMatch(TICKET_TEXT);
});
