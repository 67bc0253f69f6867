// A peer that does wrong ends its own connection, with a reason that it is told, and no other one.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { Client, type CloseInfo, Peng3dnetError, type Server } from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { deferred, echo, handle, next, startServer } from "../support/peers.js";
import { RawPeer, rawServer } from "../support/raw-peer.js";
import * as wire from "../support/wire.js";
import { frame, HANDSHAKE, HELLO, packet, SETTYPE } from "../support/wire.js";

const MIB = 1024 ** 2;
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const compressed = (body: Uint8Array): Buffer => frame(64, body, 1);
const zeros = (size: number): Buffer => deflateSync(encode(new Uint8Array(size)));

/** How far the handshake has got when the bytes are sent. */
type Phase = "connected" | "settype sent" | "active";
type Row = readonly [title: string, phase: Phase, bytes: Uint8Array, reason: string, code: string];

const FROM_CLIENTS: readonly Row[] = [
  ["length 0", "active", hex("00000000"), "malformedpacket", "P3D_ERR_MALFORMED_PACKET"],
  ["length 5", "active", hex("00000005"), "malformedpacket", "P3D_ERR_MALFORMED_PACKET"],
  [
    "length 5 before the handshake",
    "connected",
    hex("00000005"),
    "malformedpacket",
    "P3D_ERR_MALFORMED_PACKET",
  ],
  ["length 2**32-1", "active", hex("ffffffff"), "packettoolong", "P3D_ERR_PACKET_TOO_LARGE"],
  ["one byte above the limit", "active", hex("00100001"), "packettoolong", "P3D_ERR_PACKET_TOO_LARGE"],
  ["above the handshake's limit", "connected", hex("00001001"), "packettoolong", "P3D_ERR_PACKET_TOO_LARGE"],
  ["above it later on", "settype sent", hex("00001001"), "packettoolong", "P3D_ERR_PACKET_TOO_LARGE"],
  ["an unknown id", "active", packet(4711, 0), "unknownpacket", "P3D_ERR_UNKNOWN_PACKET"],
  ["an unknown id below 64", "active", packet(5, 0), "unknownpacket", "P3D_ERR_UNKNOWN_PACKET"],
  [
    "an unknown id in the handshake",
    "settype sent",
    packet(99, 0),
    "unknownpacket",
    "P3D_ERR_UNKNOWN_PACKET",
  ],
  ["flag bit 1", "active", packet(64, 0, 2), "unsupportedflags", "P3D_ERR_UNSUPPORTED_FLAGS"],
  ["flag bit 15", "active", packet(64, 0, 0x8000), "unsupportedflags", "P3D_ERR_UNSUPPORTED_FLAGS"],
  [
    "flags in the handshake",
    "connected",
    packet(SETTYPE, {}, 2),
    "unsupportedflags",
    "P3D_ERR_UNSUPPORTED_FLAGS",
  ],
  ["no zlib stream", "active", compressed(Buffer.from("garbage")), "baddata", "P3D_ERR_BAD_DATA"],
  [
    "a zlib stream cut short",
    "active",
    compressed(zeros(100).subarray(0, -1)),
    "baddata",
    "P3D_ERR_BAD_DATA",
  ],
  [
    "bytes behind a zlib stream",
    "active",
    compressed(Buffer.concat([zeros(100), Buffer.alloc(3)])),
    "baddata",
    "P3D_ERR_BAD_DATA",
  ],
  ["a zlib bomb", "active", compressed(zeros(100 * MIB)), "decompresslimit", "P3D_ERR_DECOMPRESS_LIMIT"],
  [
    "a zlib bomb in the handshake",
    "connected",
    frame(SETTYPE, zeros(64 * 1024), 1),
    "decompresslimit",
    "P3D_ERR_DECOMPRESS_LIMIT",
  ],
  ["msgpack garbage", "active", frame(64, hex("c1")), "baddata", "P3D_ERR_BAD_DATA"],
  ["no body", "active", frame(64, hex("")), "baddata", "P3D_ERR_BAD_DATA"],
  ["a body cut short", "active", frame(64, hex("93 01 02")), "baddata", "P3D_ERR_BAD_DATA"],
  ["a byte behind the body", "active", frame(64, hex("01 02")), "baddata", "P3D_ERR_BAD_DATA"],
  ["an array of 2**32-1", "active", frame(64, hex("dd ffffffff")), "baddata", "P3D_ERR_BAD_DATA"],
  ["nesting of 100,000", "active", frame(64, Buffer.alloc(100_000, 0x91)), "baddata", "P3D_ERR_BAD_DATA"],
  [
    "the key __proto__",
    "active",
    frame(64, encode(JSON.parse('{"__proto__": 1}'), { sortKeys: true })),
    "baddata",
    "P3D_ERR_BAD_DATA",
  ],
  ["a second settype", "active", wire.settype(), "unexpectedpacket", "P3D_ERR_UNEXPECTED_PACKET"],
  ["a second accept", "active", wire.accept(), "unexpectedpacket", "P3D_ERR_UNEXPECTED_PACKET"],
  [
    "a second settype in the handshake",
    "settype sent",
    wire.settype(),
    "unexpectedpacket",
    "P3D_ERR_UNEXPECTED_PACKET",
  ],
  ["accept before settype", "connected", wire.accept(), "unexpectedpacket", "P3D_ERR_UNEXPECTED_PACKET"],
  ["hello from a client", "connected", wire.hello(), "unexpectedpacket", "P3D_ERR_UNEXPECTED_PACKET"],
  [
    "handshake from a client",
    "settype sent",
    wire.handshake(),
    "unexpectedpacket",
    "P3D_ERR_UNEXPECTED_PACKET",
  ],
  ["a packet before settype", "connected", packet(64, 1), "unexpectedpacket", "P3D_ERR_UNEXPECTED_PACKET"],
  ["a packet before accept", "settype sent", packet(64, 1), "unexpectedpacket", "P3D_ERR_UNEXPECTED_PACKET"],
  ["a type that is no string", "connected", wire.settype(7), "baddata", "P3D_ERR_BAD_DATA"],
  [
    "a type that does not exist",
    "connected",
    wire.settype("other"),
    "unknownconntype",
    "P3D_ERR_UNKNOWN_CONNTYPE",
  ],
  ["settype without a map", "connected", packet(SETTYPE, [1]), "baddata", "P3D_ERR_BAD_DATA"],
  ["accept without success", "settype sent", packet(4, { success: false }), "baddata", "P3D_ERR_BAD_DATA"],
  ["a reason that is no string", "active", wire.closeconn(404), "baddata", "P3D_ERR_BAD_DATA"],
  [
    "HTTP",
    "connected",
    Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "notpeng3dnet",
    "P3D_ERR_NOT_PENG3DNET",
  ],
  ["SSH", "connected", Buffer.from("SSH-2.0-OpenSSH_9.6\r\n"), "notpeng3dnet", "P3D_ERR_NOT_PENG3DNET"],
  ["TLS", "connected", hex("16 0301 0200 0100 01fc 0303"), "tlsonplainport", "P3D_ERR_TLS_ON_PLAIN_PORT"],
];

