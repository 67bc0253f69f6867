import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Address } from "@peng3dnet/core";
import { trackNetServer, trackSocket } from "./cleanup.js";
import { accept, CLOSECONN, handshake, hello, settype, value, type WirePacket } from "./wire.js";

/** The other end of a connection as a bare socket. */
export class RawPeer {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;
  #closed = false;
  #wake: (() => void) | undefined = undefined;

  constructor(socket: Socket) {
    this.socket = trackSocket(socket);
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    socket.on("end", () => {
      this.#ended = true;
      this.#wake?.();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  /** @param localAddress - address that it connects from, any of 127.0.0.0/8. */
  static connect(
    [host, port]: Address,
    { paused = false, localAddress }: { paused?: boolean; localAddress?: string | undefined } = {},
  ): Promise<RawPeer> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host,
        port,
        allowHalfOpen: true,
        ...(localAddress !== undefined && { localAddress }),
      });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        const peer = new RawPeer(socket);
        if (paused) socket.pause();
        resolve(peer);
      });
    });
  }

  /** A connection to a server that has got through the handshake. */
  static async activeClient(addr: Address, localAddress?: string): Promise<RawPeer> {
    const peer = await RawPeer.connect(addr, { localAddress });
    await peer.packet();
    peer.write(settype());
    await peer.packet();
    peer.write(accept());
    return peer;
  }

  /** Does a server's part of the handshake. */
  async serveHandshake(names: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.write(hello());
    await this.packet();
    this.write(handshake(names));
    await this.packet();
  }

  write(...bytes: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** Ends this side's stream. */
  end(): void {
    this.socket.end();
  }

  /** Bytes that came and were not taken. */
  get pending(): Buffer {
    return this.#received;
  }

  async #until(done: () => boolean, what: string): Promise<void> {
    while (!done()) {
      if (this.#ended || this.#closed) throw new Error(`the stream ended before ${what}`);
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  /** The next `size` bytes. */
  async bytes(size: number): Promise<Buffer> {
    await this.#until(() => this.#received.length >= size, `${size} bytes`);
    const taken = this.#received.subarray(0, size);
    this.#received = this.#received.subarray(size);
    return taken;
  }

  async packet(): Promise<WirePacket> {
    const prefix = await this.bytes(4);
    const rest = await this.bytes(prefix.readUInt32BE(0));
    return {
      id: rest.readUInt32BE(0),
      flags: rest.readUInt16BE(4),
      body: rest.subarray(6),
      bytes: Buffer.concat([prefix, rest]),
    };
  }

  /** Reads on to the packet that announces the close, and answers it with the end of this side's stream. */
  async closeReason({ answer = true } = {}): Promise<unknown> {
    for (;;) {
      const next = await this.packet();
      if (next.id !== CLOSECONN) continue;
      if (answer) this.end();
      return (value(next) as { reason: unknown }).reason;
    }
  }

  /** Resolves when the other side has ended its stream. */
  async ended(): Promise<void> {
    await this.#until(() => this.#ended || this.#closed, "its end");
  }

  /** Resolves when the connection is gone altogether. */
  async closed(): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => this.socket.once("close", () => resolve()));
  }
}

/** A listening socket that hands out raw peers in order of arrival. */
export interface RawServer {
  readonly addr: Address;
  accepted(): Promise<RawPeer>;
}

export async function rawServer(host = "127.0.0.1"): Promise<RawServer> {
  const ready: RawPeer[] = [];
  const waiting: ((peer: RawPeer) => void)[] = [];
  const server = trackNetServer(
    createServer({ allowHalfOpen: true }, (socket) => {
      const peer = new RawPeer(socket);
      const next = waiting.shift();
      if (next === undefined) ready.push(peer);
      else next(peer);
    }),
  );
  await new Promise<void>((listening) => server.listen({ host, port: 0 }, listening));
  const { address, port } = server.address() as AddressInfo;
  return {
    addr: [address, port],
    accepted: () => {
      const peer = ready.shift();
      return peer === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(peer);
    },
  };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen({ host: "127.0.0.1", port: 0 }, listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
