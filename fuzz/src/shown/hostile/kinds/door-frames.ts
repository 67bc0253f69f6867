// What comes over WebSockets that are open: frames as they should not be, and floods of those that may be.

import { concat } from "../../../bytes.js";
import { ENTER, type Flow, flood } from "../attacker.js";
import { PACKET, packet, repeated } from "../bodies.js";
import type { Kind, Victim } from "../kind.js";
import { IN } from "../packets.js";
import { FRAME, message, upgradeRequest, webSocketFrame } from "../web-socket.js";
import { many, unfinished } from "./connections.js";

const DOOR: Victim = { webSocket: { on: "port" } };
const REPLIES: Victim = { ...DOOR, app: "reply", cfg: { "net.compress.enabled": false } };

/** What a client sends until it is active, over a WebSocket. */
const enter = (): Uint8Array => concat([upgradeRequest(), message(ENTER)]);

interface More extends Omit<Flow, "chunk"> {
  readonly victim?: Victim;
  readonly code?: string;
  readonly seconds?: number;
}

function frames(name: string, title: string, chunk: () => Flow["chunk"], more: More = {}): Kind {
  const { connections = 20, victim = DOOR, code, seconds, ...flow } = more;
  return {
    name,
    title: `WebSocket: ${title}`,
    connections,
    victim,
    ...(code !== undefined && { code }),
    ...(seconds !== undefined && { seconds }),
    prepare: () => {
      const made = chunk();
      const first = enter();
      return (attacker) => flood(attacker, { first, addresses: 16, ...flow, connections, chunk: made });
    },
  };
}

const NOT_OURS = "P3D_ERR_NOT_PENG3DNET";

/** A frame that no WebSocket may send, a connection each. */
const refused = (name: string, title: string, frame: Uint8Array): Kind =>
  frames(name, title, () => frame, { every: 10, code: NOT_OURS });

/** A flood of something, as much as is read. */
const flooded = (name: string, title: string, frame: Uint8Array, more: More = {}): Kind =>
  frames(name, title, () => repeated(frame), { connections: 1, ...more });

const ONE = Uint8Array.of(7);
const CLOSE = (code: number, reason: Uint8Array): Uint8Array =>
  webSocketFrame(FRAME.close, concat([Uint8Array.of(code >> 8, code & 0xff), reason]));

/** Messages, of which the last byte is missing. */
function halves(name: string, title: string, first: () => Uint8Array, half: Uint8Array): Kind {
  return {
    name,
    title: `WebSocket: ${title}`,
    connections: 256,
    seconds: 4,
    victim: DOOR,
    prepare: () => async (attacker) => {
      const opening = first();
      const sockets = await many(attacker, 256, (index) => ({ from: index % 32, first: opening }));
      for (const socket of sockets) {
        if (attacker.over) return;
        await attacker.send(socket, half);
        await attacker.pause(4);
      }
    },
  };
}

/** Connections that stay, and whose closing handshake the peer does not take part in. */
function unanswered(name: string, title: string, last: () => Uint8Array): Kind {
  return {
    name,
    title: `WebSocket: ${title}`,
    connections: 500,
    seconds: 2,
    stays: true,
    victim: DOOR,
    prepare: () => async (attacker) => {
      const first = concat([enter(), last()]);
      await many(attacker, 500, (index) => ({
        first,
        from: index % 16,
        halfOpen: true,
        deaf: index % 2 === 0,
      }));
    },
  };
}

/** A message of one packet, which both lack their last byte. */
const HALF = message(unfinished(PACKET)).subarray(0, -1);

