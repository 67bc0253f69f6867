import {
  type Address,
  type Cid,
  type CloseInfo,
  COMPRESSED,
  Connection,
  type ConnectionHost,
  ConnectionLostError,
  closeReasonOf,
  describeError,
  HandshakeTimeoutError,
  IdleTimeoutError,
  type InvalidPayloadError,
  isInstance,
  NotPeng3dnetError,
  type PacketEntry,
  type PacketRef,
  Peng3dnetError,
  type SslSecLevel,
  TlsHandshakeError,
  toError,
  whenRejected,
} from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import { Deadline, type DeadlineOptions, GRACE } from "../time/deadline.js";
import { Deferred, type WaitOptions } from "../time/deferred.js";
import { timeoutError } from "../time/timeout-option.js";
import type { NativeSocket } from "../transport/native-socket.js";
import type { PeerCertificate } from "../transport/peer-certificate.js";
import type { Transport, TransportHandler } from "../transport/transport.js";
import { COSTLY_LENGTH, type Runnable } from "../turns/run-queue.js";
import type { ConnectionHandle } from "./connection-handle.js";
import { IdleWatch, type Watched } from "./idle-watch.js";
import { InflateLimit } from "./inflate-limit.js";
import { type Metrics, RejectionCounter } from "./metrics.js";
import type { Pausable } from "./pausable.js";
import { isCompressed, packetIdOf } from "./raw-packet.js";
import { ReceiveWindow } from "./receive-window.js";
import { SessionEnding } from "./session-ending.js";
import type { SessionHooks, SessionInit, SessionOptions } from "./session-hooks.js";
import { type OutputHost, SessionOutput } from "./session-output.js";

/** Where a client on a server has its session, which its `conn` shows only a part of. */
export const SESSION: unique symbol = Symbol("peng3dnet.session");

/** What a connection holds below this many bytes is not counted among what all hold together. */
const NEGLIGIBLE = 4096;

type Phase = "open" | "closing" | "closed";

/** What is wrong with the reason of a close, if anything: the peer would find fault with it. */
export function reasonError(reason: unknown): TypeError | undefined {
  if (reason === null || typeof reason === "string") return undefined;
  return new TypeError(`a reason is a string or null, and not ${describeValue(reason)}`);
}

/** Checks the reason of a close, before the call does anything. @throws {TypeError} */
export function checkReason(reason: unknown): void {
  const error = reasonError(reason);
  if (error !== undefined) throw error;
}

/**
 * One connection in operation: joins the protocol's {@link Connection} with a transport, keeps the
 * deadlines, and sees to it that a close loses nothing.
 *
 * Its loop: `data` → `receive` → `#pump` (packet by packet) → `flush`.
 */