/** Everything that happened to the server's connections. */
interface Watched {
  readonly server: Server;
  readonly honest: Client;
  roundTrip(): Promise<void>;
}

/** A server with an honest client beside those that do wrong. */
async function watched(): Promise<Watched> {
  const server = await startServer({}, (peer) => {
    echo(peer);
    handle(peer, "test:sink");
  });
  const honest = track(new Client({ addr: server.addr }));
  let answer = deferred<unknown>();
  handle(honest, "test:echo", (msg) => answer.resolve(msg));
  handle(honest, "test:sink");
  await honest.start();
  let count = 0;
  const failures: unknown[] = [];
  server.on("handlerError", (error) => failures.push(error));
  return {
    server,
    honest,
    async roundTrip() {
      answer = deferred();
      honest.sendMessage("test:echo", ++count);
      expect(await answer.promise).toBe(count);
      expect(failures).toEqual([]);
    },
  };
}

async function advance(peer: RawPeer, phase: Phase): Promise<void> {
  await peer.packet();
  if (phase === "connected") return;
  peer.write(wire.settype());
  await peer.packet();
  if (phase === "active") peer.write(wire.accept());
}

describe("from a client", () => {
  let scene: Watched;
  beforeEach(async () => {
    scene = await watched();
  });

  test.each(FROM_CLIENTS)("%s (%s)", async (_, phase, bytes, reason, code) => {
    const { server, roundTrip } = scene;
    const peer = await RawPeer.connect(server.addr);
    await advance(peer, phase);
    const closed = next(server, "close");
    peer.write(bytes);
    expect(await peer.closeReason()).toBe(reason);
    await peer.ended();
    await roundTrip();
    peer.end();
    const [, info] = await closed;
    expect(info).toMatchObject({ reason, error: { code, closeReason: reason }, clean: false });
    await roundTrip();
    expect(server.clients.size).toBe(1);
  });

  test.each<readonly [string, Phase, Uint8Array]>([
    ["within a length prefix", "active", hex("0000")],
    ["within a packet", "active", packet(64, "cut").subarray(0, -1)],
    ["within the first packet", "connected", wire.settype().subarray(0, 12)],
  ])("a stream that ends %s", async (_, phase, bytes) => {
    const { server, roundTrip } = scene;
    const peer = await RawPeer.connect(server.addr);
    await advance(peer, phase);
    const closed = next(server, "close");
    peer.write(bytes);
    peer.end();
    const [, info] = await closed;
    expect(info).toMatchObject({
      reason: "socketclose",
      error: { code: "P3D_ERR_CONNECTION_LOST", message: "the peer ended the connection within a packet" },
      clean: false,
    });
    await peer.ended();
    await roundTrip();
  });

  test("packets before the bad one are processed, and none after it", async () => {
    const { server } = scene;
    const peer = await RawPeer.activeClient(server.addr);
    peer.write(packet(64, "first"), packet(64, "second"), hex("00000001"), packet(64, "third"));
    expect(wire.value(await peer.packet())).toBe("first");
    expect(wire.value(await peer.packet())).toBe("second");
    expect(await peer.closeReason()).toBe("malformedpacket");
    await peer.ended();
    expect(peer.pending).toHaveLength(0);
  });

  test("packets exactly at the limits are fine", async () => {
    const { server } = scene;
    const peer = await RawPeer.connect(server.addr);
    await peer.packet();
    const bare = wire.packet(SETTYPE, { conntype: "classic", padding: "" });
    // A str 16 has two bytes more of a header than the empty text.
    const padding = "p".repeat(4 * 1024 + 4 - bare.length - 2);
    const longest = wire.packet(SETTYPE, { conntype: "classic", padding });
    expect(longest.readUInt32BE(0)).toBe(4 * 1024);
    peer.write(longest);
    await peer.packet();
    peer.write(wire.accept());
    const body = encode("x".repeat(MIB - 6 - 5));
    peer.write(frame(64, body));
    expect((await peer.packet()).flags).toBe(1);
    peer.write(frame(64, deflateSync(encode("x".repeat(4 * MIB - 5))), 1));
    expect(wire.value(await peer.packet())).toBe("x".repeat(4 * MIB - 5));
  });

  test("random bytes of any length never do more than end their connection", async () => {
    const { server, roundTrip } = scene;
    let seed = 1;
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let round = 0; round < 60; round++) {
      const peer = await RawPeer.connect(server.addr);
      await advance(peer, round % 2 === 0 ? "connected" : "active");
      const noise = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 300) }, () => random() * 256));
      // Every other time with a length that fits, so that more than the length is looked at.
      if (round % 4 > 1 && noise.length > 10) {
        noise.writeUInt32BE(noise.length - 4, 0);
        noise.writeUInt32BE(round % 8 > 5 ? 64 : 16, 4);
        noise.writeUInt16BE(round % 3 === 0 ? 1 : 0, 8);
      }
      const closed = next(server, "close");
      peer.write(noise);
      peer.end();
      const [, info] = await closed;
      expect(typeof info.reason === "string" || info.reason === null).toBe(true);
      if (info.error !== undefined) expect(info.error).toBeInstanceOf(Peng3dnetError);
    }
    await roundTrip();
  }, 20_000);
});

