// A server's end by hand: a bare socket that answers the request for a WebSocket, and then has frames as they are.

import { createHash } from "node:crypto";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { trackNetServer, trackSocket } from "../../../core/test/support/cleanup.js";

/** A frame as it came. */
export interface WireFrame {
  readonly first: number;
  /** Its key; `undefined`: it is not masked. */
  readonly key: Buffer | undefined;
  /** The payload as it is on the wire. */
  readonly wire: Buffer;
  /** The payload without its mask. */
  readonly payload: Buffer;
}

const END_OF_HEAD = "\r\n\r\n";

/** What accepts a request for a WebSocket, with lines instead of those that a server of ours has. */
export function acceptance(request: string, lines: Readonly<Record<string, string>> = {}): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(request)?.[1];
  const digest = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const all = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Accept": digest,
    "Sec-WebSocket-Protocol": "peng3dnet.2",
    ...lines,
  };
  const head = Object.entries(all).flatMap(([name, value]) => (value === "" ? [] : [`${name}: ${value}`]));
  return ["HTTP/1.1 101 Switching Protocols", ...head].join("\r\n") + END_OF_HEAD;
}

/** Takes one frame off the beginning; `undefined`: it is not all there. */
function frameIn(bytes: Buffer): { readonly frame: WireFrame; readonly rest: Buffer } | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const masked = second >= 0x80;
  const short = second & 0x7f;
  const size = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
  if (bytes.length < size + 4) return undefined;
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  const begin = size + (masked ? 4 : 0);
  if (bytes.length < begin + length) return undefined;
  const key = masked ? bytes.subarray(size, begin) : undefined;
  const wire = bytes.subarray(begin, begin + length);
  const payload = Buffer.from(wire.map((byte, at) => byte ^ (key?.[at & 3] ?? 0)));
  return { frame: { first, key, wire, payload }, rest: bytes.subarray(begin + length) };
}

export class BareEnd {
  readonly socket: Socket;
  /** The head of the request. */
  readonly request: string;
  readonly frames: WireFrame[] = [];
  #rest: Buffer;
  #changed: () => void = () => {};

  constructor(socket: Socket, request: string, rest: Buffer) {
    this.socket = socket;
    this.request = request;
    this.#rest = rest;
    socket.on("data", (chunk: Buffer) => this.#came(chunk));
  }

  #came(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let next = frameIn(this.#rest); next !== undefined; next = frameIn(this.#rest)) {
      this.frames.push(next.frame);
      this.#rest = next.rest;
    }
    this.#changed();
  }

  /** Resolves once `done` holds for the frames that came. */
  async until(done: (frames: readonly WireFrame[]) => boolean): Promise<readonly WireFrame[]> {
    while (!done(this.frames)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    return this.frames;
  }

  /** The first frame that begins so. */
  async frame(first: number): Promise<WireFrame> {
    const frames = await this.until((all) => all.some((frame) => frame.first === first));
    return frames.find((frame) => frame.first === first) as WireFrame;
  }
}

/** Listens, and answers each request. @param answer - writes the answer; default: it accepts. */
export async function listenBare(
  answer: (request: string, socket: Socket) => void = (request, socket) => socket.write(acceptance(request)),
): Promise<{ readonly url: string; readonly port: number; readonly connected: Promise<BareEnd> }> {
  let connect: (end: BareEnd) => void = () => {};
  const connected = new Promise<BareEnd>((resolve) => {
    connect = resolve;
  });
  const server = trackNetServer(
    createServer((socket) => {
      trackSocket(socket);
      socket.on("error", () => {});
      let head = Buffer.alloc(0);
      const onData = (chunk: Buffer): void => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf(END_OF_HEAD);
        if (end < 0) return;
        socket.off("data", onData);
        const request = head.toString("latin1", 0, end + 2);
        connect(new BareEnd(socket, request, head.subarray(end + END_OF_HEAD.length)));
        answer(request, socket);
      };
      socket.on("data", onData);
    }),
  );
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}/`, port, connected };
}
