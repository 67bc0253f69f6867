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
  WebSocketConnectError,
} from "@peng3dnet/peer";
import { joinPieces } from "@peng3dnet/peer/transport";
import { InputOverflowError } from "../errors.js";
import { closeText, describeClose, isOrderly } from "./close-text.js";
import { checkMaxHeld, HeldInput } from "./held-input.js";
import { targetOf } from "./target.js";
import {
  CONNECTING,
  isOwn,
  type WebSocketClose,
  type WebSocketLike,
  type WebSocketMessage,
} from "./web-socket.js";
import { WebSocketOutput } from "./web-socket-output.js";

/** A message that is longer is told by itself: to copy it takes longer than what is saved. */
const JOINED = 16 * 1024;
/** Default of `maxHeld`, in bytes. */
export const DEFAULT_MAX_HELD = 16 * 1024 * 1024;

/** What is chained to it is called behind the messages that come now. Node's `queueMicrotask` takes longer for each call. */
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
  readonly #output: WebSocketOutput;
  /** A message that just came. What follows it at once is told with it: each alone would be a batch, with an answer of its own. */
  #fresh: Uint8Array | undefined = undefined;
  /** All of these messages, where there are several. Of a broadcast, most clients get one, and a list would be made for each. */
  #several: Uint8Array[] | undefined = undefined;
  readonly #held = new HeldInput();
  #handler: TransportHandler | undefined = undefined;
  #ready = false;
  #paused = false;
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
    this.#output = new WebSocketOutput(socket, clock, {
      over: () => this.#over(),
      drained: () => this.#tell((handler) => handler.drained()),
      failed: (error) => this.#fail(error),
    });
    const { address, secure } = targetOf(socket);
    this.remoteAddress = address;
    const verified = options.verified ?? isOwn(socket);
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
    return this.#output.busy;
  }

  get backlog(): number {
    return this.#output.backlog;
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
    this.#output.write(bytes);
    return true;
  }

  end(): void {
    if (this.#over() || this.#ended) return;
    this.#ended = true;
    if (!(this.#gone || this.#bridge)) this.#output.end();
    if (this.#bridge) this.#close(CODES.closed);
    this.#settle();
  }

  destroyAfterWrite(): void {
    if (this.#over()) return;
    if (!(this.#gone || this.#ended || this.#bridge)) this.#output.end();
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
    this.#output.stop();
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
    if (this.#handler === undefined || this.#ready || this.#over()) return;
    this.#ready = true;
    if (!this.#held.empty || this.#peerEnded) queueMicrotask(() => this.#pump());
    this.#tell((handler) => handler.ready());
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
    if (this.#output.busy) this.#output.look();
  }

  #closed(close: WebSocketClose): void {
    this.#tellFresh();
    this.#gone = true;
    this.#output.stop();
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

  /** As {@link WebSocketTransport.#tell}, without a function for each message. */
  #tellData(chunk: Uint8Array): void {
    try {
      this.#handler?.data(chunk);
    } catch (error) {
      this.#handler?.crashed(error);
    }
  }

  /** Tells the session something. What it throws is its own fault, and no end of the WebSocket's events. */
  #tell(what: (handler: TransportHandler) => void): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    try {
      what(handler);
    } catch (error) {
      handler.crashed(error);
    }
  }

  #tellEnd(): void {
    if (!this.#peerEnded || this.#peerEndTold) return;
    this.#peerEndTold = true;
    this.#tell((handler) => handler.ended());
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
    const inVain = this.#gone && (this.#output.busy || this.#wroteInVain);
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
    this.#output.stop();
    this.#held.clear();
    queueMicrotask(() => this.#tellClosed());
  }

  #tellClosed(): void {
    if (this.#told || this.#handler === undefined) return;
    this.#told = true;
    this.#output.busy = false;
    this.#output.stop();
    this.#tell((handler) => handler.closed(this.#destroyed ? undefined : this.#failure));
  }
}
