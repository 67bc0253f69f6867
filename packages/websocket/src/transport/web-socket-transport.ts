import type { Socket } from "node:net";
import {
  type Address,
  NotPeng3dnetError,
  type PeerCertificate,
  type ShownCertificate,
  type SslSecLevel,
  type Transport,
  type TransportHandler,
  tellFailure,
  unacknowledged,
  WEBSOCKET_CLOSE_CODES,
} from "@peng3dnet/core";
import { joinPieces, type RunQueue } from "@peng3dnet/peer/transport";
import type { WebSocket } from "ws";
import { closeText } from "./close-text.js";
import type { Framing } from "./framing.js";
import { HeldInput } from "./held-input.js";
import { PongResponder } from "./pong.js";
import { type Feed, type InputOwner, SocketInput } from "./socket-input.js";
import { type OutputOwner, SocketOutput } from "./socket-output.js";

/** A message that is longer is told by itself: to copy it takes longer than what is saved. */
const JOINED = 16 * 1024;

/** Codes that a peer closes with in order: its stream has ended then. 1005 stands for none. */
const IN_ORDER: readonly number[] = [WEBSOCKET_CLOSE_CODES.closed, 1001, 1005, WEBSOCKET_CLOSE_CODES.reason];
/** The code of a WebSocket that was not closed, but broke. */
const BROKEN = 1006;

/** Where a WebSocket has its transport, for events. Listeners made for each would take an idle one more room. */
const TRANSPORT = Symbol("transport");

interface HandledWebSocket extends WebSocket {
  [TRANSPORT]?: WebSocketTransport;
}

function onError(this: HandledWebSocket, error: Error): void {
  this[TRANSPORT]?.failed(error);
}

function onClose(this: HandledWebSocket, code: number, reason: Buffer): void {
  this[TRANSPORT]?.gone(code, reason);
}

/** Reads a socket. */
export interface Reader {
  /** From now on, that one has what is read. */
  handTo(input: SocketInput): void;
}

/** What a {@link WebSocketTransport} is told about its connection. */
export interface ConnectionFacts {
  readonly remoteAddress: Address;
  readonly sslSeclevel: SslSecLevel;
  /** Whether the socket is one of TLS. */
  readonly tls: boolean;
  /** What the other end showed; `undefined` without TLS. */
  readonly certificate: ShownCertificate | undefined;
  /** Longest message that is taken, in bytes. */
  readonly longestMessage: number;
  /** Shares the time for reading among all WebSockets of a server, or of a client. */
  readonly turns: RunQueue;
  /** How this end has its frames: as a server's, or as a client's. */
  readonly framing: Framing;
  /** On a client: what the server's first packet proves in addition. */
  readonly sslSeclevelOnHello?: SslSecLevel | undefined;
  /** On a client: at the other end is a bridge to TCP, to which closing is the only end there is (clause 7.3). */
  readonly bridge?: boolean | undefined;
  /** What reads the socket, into memory that is used again. Default: its `data` events, with memory of their own. */
  readonly reader?: Reader | undefined;
}

/**
 * An end of a WebSocket as a {@link Transport} (clause 7 of the protocol): the one place that listens to a WebSocket's
 * events.
 */
export class WebSocketTransport implements Transport, InputOwner, OutputOwner {
  readonly remoteAddress: Address;
  readonly sslSeclevel: SslSecLevel;
  readonly sslSeclevelOnHello: SslSecLevel | undefined;
  readonly reusesChunks = true;
  readonly inMessages = true;
  /** The socket of TCP or TLS beneath, as on all connections of Node. */
  readonly socket: Socket;
  readonly #ws: HandledWebSocket;
  readonly #input: SocketInput;
  readonly #output: SocketOutput;
  readonly #certificate: ShownCertificate | undefined;
  readonly #bridge: boolean;
  #handler: TransportHandler | undefined = undefined;
  #pong: PongResponder | undefined = undefined;

  #paused = false;
  /** Messages of what was read last, which are told as one: many messages would be as many batches, each with an answer. */
  #fresh: Uint8Array[] | undefined = undefined;
  /** What came after a pause. */
  #held: HeldInput | undefined = undefined;
  #resuming = false;
  /** The other end has ended its stream. */
  #peerEnded = false;
  #peerEndTold = false;

  /** Whether something was written that cannot arrive, as the other end had closed. */
  #wroteInVain = false;
  #leaving = false;
  #destroyed = false;
  /** What is wrong with what the peer sent. */
  #violation: Error | undefined = undefined;
  #reason: string | null = null;
  #gone: { readonly code: number; readonly text: string } | undefined = undefined;
  #closedTold = false;

