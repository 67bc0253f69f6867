// An end over the WebSocket of `ws`, which masks what it sends as a client: what a browser's end is on Node.

import {
  type Address,
  SSLSEC_NONE,
  type Transport,
  type TransportHandler,
  WEBSOCKET_CLOSE_CODES,
} from "@peng3dnet/core";
import type { WebSocket } from "ws";

const IN_ORDER: readonly number[] = [1000, 1001, 1005, 4000];

export class ClientTransport implements Transport {
  readonly remoteAddress: Address = ["websocket", 0];
  readonly socket = undefined;
  readonly reusesChunks = false;
  readonly sslSeclevel = SSLSEC_NONE;
  busy = false;
  readonly #ws: WebSocket;
  #handler: TransportHandler | undefined;
  #held: Buffer[] = [];
  #paused = false;
  #unsent = 0;
  #ended = false;
  #peerEnded = false;
  #peerEndTold = false;
  #leaving = false;
  #destroyed = false;
  #code: number | undefined;
  #closedTold = false;

  constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.on("message", (data) => this.#received(data as Buffer));
    ws.on("error", () => {});
    ws.on("close", (code) => {
      this.#code = code;
      setImmediate(() => this.#pump());
    });
  }

  get backlog(): number {
    return this.#unsent;
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    if (this.#code === undefined && !this.#destroyed) this.#tell(() => handler.ready());
    else setImmediate(() => this.#pump());
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ended || this.#ws.readyState !== this.#ws.OPEN) return true;
    this.busy = true;
    this.#unsent = bytes.length;
    this.#ws.send(Buffer.from(bytes), (error) => {
      this.busy = false;
      this.#unsent = 0;
      if ((error === undefined || error === null) && !this.#destroyed) {
        this.#tell((handler) => handler.drained());
      }
    });
    return true;
  }

  end(): void {
    if (!this.#ended && this.#ws.readyState === this.#ws.OPEN) {
      // A bridge passes on what is in a message; closing is the only end there is (clause 7.3).
      if (this.#ws.protocol === "") this.#ws.close(WEBSOCKET_CLOSE_CODES.closed);
      else this.#ws.send(Buffer.alloc(0));
    }
    this.#ended = true;
    this.#closeIfEnded();
  }

  destroyAfterWrite(): void {
    if (this.#destroyed || this.#code !== undefined) return;
    this.#leaving = true;
    this.end();
    this.#ws.close(WEBSOCKET_CLOSE_CODES.closed);
    this.#ws.resume();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#ws.close(WEBSOCKET_CLOSE_CODES.brokenOff);
    this.#ws.terminate();
    setImmediate(() => this.#pump());
  }

  pause(): void {
    this.#paused = true;
    this.#ws.pause();
  }

  resume(): void {
    this.#paused = false;
    setImmediate(() => this.#pump());
  }

  probe(): void {
    this.#ws.pong();
  }

  #received(data: Buffer): void {
    if (data.length === 0) this.#peerEnded = true;
    else this.#held.push(data);
    this.#pump();
  }

  #pump(): void {
    while (!this.#paused && !this.#destroyed && !this.#leaving) {
      const data = this.#held.shift();
      if (data === undefined) break;
      this.#tell((handler) => handler.data(data));
    }
    const inOrder = IN_ORDER.includes(this.#code ?? 0);
    if (this.#held.length === 0 && (this.#peerEnded || inOrder) && !this.#peerEndTold && !this.#destroyed) {
      this.#peerEnded = true;
      this.#peerEndTold = true;
      this.#tell((handler) => handler.ended());
      this.#closeIfEnded();
    }
    if (!this.#paused && this.#code === undefined) this.#ws.resume();
    if (this.#code === undefined || this.#handler === undefined || this.#closedTold) return;
    if (this.#held.length > 0 && inOrder && !this.#destroyed && !this.#leaving) return;
    const both = (this.#ended && this.#peerEnded) || this.#destroyed || this.#leaving;
    const error = both ? undefined : new Error(`closed with ${this.#code}`);
    this.busy = false;
    this.#unsent = 0;
    this.#tell((handler) => handler.closed(error));
    this.#closedTold = true;
  }

  #closeIfEnded(): void {
    if (this.#ended && this.#peerEnded) this.#ws.close(WEBSOCKET_CLOSE_CODES.closed);
  }

  #tell(call: (handler: TransportHandler) => void): void {
    const handler = this.#handler;
    if (handler === undefined || this.#closedTold) return;
    try {
      call(handler);
    } catch (error) {
      handler.crashed(error);
    }
  }
}