export const DOOR_FRAMES: readonly Kind[] = [
  refused("ws-unmasked", "frames without a mask", webSocketFrame(FRAME.binary, ONE, { masked: false })),
  refused("ws-reserved", "frames with reserved bits", webSocketFrame(FRAME.binary | 0x30, ONE)),
  refused("ws-opcodes", "frames of kinds that there are not", webSocketFrame(0x83, ONE)),
  refused("ws-continued", "a frame that goes on with nothing", webSocketFrame(FRAME.last, ONE)),
  refused("ws-length", "a length of 2^63", webSocketFrame(FRAME.binary, ONE, { length: 2n ** 63n })),
  refused("ws-gigabytes", "a length of 4 GiB", webSocketFrame(FRAME.binary, ONE, { length: 2n ** 32n })),
  refused("ws-long-ping", "a ping of 64 KiB", webSocketFrame(FRAME.ping, new Uint8Array(65_535))),
  refused("ws-split-ping", "a ping in pieces", webSocketFrame(FRAME.ping & 0x7f, ONE)),
  refused(
    "ws-text",
    "text messages of 256 KiB",
    webSocketFrame(FRAME.text, new Uint8Array(256 * 1024).fill(0xff)),
  ),
  refused("ws-close-short", "a close frame of one byte", webSocketFrame(FRAME.close, ONE)),
  refused(
    "ws-close-long",
    "a close frame with a reason of 60 KB",
    CLOSE(1000, new Uint8Array(60_000).fill(0x1b)),
  ),
  refused("ws-close-codes", "a close frame with a code that there is not", CLOSE(1005, ONE)),
  frames(
    "ws-close-escapes",
    "close frames with a reason of escape sequences that is no UTF-8",
    () => CLOSE(4999, Buffer.from("\u001b]0;title\u0007\u202e\u2028\u009b2J\xff\xfe", "latin1")),
    { every: 10, victim: { ...DOOR, cfg: { "net.debug.print.close": true } } },
  ),
  frames(
    "ws-too-long",
    "messages that are longer than a packet may be",
    () => message(new Uint8Array(PACKET + 64)),
    {
      every: 20,
      connections: 4,
    },
  ),
  frames(
    "ws-masks",
    "messages masked with a key, and unmasked with another",
    () => {
      const bytes = message(packet(IN.id, "x".repeat(100)));
      bytes[2] = 0;
      return bytes;
    },
    { every: 10 },
  ),
  flooded("ws-fragments", "a message in frames of one byte, without end", webSocketFrame(FRAME.more, ONE), {
    first: concat([enter(), webSocketFrame(FRAME.begin, ONE)]),
    connections: 20,
    every: 10,
  }),
  flooded("ws-fragments-empty", "a message in frames of no bytes, without end", webSocketFrame(FRAME.more), {
    first: concat([enter(), webSocketFrame(FRAME.begin)]),
    connections: 20,
    every: 10,
  }),
  frames(
    "ws-fragments-pings",
    "messages in 200 frames, each with a ping behind it",
    () => {
      const pinged = (byte: number): Uint8Array =>
        concat([webSocketFrame(FRAME.more, Uint8Array.of(byte)), webSocketFrame(FRAME.ping, ONE)]);
      const bytes = packet(IN.id, "x".repeat(190));
      return concat([webSocketFrame(FRAME.begin), ...Array.from(bytes, pinged), webSocketFrame(FRAME.last)]);
    },
    { connections: 4 },
  ),
  frames(
    "ws-fragments-apart",
    "a message in frames of one byte, each with 64 KiB of pongs behind it",
    () => {
      const pongs = repeated(webSocketFrame(FRAME.pong));
      return concat([webSocketFrame(FRAME.more, ONE), pongs]);
    },
    {
      first: concat([enter(), webSocketFrame(FRAME.begin, packet(IN.id, "x".repeat(5000)).subarray(0, 10))]),
    },
  ),
  flooded("ws-pings", "pings as fast as they are read", webSocketFrame(FRAME.ping)),
  flooded(
    "ws-pings-deaf",
    "the same from many, who read no answer",
    webSocketFrame(FRAME.ping, new Uint8Array(125)),
    {
      connections: 40,
      deaf: true,
    },
  ),
  flooded("ws-pings-40", "empty pings from many", webSocketFrame(FRAME.ping), { connections: 40 }),
  flooded("ws-pongs", "pongs as fast as they are read", webSocketFrame(FRAME.pong)),
  flooded("ws-pongs-40", "the same from many", webSocketFrame(FRAME.pong), { connections: 40 }),
  flooded("ws-early-pongs", "the same before the handshake", webSocketFrame(FRAME.pong), {
    connections: 40,
    first: upgradeRequest(),
  }),
  flooded("ws-empty", "empty messages, as many as are read", message(new Uint8Array(0)), { connections: 20 }),
  flooded("ws-tiny", "tiny packets, each in a message of its own", message(packet(IN.id, 1))),
  flooded("ws-tiny-40", "the same from many", message(packet(IN.id, 1)), { connections: 40 }),
  frames(
    "ws-packed",
    "tiny packets, as many in a message as are read",
    () => message(repeated(packet(IN.id, 1))),
    {
      connections: 40,
    },
  ),
  frames(
    "ws-bytes",
    "tiny packets, each byte in a message of its own",
    () => repeated(concat(Array.from(packet(IN.id, 1), (byte) => message(Uint8Array.of(byte))))),
    { connections: 1 },
  ),
  frames(
    "ws-bytes-40",
    "the same from many",
    () => repeated(concat(Array.from(packet(IN.id, 1), (byte) => message(Uint8Array.of(byte))))),
    { connections: 40 },
  ),
  frames(
    "ws-bytes-long",
    "long packets, each byte in a message of its own",
    () => repeated(concat(Array.from(unfinished(20_000), (byte) => message(Uint8Array.of(byte))))),
    { connections: 40 },
  ),
  halves("ws-halves", "messages of 1 MiB without their last byte", enter, HALF),
  halves("ws-early-halves", "the same before the handshake", () => upgradeRequest(), HALF),
  frames(
    "ws-deaf",
    "ask for 64 KiB again and again, and do not read",
    () => message(repeated(packet(IN.id, "more"), 8 * 20)),
    {
      connections: 40,
      every: 4,
      deaf: true,
      victim: REPLIES,
    },
  ),
  unanswered("ws-no-close", "a text, and no answer to the close frame", () =>
    webSocketFrame(FRAME.text, ONE),
  ),
  unanswered("ws-closes", "a close frame, and the connection stays", () => CLOSE(1000, new Uint8Array(0))),
  unanswered("ws-ends", "the end of the stream, and the connection stays", () => message(new Uint8Array(0))),
  frames(
    "ws-manual",
    "texts of 256 KiB to a server that calls process() 60 times a second",
    () => message(packet(IN.id, "x".repeat(256_000))),
    {
      connections: 8,
      victim: { ...DOOR, manual: true },
    },
  ),
];
