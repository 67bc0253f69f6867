import {
  type Address,
  type Clock,
  WEBSOCKET_CLOSE_CODES as CODES,
  ConnectionLostError,
  NotPeng3dnetError,
  SSLSEC_ENCRYPTED,
  SSLSEC_NONE,
  SSLSEC_SERVERAUTH,
  type SslSecLevel,
  standardPlatform,
  type Transport,
  type TransportHandler,
} from "@peng3dnet/peer";
import { joinPieces } from "@peng3dnet/peer/transport";
import { InputOverflowError, WebSocketConnectError } from "../errors.js";
import { closeText, describeClose, isOrderly } from "./close-text.js";
import { DrainWatch } from "./drain-watch.js";
import { checkMaxHeld, HeldInput } from "./held-input.js";
import { targetOf } from "./target.js";
import {
  CONNECTING,
  isOwn,
  type WebSocketClose,
  type WebSocketLike,
  type WebSocketMessage,
} from "./web-socket.js";

/** Bytes that may wait in the WebSocket before it counts as busy. */
const WINDOW = 256 * 1024;
/** It is busy until no more than so many wait. */
const ROOMY = WINDOW / 2;
/** Longest message: a receiver that puts messages together hears nothing of one until all of it is there. */
const LONGEST_MESSAGE = 16 * 1024;
/** Longest output that is copied to a buffer that is there already. */
const SCRATCH = 16 * 1024;
/** A message that is longer is told by itself: to copy it takes longer than what is saved. */
const JOINED = 16 * 1024;
/** Default of `maxHeld`, in bytes. */
export const DEFAULT_MAX_HELD = 16 * 1024 * 1024;

const END = new ArrayBuffer(0);
/** Calls something behind the messages that come now. Node's `queueMicrotask` does more for each call than that takes. */
const RESOLVED = Promise.resolve();

/** Options of a {@link WebSocketTransport}. */
export interface WebSocketTransportOptions {
  /**
   * Whether a bridge from WebSocket to TCP is at the other end, such as websockify: it knows no subprotocol, and to close is the
   * only end of a stream that it has. Default: false.
   */
  readonly bridge?: boolean | undefined;
  /**
   * Most bytes that are held back while packets wait to be processed, 128 for each message included. Beyond that, the
   * connection is closed with an {@link InputOverflowError}. Default: 16 MiB.
   */
  readonly maxHeld?: number | undefined;
  /** By what timers it is looked whether there is room to write. Default: those of the runtime. */
  readonly clock?: Clock | undefined;
  /**
   * Whether the server's certificate was verified, where the URL begins with `wss:`. Default: true for a WebSocket of the
   * runtime's own class; any other may have been told not to.
   */
  readonly verified?: boolean | undefined;
}

/**
 * A WebSocket as a {@link Transport}: a stream in binary messages, whose ends are empty messages (clause 7 of the protocol).
 * What comes before `start` is held back.
 */
export class WebSocketTransport implements Transport {
  readonly remoteAddress: Address;
  /** None: its type is that of all sockets of a program, and would have to be told apart from those of Node. */
  readonly socket = undefined;
  readonly reusesChunks = false;
  readonly inMessages = true;
  readonly sslSeclevel: SslSecLevel;
  /** The WebSocket itself. */
  readonly webSocket: WebSocketLike;
  readonly #bridge: boolean;
  readonly #maxHeld: number;
  readonly #drains: DrainWatch;
  /** Whether `send` takes what it is given at once. That of `ws` may need it for longer, e.g. to compress it. */
  readonly #copies: boolean;
  /** A message that just came. What comes right behind it is told with it: many would be as many batches, each with an answer. */
  #fresh: Uint8Array | undefined = undefined;
  /** All of these messages, where there are several. Of a broadcast, most clients get one, and a list would be made for each. */
  #several: Uint8Array[] | undefined = undefined;
  readonly #held = new HeldInput();
  #handler: TransportHandler | undefined = undefined;
  #ready = false;
  #paused = false;
  #busy = false;
  #written = 0;
  /** Where short messages are copied to, for a WebSocket that does not copy them itself. */
  #scratch: Uint8Array | undefined = undefined;
  #backlog = 0;
  /** The reason of the session, once it closes. */
  #reason: string | null = null;
  #ended = false;
  #peerEnded = false;
  #peerEndTold = false;
  /** After `destroyAfterWrite`. */
  #leaving = false;
  #destroyed = false;
  /** Whether the WebSocket is closed. */
  #gone = false;
  /** Whether something was written that cannot arrive, as the other end had closed. */
  #wroteInVain = false;
  /** What is to be told with `closed`. */
  #failure: Error | undefined = undefined;
  #failed = false;
  #told = false;

