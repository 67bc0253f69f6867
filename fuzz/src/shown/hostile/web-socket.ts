// WebSocket by hand, as clients speak it.

import { randomBytes } from "node:crypto";
import { WEBSOCKET_SUBPROTOCOL } from "@peng3dnet/core";
import { concat } from "../../bytes.js";

/** First bytes of frames: all of a message, unless it says otherwise. */
export const FRAME = {
  binary: 0x82,
  text: 0x81,
  /** The first frame of a message that goes on. */
  begin: 0x02,
  /** A frame within a message. */
  more: 0x00,
  /** The last frame of a message. */
  last: 0x80,
  close: 0x88,
  ping: 0x89,
  pong: 0x8a,
} as const;

/** How a frame deviates from what it should be. */
export interface Oddity {
  readonly masked?: boolean;
  /** Length that is stated. Default: that of the payload. */
  readonly length?: bigint;
}

const MASK = Uint8Array.of(0x5a, 0xc3, 0x0f, 0x91);
const MASKED = 0x80;

function lengthOf(length: bigint): Uint8Array {
  if (length < 126n) return Uint8Array.of(Number(length));
  const long = length > 0xffffn;
  const bytes = new Uint8Array(long ? 9 : 3);
  const view = new DataView(bytes.buffer);
  bytes[0] = long ? 127 : 126;
  if (long) view.setBigUint64(1, length);
  else view.setUint16(1, Number(length));
  return bytes;
}

/** A frame of a client. */
export function webSocketFrame(
  first: number,
  payload: Uint8Array = new Uint8Array(0),
  oddity: Oddity = {},
): Uint8Array {
  const { masked = true, length = BigInt(payload.length) } = oddity;
  const size = lengthOf(length);
  if (masked) size[0] = (size[0] ?? 0) | MASKED;
  const parts = [Uint8Array.of(first), size];
  if (!masked) return concat([...parts, payload]);
  return concat([...parts, MASK, payload.map((byte, at) => byte ^ (MASK[at & 3] ?? 0))]);
}

/** A message of bytes. */
export const message = (payload: Uint8Array): Uint8Array => webSocketFrame(FRAME.binary, payload);

const lines = (all: readonly string[]): Uint8Array => Buffer.from(`${all.join("\r\n")}\r\n\r\n`, "latin1");

/** Lines of a request for a WebSocket, without the empty line that ends it. */
export function upgradeLines(more: readonly string[] = []): string[] {
  return [
    "GET / HTTP/1.1",
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    `Sec-WebSocket-Protocol: ${WEBSOCKET_SUBPROTOCOL}`,
    ...more,
  ];
}

/** A request for a WebSocket. */
export const upgradeRequest = (...more: readonly string[]): Uint8Array => lines(upgradeLines(more));

/** Headers that say nothing, nearly as many as Node takes. */
export const manyHeaders = (): string[] => Array.from({ length: 1800 }, (_, index) => `x${index}:`);

/** Any other request. */
export const httpRequest = (line: string, ...headers: readonly string[]): Uint8Array =>
  lines([line, "Host: localhost", ...headers]);

const SWITCHING = "HTTP/1.1 101 ";

/** Takes the payloads out of what a server sends, once it has switched to WebSocket. */
export class PayloadReader {
  #input = Buffer.alloc(0);
  #switched = false;

  /**
   * @returns the payloads that are whole now.
   * @throws if the server does not switch, or closes.
   */
  read(chunk: Buffer): Buffer[] {
    this.#input = Buffer.concat([this.#input, chunk]);
    if (!this.#switched && !this.#switch()) return [];
    const payloads: Buffer[] = [];
    for (;;) {
      const payload = this.#next();
      if (payload === undefined) return payloads;
      payloads.push(payload);
    }
  }

  #switch(): boolean {
    const end = this.#input.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const head = this.#input.toString("latin1", 0, end);
    if (!head.startsWith(SWITCHING)) throw new Error(`answered with ${head.split("\r\n")[0]}`);
    this.#input = this.#input.subarray(end + 4);
    this.#switched = true;
    return true;
  }

  #next(): Buffer | undefined {
    const input = this.#input;
    if (input.length < 2) return undefined;
    const short = (input[1] ?? 0) & 0x7f;
    const header = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (input.length < header) return undefined;
    const length =
      short === 126 ? input.readUInt16BE(2) : short === 127 ? Number(input.readBigUInt64BE(2)) : short;
    if (input.length < header + length) return undefined;
    const payload = input.subarray(header, header + length);
    this.#input = input.subarray(header + length);
    if (input[0] === FRAME.close) throw new Error(`closed: ${payload.toString("latin1", 2)}`);
    return payload;
  }
}
