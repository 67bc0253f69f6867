// The client's half of a resumption over a new transport, byte by byte and whole (clause 6.10).

import {
  type Codec,
  encodeResumed,
  MAX_RESUME_BODY,
  NotPeng3dnetError,
  PacketTooLargeError,
  Peng3dnetError,
  ProtocolVersionMismatchError,
  ResumeError,
  ResumeHandshake,
  type ResumeHandshakeOptions,
  SIDE_CLIENT,
  SIDE_SERVER,
  TlsOnPlainPortError,
  UnexpectedPacketError,
  ValueCodec,
} from "@peng3dnet/protocol";
import { bytes, concat, hex, packet } from "../support/bytes.js";
import { End, type EndOptions } from "../support/pair.js";
import { zlib } from "../support/zlib.js";

const codec = new ValueCodec();
const body = (value: unknown): string => hex(codec.encode(value));
const ticket = Uint8Array.from({ length: 32 }, (_, at) => 0xa0 + at);
const next = Uint8Array.from({ length: 32 }, (_, at) => 0xc0 + at);
const TICKET_TEXT = /a0a1|c0c1|160,161|192,193/;
const HELLO = { version: "0.2.0", protoversion: 2 };

/** What a server says over the new transport, up to and without the stream. */
function server(options: EndOptions = {}): { end: End; hello: Uint8Array; resumed: Uint8Array } {
  const end = new End(SIDE_SERVER, { resume: { window: 60 }, heartbeats: true, ...options });
  end.connection.open();
  return { end, hello: end.take(), resumed: encodeResumed(end.context, 5000, next) };
}

function handshake(options: EndOptions = {}, more: Partial<ResumeHandshakeOptions> = {}): ResumeHandshake {
  const { context } = new End(SIDE_CLIENT, { resume: {}, heartbeats: true, ...options });
  return new ResumeHandshake({ context, conntype: "classic", ticket, received: 777, ...more });
}