describe("the malformed packets of vectors/", () => {
  interface Malformed {
    readonly title: string;
    readonly hex: string | readonly (string | { readonly repeat: string; readonly times: number })[];
    readonly error: string;
  }
  const { packets } = JSON.parse(
    readFileSync(join(__dirname, "../../../../vectors/malformed.json"), "utf8"),
  ) as { readonly packets: readonly Malformed[] };

  test.each(packets)("$title", async ({ hex: text, error }) => {
    const parts = typeof text === "string" ? [text] : text;
    const bytes = hex(
      parts.map((part) => (typeof part === "string" ? part : part.repeat.repeat(part.times))).join(""),
    );
    const { server, roundTrip } = await watched();
    const peer = await RawPeer.activeClient(server.addr);
    const closed = next(server, "close");
    peer.write(bytes);
    const reason = await peer.closeReason();
    peer.end();
    const [, info] = await closed;
    expect(info).toMatchObject({ reason, error: { code: error, closeReason: reason } });
    await roundTrip();
  });
});

describe("from a server", () => {
  type ClientPhase = "connected" | "hello sent" | "active";
  const names = (extra: Readonly<Record<string, unknown>>): Buffer =>
    wire.handshake({ "test:echo": 64, ...extra });

  const FROM_SERVERS: readonly (readonly [string, ClientPhase, Uint8Array, string, string])[] = [
    [
      "HTTP",
      "connected",
      Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
      "notpeng3dnet",
      "P3D_ERR_NOT_PENG3DNET",
    ],
    ["a TLS alert", "connected", hex("15 0303 0002 0228"), "tlsonplainport", "P3D_ERR_TLS_ON_PLAIN_PORT"],
    ["another packet than a hello", "connected", packet(64, 1), "notpeng3dnet", "P3D_ERR_NOT_PENG3DNET"],
    ["another version", "connected", wire.hello(3), "protoversionmismatch", "P3D_ERR_PROTOVERSION_MISMATCH"],
    ["no version", "connected", packet(1, {}), "protoversionmismatch", "P3D_ERR_PROTOVERSION_MISMATCH"],
    ["a second hello", "hello sent", wire.hello(), "unexpectedpacket", "P3D_ERR_UNEXPECTED_PACKET"],
    ["settype from a server", "hello sent", wire.settype(), "unexpectedpacket", "P3D_ERR_UNEXPECTED_PACKET"],
    [
      "a name that the client lacks",
      "hello sent",
      names({ "test:more": 65 }),
      "packetregmismatch",
      "P3D_ERR_PACKETREG_MISMATCH",
    ],
    [
      "a name that the server lacks",
      "hello sent",
      wire.handshake(),
      "packetregmismatch",
      "P3D_ERR_PACKETREG_MISMATCH",
    ],
    [
      "an id twice",
      "hello sent",
      names({ "test:sink": 64 }),
      "packetregmismatch",
      "P3D_ERR_PACKETREG_MISMATCH",
    ],
    [
      "a reserved id",
      "hello sent",
      wire.handshake({ "test:echo": 16, "peng3dnet:internal.closeconn": 64 }),
      "packetregmismatch",
      "P3D_ERR_PACKETREG_MISMATCH",
    ],
    [
      "an id that is none",
      "hello sent",
      wire.handshake({ "test:echo": "64" }),
      "packetregmismatch",
      "P3D_ERR_PACKETREG_MISMATCH",
    ],
    [
      "a name too long",
      "hello sent",
      names({ ["n".repeat(257)]: 65 }),
      "packetregmismatch",
      "P3D_ERR_PACKETREG_MISMATCH",
    ],
    [
      "too many names",
      "hello sent",
      names(Object.fromEntries(Array.from({ length: 4096 }, (_, index) => [`n:${index}`, 100 + index]))),
      "packetregmismatch",
      "P3D_ERR_PACKETREG_MISMATCH",
    ],
    [
      "a registry that is no map",
      "hello sent",
      packet(HANDSHAKE, { protoversion: 2, registry: [] }),
      "baddata",
      "P3D_ERR_BAD_DATA",
    ],
    [
      "a registry with an integer key",
      "hello sent",
      frame(
        HANDSHAKE,
        hex(
          "82ac70726f746f76657273696f6e02a8726567697374727982a9746573743a6563686f407b41".replace("7b", "05"),
        ),
      ),
      "baddata",
      "P3D_ERR_BAD_DATA",
    ],
    [
      "a hello with an integer key",
      "connected",
      frame(HELLO, hex("83a776657273696f6ea5302e322e30ac70726f746f76657273696f6e0201c0")),
      "baddata",
      "P3D_ERR_BAD_DATA",
    ],
    [
      "a packet before the handshake",
      "hello sent",
      packet(64, 1),
      "unexpectedpacket",
      "P3D_ERR_UNEXPECTED_PACKET",
    ],
    ["a second handshake", "active", names({}), "unexpectedpacket", "P3D_ERR_UNEXPECTED_PACKET"],
    ["an unknown id", "active", packet(99, 1), "unknownpacket", "P3D_ERR_UNKNOWN_PACKET"],
    ["garbage", "active", frame(64, hex("c1")), "baddata", "P3D_ERR_BAD_DATA"],
  ];

  test.each(FROM_SERVERS)("%s (%s)", async (_, phase, bytes, reason, code) => {
    const listening = await rawServer();
    const client = track(new Client({ addr: listening.addr }));
    handle(client, "test:echo");
    const ids = [...client.registry.entries()].map(({ name, id }) => [name, id]);
    const started = client.start().then(
      () => undefined,
      (error: unknown) => error,
    );
    const peer = await listening.accepted();
    if (phase !== "connected") {
      peer.write(wire.hello());
      await peer.packet();
    }
    if (phase === "active") {
      peer.write(names({}));
      await peer.packet();
      await started;
    }
    peer.write(bytes);
    expect(await peer.closeReason()).toBe(reason);
    await peer.ended();
    peer.end();
    const info: CloseInfo = await client.waitForClose();
    expect(info).toMatchObject({ reason, error: { code }, clean: false });
    if (phase !== "active") {
      expect(await started).toMatchObject({ code: "P3D_ERR_CONNECTION_CLOSED", reason, cause: info.error });
      expect([...client.registry.entries()].slice(0, ids.length).map(({ name, id }) => [name, id])).toEqual(
        ids,
      );
    }
  });
});