  /**
   * @param socket - one that connects or is open.
   * @throws {@link ConfigError} for `maxHeld`.
   */
  constructor(socket: WebSocketLike, options: WebSocketTransportOptions = {}) {
    const { bridge = false, maxHeld = DEFAULT_MAX_HELD, clock = standardPlatform.clock } = options;
    checkMaxHeld(maxHeld);
    this.webSocket = socket;
    this.#bridge = bridge;
    this.#maxHeld = maxHeld;
    this.#drains = new DrainWatch(clock, () => this.#look());
    this.#copies = isOwn(socket);
    const { address, secure } = targetOf(socket);
    this.remoteAddress = address;
    const verified = options.verified ?? this.#copies;
    this.sslSeclevel = secure ? (verified ? SSLSEC_SERVERAUTH : SSLSEC_ENCRYPTED) : SSLSEC_NONE;
    // `ws` has a type of its own by default, and takes longer to make buffers of another one.
    if (socket.binaryType !== "nodebuffer") socket.binaryType = "arraybuffer";
    socket.addEventListener("message", (message) => this.#received(message));
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("close", (close) => this.#closed(close));
    // `close` follows, and that of `ws` would throw what nobody listens to.
    socket.addEventListener("error", () => {});
  }

  get busy(): boolean {
    return this.#busy;
  }

  get backlog(): number {
    if (this.#busy) this.#backlog = Math.min(this.#backlog, this.webSocket.bufferedAmount);
    return this.#busy ? this.#backlog : 0;
  }

  /** What waits in the WebSocket: as much as can be known of what the other end has taken. */
  unacknowledged(): Promise<number> {
    return Promise.resolve(this.webSocket.bufferedAmount);
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    if (this.#destroyed || this.#failed) queueMicrotask(() => this.#tellClosed());
    else if (this.webSocket.readyState !== CONNECTING) this.#opened();
  }

  write(bytes: Uint8Array): boolean {
    // An empty message would be the end.
    if (this.#over() || this.#ended || bytes.length === 0) return true;
    if (this.#gone) {
      this.#wroteInVain = true;
      this.#settle();
      return true;
    }
    this.#written += bytes.length;
    const message = this.#copies ? bytes : this.#copied(bytes);
    for (let at = 0; at < message.length; at += LONGEST_MESSAGE)
      this.#send(message.subarray(at, at + LONGEST_MESSAGE));
    const waiting = this.webSocket.bufferedAmount;
    if (waiting > WINDOW) {
      this.#busy = true;
      this.#backlog = Math.min(waiting, this.#written);
      this.#drains.start(waiting);
    }
    // What waits may be in it.
    if (waiting > 0) this.#scratch = undefined;
    return true;
  }

  /** A copy, which is valid until the next one, or for good once {@link #scratch} is no more. */
  #copied(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > SCRATCH) return bytes.slice();
    this.#scratch ??= new Uint8Array(SCRATCH);
    this.#scratch.set(bytes);
    return this.#scratch.subarray(0, length);
  }

  end(): void {
    if (this.#over() || this.#ended) return;
    this.#ended = true;
    if (!this.#gone) this.#sendEnd();
    if (this.#bridge) this.#close(CODES.closed);
    this.#settle();
  }

  destroyAfterWrite(): void {
    if (this.#over()) return;
    if (!this.#gone && !this.#ended) this.#sendEnd();
    this.#ended = true;
    this.#leaving = true;
    this.#held.clear();
    if (this.#gone) this.#fail(undefined);
    else {
      this.#readOn();
      this.#close(CODES.closed);
    }
  }

  destroy(): void {
    if (this.#destroyed || this.#told) return;
    this.#destroyed = true;
    this.#drains.stop();
    this.#held.clear();
    this.#readOn();
    if (!this.#gone) this.#close(CODES.brokenOff);
    queueMicrotask(() => this.#tellClosed());
  }

  pause(): void {
    if (!this.#paused && this.#ready && !this.#gone) this.webSocket.pause?.();
    this.#paused = true;
  }

  resume(): void {
    this.#readOn();
    if (this.#over()) return;
    if (!this.#held.empty || this.#peerEnded) queueMicrotask(() => this.#pump());
  }

  /** One that is paused learns that the other end is gone when it writes. Others read on. */
  probe(): void {
    if (this.#paused && !this.#over() && this.webSocket.bufferedAmount === 0) this.webSocket.ping?.();
  }

  /** The session closes with a reason, which the WebSocket's close frame repeats. */
  closing(reason: string | null): void {
    this.#reason = reason;
  }

  /** Whether nothing but `closed` may be told. */
  #over(): boolean {
    return this.#destroyed || this.#leaving || this.#failed || this.#told;
  }

  // ---- from the WebSocket -----------------------------------------------------------------------

  #opened(): void {
    const handler = this.#handler;
    if (handler === undefined || this.#ready || this.#over()) return;
    this.#ready = true;
    if (!this.#held.empty || this.#peerEnded) queueMicrotask(() => this.#pump());
    try {
      handler.ready();
    } catch (error) {
      handler.crashed(error);
    }
  }

  #received({ data }: WebSocketMessage): void {
    if (this.#over()) return;
    const { byteLength } = data as { readonly byteLength?: unknown };
    if (typeof data === "string" || typeof byteLength !== "number") {
      this.#refuse(CODES.text, "the server sent a text message, so that it is no peng3dnet server");
    } else if (this.#peerEnded) {
      this.#refuse(CODES.violation, "the server sent a message after the end of its stream");
    } else if (byteLength > 0) {
      this.#gather(data instanceof Uint8Array ? data : new Uint8Array(data as ArrayBuffer));
    } else {
      // No bridge sends an empty message; a peng3dnet server may be there all the same.
      this.#tellFresh();
      this.#peerEnded = true;
      this.#pump();
    }
    if (this.#busy) this.#look();
  }

  #closed(close: WebSocketClose): void {
    this.#tellFresh();
    this.#gone = true;
    this.#drains.stop();
    if (this.#destroyed || this.#told) return;
    if (this.#leaving) this.#fail(undefined);
    else if (isOrderly(close)) {
      this.#peerEnded = true;
      this.#pump();
      this.#settle();
    } else {
      const text = describeClose(close);
      this.#fail(this.#ready ? new ConnectionLostError(text) : new WebSocketConnectError(text));
    }
  }

  // ---- input ------------------------------------------------------------------------------------

  #gather(chunk: Uint8Array): void {
    if (chunk.length > JOINED || (this.#fresh === undefined && !this.#heard())) {
      this.#tellFresh();
      this.#take(chunk);
    } else if (this.#fresh === undefined) {
      this.#fresh = chunk;
      void RESOLVED.then(this.#tellFresh);
    } else {
      this.#several ??= [this.#fresh];
      this.#several.push(chunk);
    }
  }

  /** Tells what was gathered. */
  readonly #tellFresh = (): void => {
    const fresh = this.#fresh;
    const several = this.#several;
    if (fresh === undefined) return;
    this.#fresh = undefined;
    this.#several = undefined;
    if (!this.#over()) this.#take(several === undefined ? fresh : joinPieces(several));
  };

  /** Tells a piece of the stream, or holds it back. */
  #take(chunk: Uint8Array): void {
    if (this.#heard()) this.#tellData(chunk);
    else this.#hold(chunk);
  }

  /** Whether what comes is told, and not held back. */
  #heard(): boolean {
    return this.#ready && !this.#paused && this.#held.empty;
  }

  #hold(chunk: Uint8Array): void {
    this.#held.add(chunk);
    if (this.#held.size <= this.#maxHeld) return;
    this.#close(CODES.overflow, "inputoverflow: more came than maxHeld allows");
    this.#fail(
      new InputOverflowError(
        `more than ${this.#maxHeld} bytes came while packets waited to be processed, and a WebSocket cannot pause its input; process packets sooner, have the server send less, or raise maxHeld`,
      ),
    );
  }

  /** Tells what was held back, as far as it may be told. */
  #pump(): void {
    while (this.#ready && !this.#paused && !this.#over()) {
      const chunk = this.#held.take();
      if (chunk === undefined) {
        this.#tellEnd();
        return;
      }
      this.#tellData(chunk);
    }
  }

  #tellData(chunk: Uint8Array): void {
    try {
      this.#handler?.data(chunk);
    } catch (error) {
      this.#handler?.crashed(error);
    }
  }

  #tellEnd(): void {
    if (!this.#peerEnded || this.#peerEndTold) return;
    this.#peerEndTold = true;
    try {
      this.#handler?.ended();
    } catch (error) {
      this.#handler?.crashed(error);
    }
    this.#settle();
  }

  /** The server did what the protocol does not allow. */
  #refuse(code: number, what: string): void {
    this.#tellFresh();
    const error = new NotPeng3dnetError(what);
    this.#close(code, error.closeReason);
    this.#fail(error);
  }

  /** Reads the WebSocket on, if it was paused: what is not read hides the answer to a close. */
  #readOn(): void {
    if (this.#paused && this.#ready && !this.#gone) this.webSocket.resume?.();
    this.#paused = false;
  }

  // ---- output -----------------------------------------------------------------------------------

  #send(bytes: Uint8Array | ArrayBuffer): void {
    try {
      // Typed arrays have a type of their own for each version of the compiler; all WebSockets take them.
      this.webSocket.send(bytes as ArrayBuffer);
    } catch (error) {
      this.#fail(new ConnectionLostError("the WebSocket does not take anything", { cause: error }));
    }
  }

  #sendEnd(): void {
    if (!this.#bridge) this.#send(END);
  }

  /** Looks whether there is room to write again. @returns what waits. */
  #look(): number {
    const waiting = this.webSocket.bufferedAmount;
    if (waiting > ROOMY && !this.#over()) return waiting;
    this.#drains.stop();
    if (!this.#busy || this.#over()) return waiting;
    this.#busy = false;
    const handler = this.#handler;
    try {
      handler?.drained();
    } catch (error) {
      handler?.crashed(error);
    }
    return waiting;
  }

  // ---- the end ----------------------------------------------------------------------------------

  /** Closes the WebSocket. A reason of the session goes before the code that it has by itself. */
  #close(code: number, text = ""): void {
    const reason = this.#reason;
    try {
      if (reason !== null && text === "") this.webSocket.close(CODES.reason, closeText(reason));
      else this.webSocket.close(code, text);
    } catch {
      // A browser lets a page have no code below 3000 but 1000.
      this.webSocket.close(CODES.reason, text);
    }
  }

  /** Once both streams have ended: closes, and tells it when that is done. */
  #settle(): void {
    if (!this.#peerEndTold || this.#over()) return;
    const inVain = this.#gone && (this.#busy || this.#wroteInVain);
    if (inVain) this.#fail(new ConnectionLostError("the other end closed the WebSocket before all was sent"));
    else if (!this.#ended) return;
    else if (this.#gone) this.#fail(undefined);
    else this.#close(CODES.closed);
  }

  /** It is over: `closed` follows, within no call. */
  #fail(error: Error | undefined): void {
    if (this.#failed || this.#destroyed) return;
    this.#failed = true;
    this.#failure = error;
    this.#drains.stop();
    this.#held.clear();
    queueMicrotask(() => this.#tellClosed());
  }

  #tellClosed(): void {
    const handler = this.#handler;
    if (this.#told || handler === undefined) return;
    this.#told = true;
    this.#busy = false;
    this.#drains.stop();
    try {
      handler.closed(this.#destroyed ? undefined : this.#failure);
    } catch (error) {
      handler.crashed(error);
    }
  }
}
