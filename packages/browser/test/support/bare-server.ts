// A WebSocket server without the library: what is on the wire is seen and said message by message.

import type { WebSocket } from "ws";
import { type Listening, listenForTest } from "./listening.js";

/** How a WebSocket was closed. */
interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** What came from the client, in order. */
export type Heard = Buffer | string | Closed;

export class BareEnd {
  readonly socket: WebSocket;
  readonly heard: Heard[] = [];
  #changed: () => void = () => {};

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data, binary) => this.#note(binary ? (data as Buffer) : String(data)));
    socket.on("close", (code, reason) => this.#note({ code, reason: String(reason) }));
  }

  #note(what: Heard): void {
    this.heard.push(what);
    this.#changed();
  }

  /** Resolves with the first of what came that `fits`. */
  async heardOf<T extends Heard>(fits: (what: Heard) => what is T): Promise<T> {
    for (;;) {
      const found = this.heard.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** How the WebSocket was closed. */
  closed(): Promise<Closed> {
    return this.heardOf((what): what is Closed => typeof what === "object" && !Buffer.isBuffer(what));
  }

  /** Resolves once the client has ended its stream. */
  ended(): Promise<Buffer> {
    return this.heardOf((what): what is Buffer => Buffer.isBuffer(what) && what.length === 0);
  }
}

/** Listens; `connected` resolves with the first WebSocket. */
export async function listenBare(
  subprotocol = true,
): Promise<Listening & { readonly connected: Promise<BareEnd> }> {
  let connect: (end: BareEnd) => void = () => {};
  const connected = new Promise<BareEnd>((resolve) => {
    connect = resolve;
  });
  const options = subprotocol ? {} : { handleProtocols: () => false as const };
  const listening = await listenForTest((socket) => connect(new BareEnd(socket)), options);
  return { ...listening, connected };
}
