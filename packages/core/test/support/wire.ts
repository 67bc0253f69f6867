// Packets made and taken apart without the code under test.

import { inflateSync } from "node:zlib";
import { decode, encode } from "@msgpack/msgpack";

export interface WirePacket {
  readonly id: number;
  readonly flags: number;
  readonly body: Buffer;
  /** All of it, length prefix included. */
  readonly bytes: Buffer;
}

/** A packet with its length prefix. */
export function frame(id: number, body: Uint8Array, flags = 0): Buffer {
  const preamble = Buffer.alloc(10);
  preamble.writeUInt32BE(6 + body.length, 0);
  preamble.writeUInt32BE(id, 4);
  preamble.writeUInt16BE(flags, 8);
  return Buffer.concat([preamble, body]);
}

/** A packet that carries a value. */
export function packet(id: number, value: unknown, flags = 0): Buffer {
  return frame(id, encode(value), flags);
}

export function value({ body, flags }: WirePacket): unknown {
  return decode(flags === 0 ? body : inflateSync(body));
}

export const HELLO = 1;
export const SETTYPE = 2;
export const HANDSHAKE = 3;
export const ACCEPT = 4;
export const CLOSECONN = 16;

export const INTERNAL_NAMES: Readonly<Record<string, number>> = {
  "peng3dnet:internal.hello": HELLO,
  "peng3dnet:internal.settype": SETTYPE,
  "peng3dnet:internal.handshake": HANDSHAKE,
  "peng3dnet:internal.handshake.accept": ACCEPT,
  "peng3dnet:internal.closeconn": CLOSECONN,
};

export const hello = (protoversion: unknown = 2): Buffer => packet(HELLO, { version: "0.2.0", protoversion });
export const settype = (conntype: unknown = "classic"): Buffer => packet(SETTYPE, { conntype });
export const handshake = (names: Readonly<Record<string, unknown>> = {}): Buffer =>
  packet(HANDSHAKE, {
    version: "0.2.0",
    protoversion: 2,
    registry: { ...INTERNAL_NAMES, ...names },
  });
export const accept = (): Buffer => packet(ACCEPT, { success: true });
export const closeconn = (reason: unknown): Buffer => packet(CLOSECONN, { reason });
