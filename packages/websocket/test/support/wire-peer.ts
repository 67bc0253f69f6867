// A client that speaks the protocol by hand over a bare WebSocket.

import type { Address } from "@peng3dnet/core";
import type { WebSocket } from "ws";
import { accept, settype, type WirePacket } from "../../../core/test/support/wire.js";
import { type DialOptions, request } from "./http.js";

export class WirePeer {
  readonly ws: WebSocket;
  /** The end of the server's stream has come. */
  ended = false;
  /** The WebSocket is closed: code and text. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #received: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on("message", (data: Buffer) => {
      if (data.length === 0) this.ended = true;
      this.#received = Buffer.concat([this.#received, data]);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      ws.on("close", (code, reason) => {
        this.#isClosed = true;
        this.#wake();
        resolve({ code, reason: reason.toString("utf8") });
      });
    });
  }

  /** One that has got through the handshake, the server of which has just `test:echo`. */
  static async active(address: Address, options: DialOptions = {}): Promise<WirePeer> {
    // What the server says first may come with the event that says that it is open.
    const peer = new WirePeer(request(address, options));
    await peer.packet();
    peer.ws.send(settype());
    await peer.packet();
    peer.ws.send(accept());
    return peer;
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.#isClosed) throw new Error("the WebSocket was closed before");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next packet of the server. */
  async packet(): Promise<WirePacket> {
    await this.until(() => this.#received.length >= 4);
    const length = 4 + this.#received.readUInt32BE(0);
    await this.until(() => this.#received.length >= length);
    const bytes = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return { id: bytes.readUInt32BE(4), flags: bytes.readUInt16BE(8), body: bytes.subarray(10), bytes };
  }
}