  /**
   * @param ws - a WebSocket that was just opened.
   * @param stream - the socket that it is over.
   * @param feed - the listener by which it reads from the socket.
   */
  constructor(ws: WebSocket, stream: Socket, feed: Feed, facts: ConnectionFacts) {
    const { remoteAddress, sslSeclevel, tls, certificate, turns, longestMessage, framing } = facts;
    this.#ws = ws;
    this.socket = stream;
    this.#certificate = certificate;
    this.remoteAddress = remoteAddress;
    this.sslSeclevel = sslSeclevel;
    this.sslSeclevelOnHello = facts.sslSeclevelOnHello;
    this.#bridge = facts.bridge === true;
    this.#input = new SocketInput(ws, stream, feed, this, turns, longestMessage, !framing.masks);
    facts.reader?.handTo(this.#input);
    this.#output = new SocketOutput(ws, stream, tls, framing, this);
    this.#ws[TRANSPORT] = this;
    ws.on("error", onError);
    ws.on("close", onClose);
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#certificate?.described;
  }

  get busy(): boolean {
    return this.#output.busy;
  }

  get backlog(): number {
    return this.#output.backlog;
  }

  unacknowledged(): Promise<number | undefined> {
    return unacknowledged(this.socket);
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    this.#finishSoon();
    if (this.#destroyed || this.#gone !== undefined) return;
    this.#shield(handler, () => handler.ready());
  }

  // ---- output -----------------------------------------------------------------------------------

  write(bytes: Uint8Array): boolean {
    // No bytes would be the end of the stream.
    if (bytes.length === 0) return true;
    if (this.#output.open) return this.#output.write(bytes);
    this.#wroteInVain ||= !this.#output.ended;
    this.#finishSoon();
    return true;
  }

  writtenOut(): void {
    const handler = this.#handler;
    if (handler !== undefined && !this.#destroyed && !this.#closedTold)
      this.#shield(handler, () => handler.drained());
  }

  closing(reason: string | null): void {
    this.#reason = reason;
  }

  end(): void {
    this.#output.end(!this.#bridge);
    if (this.#bridge) this.#sayClose(WEBSOCKET_CLOSE_CODES.closed);
    else this.#closeIfEnded();
    this.#finishSoon();
  }

  destroyAfterWrite(): void {
    if (this.#leaving || this.#destroyed || this.#closedTold) return;
    this.#leaving = true;
    if (this.#gone !== undefined) {
      this.#finishSoon();
      return;
    }
    if (tellFailure(this.socket)) return;
    this.#output.end(!this.#bridge);
    this.#sayClose(WEBSOCKET_CLOSE_CODES.closed);
    this.socket.destroySoon();
  }

  destroy(): void {
    if (this.#destroyed || this.#closedTold) return;
    this.#destroyed = true;
    this.#held?.clear();
    this.#input.stop();
    if (this.#gone !== undefined) {
      this.#finishSoon();
      return;
    }
    // Behind what waits, it would not arrive anyway.
    if (this.socket.writableLength === 0) this.#sayClose(WEBSOCKET_CLOSE_CODES.brokenOff);
    this.#ws.terminate();
  }

  #closeIfEnded(): void {
    if (this.#output.ended && this.#peerEnded) this.#sayClose(WEBSOCKET_CLOSE_CODES.closed);
  }

  /** Sends the close frame. @param code - where there is no reason to tell. */
  #sayClose(code: number): void {
    if (this.#reason === null) this.#ws.close(code);
    else this.#ws.close(WEBSOCKET_CLOSE_CODES.reason, closeText(this.#reason));
  }

  // ---- input ------------------------------------------------------------------------------------

  pause(): void {
    this.#paused = true;
    this.#ws.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#held === undefined) this.#readOn();
    else if (!this.#resuming) {
      this.#resuming = true;
      setImmediate(this.#pump);
    }
  }

  get holdsBack(): boolean {
    return this.#paused || this.#held !== undefined;
  }

  #readOn(): void {
    if (!this.#input.waits) this.#ws.resume();
  }

  probe(): void {
    this.#output.probe();
  }

  piece(bytes: Uint8Array): void {
    if (this.#destroyed) return;
    if (this.#peerEnded) this.#violatedByMore();
    else if (bytes.length <= JOINED) this.#gather(bytes);
    else {
      this.#tellFresh();
      this.#take(bytes);
    }
  }

  #gather(data: Uint8Array): void {
    if (this.#fresh === undefined) this.#fresh = [data];
    else this.#fresh.push(data);
  }

  readOut(): void {
    this.#tellFresh();
  }

  /** Tells what was gathered. */
  #tellFresh(): void {
    const fresh = this.#fresh;
    if (fresh === undefined) return;
    this.#fresh = undefined;
    if (!this.#destroyed) this.#take(joinPieces(fresh));
  }

  /** Tells a piece of the stream, or holds it back. */
  #take(data: Uint8Array): void {
    if (this.holdsBack || this.#handler === undefined) {
      this.#held ??= new HeldInput();
      this.#held.push(data.slice());
      this.waitingChanged();
    } else {
      this.#tellData(this.#handler, data);
    }
  }

  waitingChanged(): void {
    const handler = this.#handler;
    if (handler === undefined || this.#destroyed || this.#closedTold) return;
    this.#shield(handler, () => handler.holds?.(this.#input.held + (this.#held?.bytes ?? 0)));
  }

  empty(): void {
    if (this.#destroyed) return;
    this.#tellFresh();
    if (this.#peerEnded) this.#violatedByMore();
    else {
      this.#peerEnded = true;
      this.#tellEnd();
    }
  }

  closeFrame(payload: Uint8Array): void {
    this.#tellFresh();
    this.#input.passOn(payload);
  }

  #tellData(handler: TransportHandler, data: Uint8Array): void {
    try {
      handler.data(data);
    } catch (error) {
      handler.crashed(error);
    }
  }

  /** Tells what was held back, unless it is paused again. */
  readonly #pump = (): void => {
    this.#resuming = false;
    const [held, handler] = [this.#held, this.#handler];
    if (held === undefined || handler === undefined || this.#destroyed) return;
    while (!this.#paused) {
      const piece = held.shift();
      if (piece === undefined) {
        this.#held = undefined;
        this.#readOn();
        break;
      }
      this.#tellData(handler, piece);
      if (this.#destroyed) return;
    }
    this.waitingChanged();
    this.#tellEnd();
    if (this.#gone !== undefined) this.#finish();
  };

  /** Tells that the other end has ended, once all that came before is told. */
  #tellEnd(): void {
    const handler = this.#handler;
    if (!this.#peerEnded || this.#peerEndTold || this.#destroyed || handler === undefined) return;
    if (this.#held !== undefined) return;
    this.#peerEndTold = true;
    this.#shield(handler, () => handler.ended());
    this.#closeIfEnded();
  }

  pinged(data: Uint8Array): void {
    if (this.#destroyed) return;
    this.#pong ??= new PongResponder(this.#ws);
    this.#pong.pinged(data);
  }

  /** How often the other end's WebSocket has answered, which a browser does also while it has frozen the page. */
  signsOfLife = 0;

  ponged(): void {
    this.signsOfLife++;
  }

  ping(): void {
    this.#output.ping();
  }

  // ---- the end ----------------------------------------------------------------------------------

  violated(code: number, text: string): void {
    if (this.#destroyed || this.#violation !== undefined) return;
    this.#tellFresh();
    this.#violation = new NotPeng3dnetError(`the WebSocket was closed with ${code}: ${text}`);
    this.#input.stop();
    // After a close frame, there is nothing left to say.
    if (this.#ws.readyState !== this.#ws.OPEN) {
      this.#ws.terminate();
      return;
    }
    this.#ws.close(code, text);
    this.socket.end();
    this.#ws.resume();
  }

  #violatedByMore(): void {
    this.violated(WEBSOCKET_CLOSE_CODES.violation, "a message came after the end of the stream");
  }

  /** A close frame is not as it should be; `ws` closes the WebSocket with a code that says so. */
  failed(error: Error): void {
    this.#tellFresh();
    this.#violation ??= new NotPeng3dnetError(`what came is no WebSocket as it should be: ${error.message}`, {
      cause: error,
    });
  }

  /** The WebSocket is closed. */
  gone(code: number, reason: Buffer): void {
    this.#tellFresh();
    this.#gone = { code, text: closeText(reason.toString("utf8")) };
    if (this.#handler !== undefined) this.#finish();
  }

  /** Once the WebSocket is closed: goes on towards `closed`, within no call. */
  #finishSoon(): void {
    if (this.#gone !== undefined) setImmediate(() => this.#finish());
  }

  /** Tells `closed`, once all is told that came before in order, and this end has ended, too. */
  #finish(): void {
    const [gone, handler] = [this.#gone, this.#handler];
    if (gone === undefined || handler === undefined || this.#closedTold) return;
    const own = this.#destroyed || this.#leaving;
    if (!own && this.#violation === undefined && IN_ORDER.includes(gone.code)) {
      this.#peerEnded = true;
      // It goes on when it is resumed.
      if (this.#held !== undefined) return;
      this.#tellEnd();
      // As over TCP, this end has what came to work off, and then ends.
      if (!this.#output.ended && !this.#wroteInVain && !this.#output.busy) return;
    }
    if (this.#closedTold) return;
    this.#closedTold = true;
    this.#output.busy = false;
    this.#held = undefined;
    this.#shield(handler, () => handler.closed(own || this.#destroyed ? undefined : this.#error(gone)));
  }

  #error({ code, text }: { readonly code: number; readonly text: string }): Error | undefined {
    if (this.#violation !== undefined) return this.#violation;
    if (this.#output.ended && this.#peerEnded && code !== BROKEN) return undefined;
    const { errored } = this.socket;
    if (errored !== null) return errored;
    if (this.#output.ended && this.#peerEnded) return undefined;
    if (code === BROKEN) return new Error("the other end broke the WebSocket off");
    return new Error(`the other end closed the WebSocket with ${code}${text === "" ? "" : ` (${text})`}`);
  }

  /** Calls a handler within an event, which nothing may escape from. */
  #shield(handler: TransportHandler, call: () => void): void {
    try {
      call();
    } catch (error) {
      handler.crashed(error);
    }
  }
}