/** What a push throws. */
function failure(chunk: Uint8Array, of: ResumeHandshake = handshake()): Peng3dnetError {
  try {
    of.push(chunk);
  } catch (error) {
    if (error instanceof Peng3dnetError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The middle of a packet, as the server's stream may go on. */
const REST = bytes("ffffffff 00 11 22");

test("it answers the hello with the ticket, and returns how the streams go on", () => {
  const { end, hello, resumed } = server();
  const client = handshake();
  expect([client.output(), client.push(hello)]).toEqual([undefined, undefined]);
  const settype = client.output() as Uint8Array;
  expect(hex(settype)).toBe(
    hex(packet(2, body({ conntype: "classic", ext: { resume: { ticket, received: 777 } } }))),
  );
  expect([client.output(), client.result]).toEqual([undefined, undefined]);
  end.receive(settype);
  expect(end.host.asked).toEqual([{ ticket, received: 777 }]);
  const result = client.push(concat(resumed, REST));
  expect(result).toEqual({ received: 5000, ticket: next, rest: REST });
  expect([client.result, client.output()]).toEqual([result, undefined]);
});

test("every way to cut what comes in two, and into single bytes, comes to the same", () => {
  const { hello, resumed } = server();
  const whole = concat(hello, resumed, REST);
  const outcome = (chunks: readonly Uint8Array[]): unknown[] => {
    const client = handshake();
    const sent: Uint8Array[] = [];
    const left: Uint8Array[] = [];
    for (const chunk of chunks) {
      // As a driver does that reads into one buffer again and again.
      const given = chunk.slice();
      if (client.result === undefined) client.push(given);
      else left.push(chunk);
      given.fill(0x2a);
      const output = client.output();
      if (output !== undefined) sent.push(output);
    }
    const { received, ticket: got, rest } = client.result ?? {};
    return [received, got, hex(concat(rest ?? new Uint8Array(0), ...left)), sent.map(hex)];
  };
  const expected = outcome([whole]);
  expect(expected.slice(0, 3)).toEqual([5000, next, hex(REST)]);
  for (let cut = 0; cut <= whole.length; cut++) {
    expect(outcome([whole.subarray(0, cut), whole.subarray(cut)])).toEqual(expected);
  }
  expect(outcome(Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual(expected);
});

test("what it returns does not change with the bytes that were pushed, and holds none of them", () => {
  const { hello, resumed } = server();
  // Where it is cut, the packet has a buffer of its own.
  for (const cut of [0, 20]) {
    const client = handshake();
    client.push(hello);
    const chunk = Buffer.from(concat(resumed, REST));
    client.push(chunk.subarray(0, cut));
    const result = client.push(chunk.subarray(cut));
    chunk.fill(0);
    expect(result).toEqual({ received: 5000, ticket: next, rest: REST });
    expect([result?.ticket.buffer.byteLength, result?.rest.buffer.byteLength]).toEqual([32, REST.length]);
  }
});

test("where nothing comes behind it, the rest is empty", () => {
  const { hello, resumed } = server();
  const client = handshake();
  client.push(hello);
  expect(client.push(resumed)?.rest).toEqual(new Uint8Array(0));
});

test("the settype is not compressed, and says if this side takes nothing compressed", () => {
  const cfg = { "net.compress.threshold": 0, "net.compress.accept": false };
  const client = handshake({ cfg }, { conntype: "chat" });
  client.push(server().hello);
  const ext = { compress: { accept: false }, resume: { ticket, received: 777 } };
  expect(hex(client.output() as Uint8Array)).toBe(hex(packet(2, body({ conntype: "chat", ext }))));
});

test("the settype names nothing that this side does not declare, to a codec of the application either", () => {
  const declared: string[][] = [];
  const own: Codec = {
    encode(value) {
      declared.push(Object.keys((value as { ext: object }).ext));
      return codec.encode(value);
    },
    decode: (bytes) => codec.decode(bytes),
  };
  handshake({ resume: undefined, heartbeats: false, codec: own });
  handshake({ codec: own });
  handshake({ codec: own, cfg: { "net.compress.accept": false } });
  expect(declared).toEqual([["resume"], ["resume"], ["compress", "resume"]]);
});

test("a hello that is compressed is taken", () => {
  const { hello, resumed } = server({ cfg: { "net.compress.threshold": 0 } });
  expect(hello[9]).toBe(1);
  expect(handshake().push(concat(hello, resumed))?.received).toBe(5000);
});

// ---- what is refused ------------------------------------------------------------------------------

const hello = (more: object): Uint8Array =>
  packet(1, body({ ...HELLO, ext: { resume: { window: 60 } }, ...more }));
const resumed = (value: unknown, flags = 0): Uint8Array =>
  concat(
    hello({}),
    packet(21, flags === 0 ? body(value) : hex(zlib.deflate(codec.encode(value).slice())), flags),
  );

test.each<[string, Uint8Array, unknown, string]>([
  ["HTTP", bytes("48545450 2f312e31"), NotPeng3dnetError, "notpeng3dnet"],
  ["TLS", bytes("16030100 00000000"), TlsOnPlainPortError, "tlsonplainport"],
  ["another first packet", packet(3, body({})), NotPeng3dnetError, "notpeng3dnet"],
  ["resumed at once", packet(21, body([1, ticket])), NotPeng3dnetError, "notpeng3dnet"],
  ["another version", hello({ protoversion: 3 }), ProtocolVersionMismatchError, "protoversionmismatch"],
  ["a hello that is no map", packet(1, body([1])), Peng3dnetError, "baddata"],
  ["a hello that is no msgpack", packet(1, "c1"), Peng3dnetError, "baddata"],
  ["extensions that are none", hello({ ext: 5 }), Peng3dnetError, "baddata"],
  ["a window that is none", hello({ ext: { resume: { window: "1" } } }), Peng3dnetError, "baddata"],
  ["a server without extensions", packet(1, body(HELLO)), ResumeError, "resumeunknown"],
  ["a server without this one", hello({ ext: { heartbeat: {} } }), ResumeError, "resumeunknown"],
  ["a second hello", concat(hello({}), hello({})), UnexpectedPacketError, "unexpectedpacket"],
  ["a registry", concat(hello({}), packet(3, body({}))), UnexpectedPacketError, "unexpectedpacket"],
  ["an application's packet", concat(hello({}), packet(64, "c0")), UnexpectedPacketError, "unexpectedpacket"],
  ["a short length", concat(hello({}), bytes("00000005")), Peng3dnetError, "malformedpacket"],
  ["resumed without a ticket", resumed([1, null]), Peng3dnetError, "baddata"],
  ["resumed with another offset", resumed([-1, ticket]), Peng3dnetError, "baddata"],
  ["resumed, compressed", resumed([1, ticket], 1), Peng3dnetError, "baddata"],
  ["resumed, and long", resumed([1, ticket, "a".repeat(200)]), Peng3dnetError, "baddata"],
  ["a closing reason that is no text", packet(16, body({ reason: [1] })), Peng3dnetError, "baddata"],
])("%s is refused", (_, chunk, type, reason) => {
  const error = failure(chunk);
  expect(error).toBeInstanceOf(type);
  expect(error.closeReason).toBe(reason);
  expect(error.message).not.toBe("");
  expect(`${error.message} ${error.stack}`).not.toMatch(TICKET_TEXT);
});

const REDIRECT = { redirect: true };
const elsewhere = (more: object): Uint8Array =>
  concat(hello({}), packet(16, body({ reason: "resumeelsewhere", ...more })));

test.each<[string, Uint8Array, string | null, string]>([
  ["in place of a hello", packet(16, body({ reason: "serverfull" })), "serverfull", "serverfull"],
  [
    "after it",
    concat(hello({}), packet(16, body({ reason: "resumeexpired" }))),
    "resumeexpired",
    "resumeexpired",
  ],
  ["as the application wants", packet(16, body({ reason: "banned\n" })), "banned\n", "banned\n"],
  ["without a reason", packet(16, body({ reason: null })), null, "resumerefused"],
  ["without a map", packet(16, body(5)), null, "resumerefused"],
  ["with a long reason", packet(16, body({ reason: "ä".repeat(200) })), "ä".repeat(128), "ä".repeat(128)],
  ["with an empty reason", packet(16, body({ reason: "" })), "", ""],
])("a server that closes %s is told by its reason", (_, chunk, reason, closeReason) => {
  const error = failure(chunk);
  expect(error).toBeInstanceOf(ResumeError);
  expect(error).toMatchObject({ code: "P3D_ERR_RESUME", reason, closeReason });
  const why = reason === null ? "without a reason" : `with the reason "${reason.slice(0, 6).trim()}`;
  expect(error.message).toContain(`the server did not go on with the session, and closed ${why}`);
  expect(error.message).not.toContain("\n");
});

test("a server that has handed the session to another one says so", () => {
  const error = failure(elsewhere({ address: "there:1" }), handshake({}, REDIRECT));
  expect(error.message).toContain("another one has the session");
});

test.each([
  [MAX_RESUME_BODY, "a number of bytes"],
  [MAX_RESUME_BODY + 1, `longer than ${MAX_RESUME_BODY} bytes`],
])("an answer with a body of %d bytes is refused: %s", (length, why) => {
  const text = codec.encode("x".repeat(length - 2)).slice();
  expect(text).toHaveLength(length);
  const error = failure(concat(hello({}), packet(21, hex(text))));
  expect([error.closeReason, error.message]).toEqual(["baddata", expect.stringContaining(why)]);
});

test("a packet that is longer than strangers may send is refused before it is there, by the option that helps", () => {
  const announced = bytes("00001001 00000001 0000");
  const error = failure(announced);
  expect(error).toBeInstanceOf(PacketTooLargeError);
  expect(error).toMatchObject({ limit: 4096, option: "net.limits.packetlength.handshake" });
  const small = handshake({ cfg: { "net.limits.packetlength": 400 } });
  expect(failure(announced, small)).toMatchObject({ limit: 400, option: "net.limits.packetlength" });
  // The stream behind the answer is not looked at.
  expect(handshake().push(concat(resumed([1, ticket]), announced))?.rest).toEqual(announced);
});

test("so is what inflates to more, and what has more elements, than strangers may send", () => {
  const long = zlib.deflate(codec.encode({ ...HELLO, x: "a".repeat(70_000) }).slice());
  expect(failure(packet(1, long, 1)).closeReason).toBe("decompresslimit");
  expect(failure(hello({ x: Array.from({ length: 300 }, () => 1) })).closeReason).toBe("baddata");
});

// ---- another server has the session ---------------------------------------------------------------

test("a client that goes elsewhere says so in its settype, and is told where by the server's closing packet", () => {
  const { end, hello: greeting } = server();
  const client = handshake({}, REDIRECT);
  client.push(greeting);
  const settype = client.output() as Uint8Array;
  expect(hex(settype)).toBe(
    hex(packet(2, body({ conntype: "classic", ext: { resume: { ticket, received: 777, redirect: true } } }))),
  );
  end.receive(settype);
  expect(end.host.asked).toEqual([{ ticket, received: 777, redirect: true }]);
  end.connection.sendClose("resumeelsewhere", "game-1.example:8080 wss://game-1.example/play");
  expect(failure(end.take(), client)).toMatchObject({
    code: "P3D_ERR_RESUME",
    reason: "resumeelsewhere",
    address: "game-1.example:8080 wss://game-1.example/play",
  });
});

test("the longest address that may be fits into a packet of strangers, however little they may send", () => {
  const small = { cfg: { "net.limits.packetlength": 400 } };
  const { end, hello: greeting } = server(small);
  const client = handshake(small, REDIRECT);
  client.push(greeting);
  end.connection.sendClose("resumeelsewhere", "a".repeat(256));
  expect(failure(end.take(), client)).toMatchObject({ address: "a".repeat(256) });
});

test.each<[string, object, object]>([
  ["by a client that did not ask for it", {}, { address: "there:1" }],
  ["with another reason", REDIRECT, { reason: "resumeunknown", address: "there:1" }],
])("an address is passed over that is told %s", (_, options, more) => {
  const error = failure(elsewhere(more), handshake({}, options));
  expect(error).toBeInstanceOf(ResumeError);
  expect(error).toMatchObject({ address: undefined });
});

test("so is one in place of a hello: nobody knows yet that it is a server", () => {
  const closing = packet(16, body({ reason: "resumeelsewhere", address: "there:1" }));
  expect(failure(closing, handshake({}, REDIRECT))).toMatchObject({ address: undefined });
});

test.each<[string, object]>([
  ["none", {}],
  ["nil", { address: null }],
  ["a number", { address: 1 }],
  ["bytes", { address: Uint8Array.of(1) }],
  ["empty", { address: "" }],
  ["too long", { address: "a".repeat(257) }],
  ["of several lines", { address: "a\n:1" }],
  ["with escapes", { address: "\u001b[2J" }],
  ["not ASCII", { address: "ä:1" }],
])("an address that is %s is refused, and not shown", (_, more) => {
  const error = failure(elsewhere(more), handshake({}, REDIRECT));
  expect([error.code, error.closeReason]).toEqual(["P3D_ERR_BAD_DATA", "baddata"]);
  expect(error.message).toMatch(/^the address of the server that has the session is not 1 to 256 printable/);
});