export class Session<Owner = unknown>
  implements ConnectionHandle, ConnectionHost, TransportHandler, OutputHost, Watched, Runnable, Pausable
{
  /** The protocol's side of it. */
  readonly connection: Connection;
  /** Moves the bytes. */
  readonly transport: Transport;
  /** Its limits and deadlines. */
  readonly options: SessionOptions;
  /** Whom packets and the close concern: a client on a server, or the client itself. */
  declare owner: Owner;
  /** Bytes received. */
  bytesIn = 0;
  /** Packets received that nothing handled. */
  unhandled = 0;

  readonly #hooks: SessionHooks<Session<Owner>>;
  readonly #output: SessionOutput;
  /** Until the handshake is complete, and then, in a close, until that is. */
  #deadline: Deadline | undefined = undefined;
  #idle: IdleWatch | undefined = undefined;
  #window: ReceiveWindow | undefined = undefined;
  #ending: SessionEnding | undefined = undefined;
  #rejections: RejectionCounter | undefined = undefined;

  #phase: Phase = "open";
  #pumping = false;
  /** Whether it waits for its turn, with input that is not worked off. */
  #queued = false;
  /** What was told last of input and of output that is held, in bytes. */
  #inputHeld = 0;
  #unsentHeld = 0;
  #inflating: InflateLimit | undefined = undefined;

  constructor(init: SessionInit<Session<Owner>>) {
    this.connection = new Connection(init.context, init.cid, this, init.conntype);
    this.transport = init.transport;
    this.connection.sslSeclevel = init.transport.sslSeclevel;
    this.#hooks = init.hooks;
    this.options = init.options;
    this.#output = new SessionOutput(this);
  }

  /** Client id on a server, `null` on a client. */
  get cid(): Cid {
    return this.connection.cid;
  }

  get remoteAddress(): Address {
    return this.transport.remoteAddress;
  }

  get socket(): NativeSocket | undefined {
    return this.transport.socket;
  }

  get state(): number {
    return this.connection.state;
  }

  set state(state: number) {
    this.connection.state = state;
  }

  get mode(): number {
    return this.connection.mode;
  }

  set mode(mode: number) {
    this.connection.mode = mode;
  }

  get conntype(): string {
    return this.connection.conntype;
  }

  get sslSeclevel(): SslSecLevel {
    return this.connection.sslSeclevel;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.transport.peerCertificate;
  }

  get active(): boolean {
    return this.open && this.connection.active;
  }

  /** Packets that wait for `process`. */
  get queuedPackets(): number {
    return this.#window?.packets ?? 0;
  }

  /** Bytes of these packets. */
  get queuedBytes(): number {
    return this.#window?.bytes ?? 0;
  }

  /** Bytes handed to the transport. */
  get bytesOut(): number {
    return this.#output.bytesOut;
  }

  /** Counters of this connection. */
  get metrics(): Metrics {
    const { bytesIn, bytesOut, connection, queuedPackets: queued } = this;
    const { packetsIn, packetsOut, unsent } = connection;
    const rejectedBy: Record<string, number> = this.#rejections?.get() ?? {};
    if (this.unhandled > 0) rejectedBy.unhandled = this.unhandled;
    return { bytesIn, bytesOut, packetsIn, packetsOut, queued, unsent, rejectedBy };
  }

  #getWindow(): ReceiveWindow {
    this.#window ??= new ReceiveWindow(this.options);
    return this.#window;
  }

  #getEnding(): SessionEnding {
    this.#ending ??= new SessionEnding();
    return this.#ending;
  }

  /** Whether packets can still be exchanged. */
  get open(): boolean {
    return this.#phase === "open";
  }

  /**
   * Starts the deadline for the handshake and the exchange of bytes.
   *
   * @param spent - seconds of the deadline that are over, e.g. for TLS.
   */
  start(spent = 0): void {
    // A handler may have closed it already.
    if (this.#phase === "open") {
      const { handshakeTimeout } = this.options;
      // More than all of it was spent only if time was given back, since the event loop was busy.
      const left = spent < handshakeTimeout ? handshakeTimeout - spent : Math.min(handshakeTimeout, GRACE);
      this.#armDeadline(left, () => this.#handshakeExpired(), {
        lateAllowance: handshakeTimeout,
        received: () => this.bytesIn + (this.transport.bytesBeforeStream ?? 0),
      });
    }
    this.transport.start(this);
  }

  // ---- from the transport -----------------------------------------------------------------------

  ready(): void {
    this.#output.phase = "ready";
    this.connection.sslSeclevel = this.transport.sslSeclevel;
    if (this.#phase !== "open") {
      this.writeOut();
      return;
    }
    const { clock, idleTimeout } = this.options;
    if (idleTimeout > 0) this.#idle = new IdleWatch(clock, idleTimeout, this);
    // What it says is flushed here, not with the next batch.
    this.#pumping = true;
    try {
      this.connection.open();
    } catch (error) {
      this.fail(error, "open");
    } finally {
      this.#pumping = false;
    }
    this.writeOut();
  }

  refused(error: Peng3dnetError): void {
    this.#output.phase = "ready";
    this.connection.sslSeclevel = this.transport.sslSeclevel;
    this.fail(error, "handshake");
    this.writeOut();
  }

  readTarget(): Uint8Array | undefined {
    return this.#phase === "open" ? this.connection.vacancy : undefined;
  }

  data(chunk: Uint8Array): void {
    this.bytesIn += chunk.length;
    if (this.#phase !== "open") {
      if (this.#phase === "closing") this.#passOver(chunk);
      return;
    }
    this.#idle?.heard();
    try {
      this.#hooks.receiveData(this, chunk);
    } catch (error) {
      this.fail(error, "receiveData");
    }
  }

  ended(): void {
    const ending = this.#getEnding();
    ending.peerEnded = true;
    // An end that comes before all is handed over is no answer to the closing packet.
    ending.answered ||= ending.told && this.#output.handedOver;
    // Nothing more can come; what came may take its time to be processed.
    this.#cancelIdle();
    this.#settleInput();
    if (this.#phase === "closing") this.#finishOutput();
  }

  drained(): void {
    this.#output.progressed();
  }

  closed(error: Error | undefined): void {
    const ending = this.#getEnding();
    ending.gone = true;
    this.#window?.unwatch();
    ending.broken = error !== undefined;
    this.#output.phase = "gone";
    this.#output.cancelDeadline();
    this.#cancelIdle();
    if (this.#phase === "open" && error !== undefined) {
      ending.error = isInstance(error, Peng3dnetError)
        ? error
        : new ConnectionLostError(`the connection was lost: ${describeError(error)}`, { cause: error });
    }
    this.connection.markClosing(ending.reason ?? "socketclose");
    this.#settleInput();
    if (this.#phase !== "open") return;
    this.#hooks.gone(this);
    this.#noteInput();
  }

  crashed(error: unknown): void {
    this.#hooks.handlerFailed(error, "connection");
    try {
      if (this.#phase !== "closed") this.#getEnding().error ??= toError(error);
      this.destroy("internalerror");
    } catch (second) {
      this.#hooks.handlerFailed(second, "connection");
    }
  }

  // ---- the loop ---------------------------------------------------------------------------------

  /** Takes bytes from the peer and processes the packets that are whole. */
  receive(chunk: Uint8Array): void {
    if (this.#phase !== "open") return;
    this.connection.push(chunk);
    if (!this.#queued) this.#pump();
    if (this.connection.incomplete && this.transport.reusesChunks) this.connection.retain();
    this.#noteInput();
  }

  #pump(): void {
    // A handler may feed data in; the loop that called the handler goes on with it.
    if (this.#pumping) return;
    this.#pumping = true;
    const { connection } = this;
    const hooks = this.#hooks;
    const { turns } = hooks;
    const before = connection.packetsIn;
    try {
      if (this.#window?.kept !== undefined) this.#dispatchKept(this.#window);
      while (!turns.spent && !this.blocked && this.#phase === "open" && connection.next()) {
        const length = connection.packetLength;
        if (length >= COSTLY_LENGTH) turns.look();
        // Those that wait for `process` come first.
        if (!hooks.direct || this.queuedPackets > 0) hooks.takePacket(this);
        else if (hooks.buffers.full && hooks.buffers.keepsOut(this, connection.packetId)) {
          this.#getWindow().kept = connection.rawPacket();
        } else {
          connection.dispatch();
          if (length === COMPRESSED) this.#noteInflated();
        }
        turns.after(length);
      }
    } catch (error) {
      this.fail(error, "processSinglePacket");
    }
    this.#pumping = false;
    if (this.#phase === "closing") this.#passOver();
    if (connection.hasOutput) this.writeOut();
    if (turns.spent && !this.blocked && this.#phase === "open" && connection.unread) {
      this.#waitForTurn(connection.packetsIn !== before);
    }
    this.#settleInput();
  }

  #dispatchKept(window: ReceiveWindow): void {
    const raw = window.kept as Uint8Array;
    if (window.blocked || this.#phase !== "open") return;
    window.kept = undefined;
    if (!this.dispatchRaw(raw)) window.kept = raw;
  }

  /** Lets others go on, and this one when it is its turn. */
  #waitForTurn(worked: boolean): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#pauseReading();
    const next = this.connection.upcoming;
    const costly = next !== undefined && (next.flags !== 0 || next.length >= COSTLY_LENGTH);
    this.#hooks.turns.add(this, costly ? "costly" : worked ? "used" : "fresh");
  }

  takeTurn(): void {
    this.#queued = false;
    if (this.#phase !== "open") return;
    try {
      this.#pump();
      this.#noteInput();
      this.#readOn();
    } catch (error) {
      // Others wait for their turn behind this one.
      this.crashed(error);
    }
  }

  /** Whether something was received that waits to be worked off: a peer is not judged before that is. */
  get hasUnprocessedInput(): boolean {
    return this.#queued || this.blocked || this.queuedPackets > 0;
  }

  /** Tells how much memory its input takes that is not worked off, if that is much. */
  #noteInput(): void {
    const queued = this.#ending?.gone === true ? NEGLIGIBLE + this.queuedBytes : 0;
    const held = this.connection.inputHeld + (this.#window?.kept?.length ?? 0) + queued;
    const noted = held < NEGLIGIBLE || this.#phase === "closed" ? 0 : held;
    if (noted === this.#inputHeld) return;
    this.#inputHeld = noted;
    this.#hooks.inputHeld(this, noted);
  }

  unsentHeld(bytes: number): void {
    const noted = bytes < NEGLIGIBLE || this.#phase === "closed" ? 0 : bytes;
    if (noted === this.#unsentHeld) return;
    this.#unsentHeld = noted;
    this.#hooks.unsentHeld(this, noted);
  }

  /** A body was inflated: takes up no more packets until its rate allows that. */
  #noteInflated(): void {
    const { clock, inflatedRate } = this.options;
    this.#inflating ??= new InflateLimit(clock, inflatedRate, this);
    this.#inflating.inflated(this.connection.inflatedBytes);
  }

  /**
   * Processes a packet that was queued.
   *
   * @returns false if it has to wait, since there is no room in a buffer of messages.
   */
  dispatchRaw(raw: Uint8Array): boolean {
    if (this.#phase !== "open") return true;
    const { buffers } = this.#hooks;
    if (buffers.full && buffers.keepsOut(this, packetIdOf(raw))) return false;
    try {
      this.connection.dispatchRaw(raw);
      if (isCompressed(raw)) this.#noteInflated();
    } catch (error) {
      this.fail(error, "process");
    }
    return true;
  }

  /**
   * Counts a packet that waits for `process`, and stops reading while there are too many.
   *
   * @param total - bytes that wait of all connections.
   */
  enqueued(bytes: number, total: number): void {
    if (this.#getWindow().enqueued(bytes, total)) this.#pauseReading();
  }

  /** Whether a consumer of packets asked for a pause. */
  get paused(): boolean {
    return this.#window?.paused === true;
  }

  /** Whether no packet is taken up, because those before have not been consumed. */
  get blocked(): boolean {
    return this.#window?.blocked === true;
  }

  /** Stops taking up packets until as many calls of `resume`. */
  pause(): void {
    this.#getWindow().pause();
    this.#pauseReading();
  }

  /** Stops reading for as long as packets are not consumed. Whether the peer is gone is looked at now and then. */
  #pauseReading(): void {
    // What is closing is read to its end, and nothing can come of what is gone.
    if (this.#phase !== "open" || this.#ending?.gone === true) return;
    this.transport.pause();
    if (this.transport.probe === undefined) return;
    this.#getWindow().watch(this.options.clock, () => {
      this.#probe();
      return this.blocked || this.#queued;
    });
  }

  #probe(): void {
    if (this.#phase === "open") this.transport.probe?.();
  }

  /** Takes up packets again. */
  resume(): void {
    this.#getWindow().resume();
    if (!this.paused) this.#hooks.released(this);
    this.#resumeReading();
  }

  #resumeReading(): void {
    if (this.blocked || this.#phase !== "open") return;
    // The peer was not silent, but not listened to.
    this.#idle?.heard();
    if (!this.#queued) this.#pump();
    this.#noteInput();
    this.#readOn();
  }

  #readOn(): void {
    if (this.blocked || this.#queued) return;
    this.#window?.unwatch();
    this.transport.resume();
  }

  /** A packet that waited was processed: reads on once half of the room is free. */
  dequeued(bytes: number): void {
    const window = this.#getWindow();
    if (window.dequeued(bytes)) this.#resumeReading();
    if (window.packets === 0) this.#settleInput();
  }

  /** Once the peer's stream or the transport has ended and all that came is processed: closes. */
  #settleInput(): void {
    const ending = this.#ending;
    if (ending === undefined || !(ending.peerEnded || ending.gone)) return;
    if (this.#phase === "open") {
      if (this.hasUnprocessedInput || this.#pumping) return;
      if (this.connection.incomplete && ending.error === undefined) {
        ending.error = new ConnectionLostError("the peer ended the connection within a packet");
      }
      this.#beginClose(closeReasonOf(ending.error) ?? "socketclose");
    }
    if (ending.gone) this.#finish();
  }

  // ---- output -----------------------------------------------------------------------------------

  /** Hands the output gathered so far to the transport. */
  writeOut(): void {
    this.#output.flush();
  }

  /** `sendMessage` returned false: a `drain` has to follow. */
  noteHighWater(): void {
    this.#output.noteHighWater();
  }

  /** Flushes with the next batch. */
  scheduleFlush(): void {
    this.#hooks.scheduleFlush(this);
  }

  /**
   * Resolves once everything accepted so far is with the kernel.
   *
   * @throws {@link ConnectionLostError} if the connection ends before.
   */
  flush(options: WaitOptions = {}): Promise<void> {
    return this.#output.flushed(options);
  }

  outputDrained(): void {
    this.#hooks.drained(this);
  }

  outputWritten(): void {
    if (this.#phase === "closing") this.#finishOutput();
  }

  outputStuck(error: Peng3dnetError): void {
    this.abort(error);
  }

  // ---- closing ----------------------------------------------------------------------------------

  /**
   * Closes: what was accepted is delivered, then the reason. Reads on and discards until the peer's end or the
   * deadline, and ends its own stream then: a Python server forgets what it has not worked off as soon as it sees the
   * end (clause 5.9).
   */
  close(reason: string | null = null, options: WaitOptions = {}): Promise<CloseInfo> {
    const invalid = timeoutError(options.timeout) ?? reasonError(reason);
    if (invalid !== undefined) return Promise.reject(invalid);
    if (this.#phase === "open") {
      this.connection.sendClose(reason);
      this.#getEnding().told = true;
      this.#beginClose(reason);
    }
    return this.waitForClose(options);
  }

  /** Resolves when it is closed. */
  waitForClose(options: WaitOptions): Promise<CloseInfo> {
    const ending = this.#getEnding();
    ending.deferred ??= new Deferred(this.options.clock);
    if (ending.info !== undefined) ending.deferred.settle(ending.info);
    return ending.deferred.wait(options, "the connection to close");
  }

  /**
   * Ends the connection because of an error, telling the peer its reason. Any error but a peer's fault is one
   * of an overridden step of receiving: what it did not pass on is lost, so that the connection cannot go on.
   *
   * @param where - the step, for `handlerError`.
   */
  fail(error: unknown, where: string): void {
    const known = closeReasonOf(error);
    if (known === undefined) this.#hooks.handlerFailed(error, where);
    if (this.#phase !== "open") return;
    const reason = known ?? "internalerror";
    const ending = this.#getEnding();
    ending.error = toError(error);
    try {
      this.connection.sendClose(reason);
      // Who speaks another protocol, or was not let in by TLS, will not answer.
      ending.told = !(isInstance(error, NotPeng3dnetError) || isInstance(error, TlsHandshakeError));
      this.#beginClose(reason);
    } catch (second) {
      // A codec or a clock of the application may fail on that, too: the connection ends without a word.
      this.#hooks.handlerFailed(second, "close");
      this.destroy(reason);
    }
  }

  /** As {@link Session.fail}, once `result` rejects: an overridden step of receiving may be asynchronous. */
  failIfRejected(result: unknown, where: string): void {
    whenRejected(result, (error) => this.fail(error, where));
  }

  /** Ends the connection at once, without another word. */
  abort(error: Peng3dnetError): void {
    if (this.#phase === "closed") return;
    const ending = this.#getEnding();
    ending.error ??= error;
    if (this.#phase === "open") {
      ending.reason = error.closeReason ?? "socketclose";
      this.#phase = "closing";
      this.connection.markClosing(ending.reason);
    }
    this.transport.destroy();
    if (ending.gone) this.#finish();
  }

  /** Ends it now, whatever is unsent or unprocessed. */
  destroy(reason: string | null): void {
    const ending = this.#getEnding();
    if (this.#phase === "open") {
      ending.reason = reason;
      this.#phase = "closing";
      this.connection.markClosing(reason);
    }
    this.transport.destroy();
    if (ending.gone) this.#finish();
  }

  #beginClose(reason: string | null): void {
    const ending = this.#getEnding();
    this.#phase = "closing";
    ending.reason = reason;
    this.connection.markClosing(reason);
    if (!this.#pumping) this.#passOver();
    this.#cancelDeadline();
    this.#cancelIdle();
    if (ending.gone) {
      // Not at once: this may be within a handler of this connection.
      queueMicrotask(() => this.#finish());
      return;
    }
    this.#armDeadline(this.options.closeTimeout, () => this.transport.destroy());
    if (!ending.peerEnded) this.transport.resume();
    this.writeOut();
  }

  /**
   * Throws away what arrives while it closes: unread input would make the kernel drop what was sent. A closing packet
   * of the peer is noticed, so that two that close at once do not wait for each other.
   */
  #passOver(chunk?: Uint8Array): void {
    const ending = this.#getEnding();
    if (ending.deaf) return;
    try {
      if (chunk !== undefined) this.connection.push(chunk);
      if (this.connection.passOver()) ending.announced = true;
      if (this.connection.incomplete && this.transport.reusesChunks) this.connection.retain();
    } catch {
      // Where the next packet begins cannot be known any more.
      ending.deaf = true;
      this.connection.discardInput();
    }
    this.#noteInput();
    if (ending.announced) this.#finishOutput();
  }

  /** Once all is written, and nothing can be lost by it: ends the stream. */
  #finishOutput(): void {
    const ending = this.#getEnding();
    if (ending.streamEnded || this.#output.phase !== "ready" || !this.#output.empty) return;
    if (ending.told && !ending.announced && !ending.peerEnded) return;
    ending.streamEnded = true;
    this.transport.end();
  }

  #finish(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#inflating?.cancel();
    this.unsentHeld(0);
    this.#noteInput();
    this.#window?.clear();
    this.#cancelDeadline();
    this.#cancelIdle();
    const ending = this.#getEnding();
    const { reason, error, announced, answered } = ending;
    const delivered = ending.streamEnded && this.connection.unsent === 0 && !ending.broken;
    this.#output.finish(reason, error);
    const clean = (announced || answered) && delivered && ending.peerEnded && error === undefined;
    const info: CloseInfo = { reason, error, clean };
    ending.info = info;
    // Not by the reason that the peer may have given: what it chooses is no key.
    if (error !== undefined) this.#reject(closeReasonOf(error) ?? "internalerror");
    this.connection.markClosed();
    this.#hooks.closed(this, info);
    ending.deferred?.settle(info);
  }

  // ---- deadlines --------------------------------------------------------------------------------

  #armDeadline(seconds: number, expired: () => void, options?: DeadlineOptions): void {
    this.#deadline = Deadline.start(this.options.clock, seconds, expired, options);
  }

  #cancelDeadline(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  #handshakeExpired(): void {
    if (this.hasUnprocessedInput) {
      this.#armDeadline(GRACE, () => this.#handshakeExpired());
      return;
    }
    const error = new HandshakeTimeoutError(
      `the handshake was not complete within ${this.options.handshakeTimeout} s (net.timeout.handshake)`,
    );
    if (this.#output.phase === "waiting") {
      this.abort(error);
      return;
    }
    this.fail(error, "handshake");
    // It had its time; there is none for an orderly end.
    if (!this.transport.busy) this.transport.destroyAfterWrite();
    else this.transport.destroy();
  }

  #cancelIdle(): void {
    this.#idle?.cancel();
    this.#idle = undefined;
  }

  /** The peer was silent for too long. */
  silent(): void {
    this.fail(
      new IdleTimeoutError(`nothing was received for ${this.options.idleTimeout} s (net.timeout.idle)`),
      "idle",
    );
  }

  // ---- from the protocol ------------------------------------------------------------------------

  outputPending(): void {
    if (!this.#pumping) this.#hooks.scheduleFlush(this);
  }

  outputFull(): void {
    this.#output.flush(true);
  }

  helloReceived(): void {
    this.connection.sslSeclevel = this.transport.sslSeclevelOnHello ?? this.connection.sslSeclevel;
  }

  handshakeComplete(): void {
    this.#cancelDeadline();
    this.#hooks.handshakeComplete(this);
  }

  received(entry: PacketEntry, msg: unknown): void {
    this.#hooks.received(this, entry, msg);
  }

  sent(ptype: PacketRef, data: unknown): void {
    this.#hooks.sent(this, ptype, data);
  }

  closeReceived(reason: string | null): void {
    this.#getEnding().announced = true;
    this.#beginClose(reason);
  }

  handlerFailed(error: unknown, where: string): void {
    this.#hooks.handlerFailed(error, where);
  }

  payloadDropped(error: InvalidPayloadError, packet: string): void {
    this.#hooks.payloadDropped(error, packet);
  }

  ignored(message: string, why: string, packet?: string): void {
    this.#reject(why);
    this.#hooks.ignored(message, why, packet);
  }

  #reject(reason: string): void {
    this.#rejections ??= new RejectionCounter();
    this.#rejections.add(reason);
  }
}
