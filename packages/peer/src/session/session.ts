import {
  type Address,
  type Cid,
  type CloseInfo,
  Connection,
  type ConnectionHooks,
  type ConnectionHost,
  ConnectionLostError,
  closeReasonOf,
  describeError,
  HandshakeTimeoutError,
  type HeartbeatTimeoutError,
  IdleTimeoutError,
  type InvalidPayloadError,
  isInstance,
  NotPeng3dnetError,
  type PacketEntry,
  type PacketRef,
  Peng3dnetError,
  ResumeError,
  type ResumeRequest,
  type SavedConnection,
  type SslSecLevel,
  TlsHandshakeError,
  toError,
  whenRejected,
} from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import { ClientHeartbeat } from "../liveness/client-heartbeat.js";
import type { BeatingSession, Heartbeat } from "../liveness/heartbeat.js";
import type { RoundTrip } from "../liveness/round-trip.js";
import type { ServerTime } from "../liveness/server-clock.js";
import type { CensusTaking } from "../observing/census.js";
import type { ConnectionRequests, RequestSession } from "../requests/connection-requests.js";
import type { KeptBytes } from "../resume/kept-bytes.js";
import { type ResumingSession, SessionResumption } from "../resume/session-resumption.js";
import { Deadline, type DeadlineOptions, GRACE } from "../time/deadline.js";
import { Deferred, optional, type WaitOptions } from "../time/deferred.js";
import { timeoutError } from "../time/timeout-option.js";
import type { NativeSocket } from "../transport/native-socket.js";
import type { PeerCertificate } from "../transport/peer-certificate.js";
import type { Transport, TransportHandler } from "../transport/transport.js";
import type { ConnectionHandle } from "./connection-handle.js";
import { IdleWatch, type Watched } from "./idle-watch.js";
import { type Metrics, type MetricsSum, RejectionCounter } from "./metrics.js";
import { SessionEnding } from "./session-ending.js";
import type { SessionHooks, SessionInit, SessionOptions } from "./session-hooks.js";
import { type InputHost, NEGLIGIBLE, SessionInput } from "./session-input.js";
import { type OutputHost, SessionOutput } from "./session-output.js";

/** Where a client on a server has its session, which its `conn` shows only a part of. */
export const SESSION: unique symbol = Symbol("peng3dnet.session");

/** Where each write is a message, output of fewer bytes waits until nothing more is likely to join it. */
const LONG_MESSAGE = 16 * 1024;

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
 * Bytes go from `data` to {@link SessionInput}, which has the loop, and from there by {@link SessionOutput} to the transport.
 */
export class Session<Owner = unknown>
  implements
    ConnectionHandle,
    ConnectionHost,
    TransportHandler,
    InputHost<Session<Owner>>,
    OutputHost,
    RequestSession,
    BeatingSession,
    ResumingSession,
    Watched
{
  /** The protocol's side of it. */
  readonly connection: Connection;
  /** Moves the bytes. */
  readonly transport: Transport;
  /** Its limits and deadlines. */
  readonly options: SessionOptions;
  /** Whom packets and the close concern: a client on a server, or the client itself. */
  declare owner: Owner;
  /** What it reports to. */
  readonly hooks: SessionHooks<Session<Owner>>;
  /** Bytes received. */
  bytesIn = 0;
  /** Packets received that nothing handled. */
  unhandled = 0;
  /** Whether its handshake was completed, whatever became of it since. */
  greeted = false;
  /** The list of receivers that it was in last, by number; for whoever makes such lists. */
  listed = 0;
  /** Its part in resumption; `undefined`: it does not outlive its transport. */
  readonly resumption: SessionResumption<Session<Owner>> | undefined;
  /** Requests that are under way; `undefined`: there never was one. */
  requests: ConnectionRequests | undefined = undefined;

  readonly #input: SessionInput<Session<Owner>>;
  readonly #output: SessionOutput;
  /** Until the handshake is complete, and then, in a close, until that is. */
  #deadline: Deadline | undefined = undefined;
  #idle: IdleWatch | undefined = undefined;
  #heartbeat: Heartbeat | undefined = undefined;
  #ending: SessionEnding | undefined = undefined;
  #rejections: RejectionCounter | undefined = undefined;

  #phase: Phase = "open";
  /** What was told last of output that is unsent or kept, in bytes. */
  #unsentHeld = 0;
  /** Of that, what is unsent, and what is kept until it is acknowledged. */
  #unsent = 0;
  #kept = 0;

  constructor(init: SessionInit<Session<Owner>>) {
    this.connection = new Connection(init.context, init.cid, this, init.conntype);
    this.transport = init.transport;
    this.connection.sslSeclevel = init.transport.sslSeclevel;
    this.hooks = init.hooks;
    this.options = init.options;
    const { resumable } = init;
    this.resumption = resumable && new SessionResumption(this, resumable.transport, resumable.hooks);
    this.#input = new SessionInput(this);
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
    return this.#input.packets;
  }

  /** Bytes of these packets. */
  get queuedBytes(): number {
    return this.#input.bytes;
  }

  /** Bytes handed to the transport. */
  get bytesOut(): number {
    return this.#output.bytesOut;
  }

  get bytesHanded(): number {
    return this.#output.handed;
  }

  /** Bytes accepted for sending, those handed to the transport included. */
  get bytesAccepted(): number {
    return this.#output.accepted;
  }

  get rtt(): RoundTrip | undefined {
    return this.#heartbeat?.roundTrip;
  }

  /** On a client: an estimate of the server's time; `undefined` until there is one. */
  serverTime(): ServerTime | undefined {
    return this.#heartbeat instanceof ClientHeartbeat ? this.#heartbeat.serverTime() : undefined;
  }

  /** Counters of this connection. */
  get metrics(): Metrics {
    const { bytesIn, bytesOut, connection, queuedPackets: queued } = this;
    const { packetsIn, packetsOut, unsent } = connection;
    const rejectedBy: Record<string, number> = this.#rejections?.get() ?? {};
    if (this.unhandled > 0) rejectedBy.unhandled = this.unhandled;
    return { bytesIn, bytesOut, packetsIn, packetsOut, queued, unsent, rejectedBy };
  }

  /** Adds its counters to a sum. */
  addTo(sum: MetricsSum): void {
    const { connection } = this;
    sum.bytesIn += this.bytesIn;
    sum.bytesOut += this.#output.bytesOut;
    sum.packetsIn += connection.packetsIn;
    sum.packetsOut += connection.packetsOut;
    sum.queued += this.#input.packets;
    sum.unsent += connection.unsent;
    if (this.unhandled > 0) sum.reject("unhandled", this.unhandled);
    if (this.#rejections !== undefined) sum.rejectAll(this.#rejections);
  }

  /** Adds what there is of it now to a census. */
  countIn(census: CensusTaking): void {
    this.addTo(census.sum);
    census.connections++;
    if (!this.greeted) census.handshaking++;
    const { resumption } = this;
    if (resumption !== undefined) {
      if (resumption.suspended) census.suspended++;
      census.kept += resumption.transport.keptBytes;
    }
    census.unprocessed += this.#input.bytes + this.connection.inputHeld;
    if (this.requests === undefined) return;
    census.asked += this.requests.asked.size;
    census.answering += this.requests.running.size;
  }

  #getEnding(): SessionEnding {
    this.#ending ??= new SessionEnding();
    return this.#ending;
  }

  get over(): boolean {
    return this.#phase === "closed";
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
    this.hooks.started(this);
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
    this.#watchIdle();
    // What it says is flushed here, not with the next batch.
    this.#input.around(() => {
      try {
        this.connection.open();
      } catch (error) {
        this.fail(error, "open");
      }
    });
    this.writeOut();
  }

  refused(error: Peng3dnetError): void {
    this.#output.phase = "ready";
    this.connection.sslSeclevel = this.transport.sslSeclevel;
    this.fail(error, "handshake");
    this.writeOut();
  }

  readTarget(): Uint8Array | undefined {
    return this.#phase === "open" ? this.connection.readTarget : undefined;
  }

  data(chunk: Uint8Array): void {
    this.bytesIn += chunk.length;
    if (this.#phase !== "open") {
      if (this.#phase === "closing") this.#passOver(chunk);
      return;
    }
    this.#idle?.heard(chunk.length);
    try {
      this.hooks.receiveData(this, chunk);
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
    this.settle();
    if (this.#phase === "closing") this.#finishOutput();
  }

  drained(): void {
    this.#output.progressed();
  }

  closed(error: Error | undefined): void {
    const ending = this.#getEnding();
    ending.gone = true;
    this.#input.stopWatching();
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
    this.settle();
    if (this.#phase !== "open") return;
    this.hooks.gone(this);
    this.#input.note();
  }

  crashed(error: unknown): void {
    this.hooks.handlerFailed(error, "connection");
    try {
      if (this.#phase !== "closed") this.#getEnding().error ??= toError(error);
      this.destroy("internalerror");
    } catch (second) {
      this.hooks.handlerFailed(second, "connection");
    }
  }

  // ---- input ------------------------------------------------------------------------------------

  /** Takes bytes from the peer and processes the packets that are whole. */
  receive(chunk: Uint8Array): void {
    if (this.#phase === "open") this.#input.receive(chunk);
  }

  /** As {@link SessionInput.dispatchRaw}. */
  dispatchRaw(raw: Uint8Array): boolean {
    return this.#input.dispatchRaw(raw);
  }

  /** As {@link SessionInput.enqueued}. */
  enqueued(bytes: number, total: number): void {
    this.#input.enqueued(bytes, total);
  }

  /** As {@link SessionInput.dequeued}. */
  dequeued(bytes: number): void {
    this.#input.dequeued(bytes);
  }

  /** Whether a consumer of packets asked for a pause. */
  get paused(): boolean {
    return this.#input.paused;
  }

  /** Whether no packet is taken up, because those before have not been consumed. */
  get blocked(): boolean {
    return this.#input.blocked;
  }

  get hasUnprocessedInput(): boolean {
    return this.#input.unprocessed;
  }

  pause(): void {
    this.#input.pause();
  }

  resume(): void {
    this.#input.resume();
  }

  get gone(): boolean {
    return this.#ending?.gone === true;
  }

  worked(): void {
    if (this.#phase === "closing") this.#passOver();
    if (this.connection.hasOutput) this.writeOut();
  }

  heard(): void {
    this.#idle?.heard();
  }

  /** Once the peer's stream or the transport has ended and all that came is processed: closes. */
  settle(): void {
    const ending = this.#ending;
    if (ending === undefined || !(ending.peerEnded || ending.gone)) return;
    if (this.#phase === "open") {
      if (this.#input.unprocessed || this.#input.working) return;
      if (this.connection.incomplete && ending.error === undefined) {
        ending.error = new ConnectionLostError("the peer ended the connection within a packet");
      }
      this.#beginClose(closeReasonOf(ending.error) ?? "socketclose");
    }
    if (ending.gone) this.#finish();
  }

  // ---- output -----------------------------------------------------------------------------------

  unsentHeld(bytes: number): void {
    this.#unsent = bytes < NEGLIGIBLE ? 0 : bytes;
    this.#tellUnsent();
  }

  keptHeld(bytes: number): void {
    this.#kept = bytes;
    this.#tellUnsent();
  }

  #tellUnsent(): void {
    // What is broken off is freed, and counts no more: else others would have to go for it.
    const over = this.#phase === "closed" || this.#output.brokenOff;
    const noted = over ? 0 : this.#unsent + this.#kept;
    if (noted === this.#unsentHeld) return;
    this.#unsentHeld = noted;
    this.hooks.unsentHeld(this, noted);
  }

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
    this.hooks.scheduleFlush(this);
  }

  /**
   * Resolves once everything accepted so far is with the kernel.
   *
   * @throws {@link ConnectionLostError} if the connection ends before.
   */
  flush(options: WaitOptions = {}): Promise<void> {
    return optional(this.#output.flushed(options));
  }

  outputDrained(): void {
    this.hooks.drained(this);
  }

  outputWritten(): void {
    if (this.#phase === "closing") this.#finishOutput();
  }

  outputStuck(error: Peng3dnetError): void {
    this.abort(error);
  }

  // ---- from line to line ------------------------------------------------------------------------

  get suspended(): boolean {
    return this.resumption?.suspended === true;
  }

  get unfinished(): boolean {
    if (this.#phase !== "closing") return this.#phase === "open";
    const { told, announced, answered } = this.#getEnding();
    return told && !announced && !answered;
  }

  get endIsAnswer(): boolean {
    return this.#phase === "closing" && this.#output.handedOver;
  }

  stopWatches(): void {
    this.#idle?.cancel();
    this.#heartbeat?.pause();
    this.#output.cancelDeadline();
    this.#input.stopWatching();
  }

  goOnWatching(): void {
    if (this.#phase !== "open") return;
    this.#watchIdle();
    this.#heartbeat?.goOn();
    this.#input.goOnWatching();
  }

  /** Bytes of packets that were received and not worked off: those in the queue, and what came behind them. Copies. */
  get pendingInput(): readonly Uint8Array[] {
    return [...this.hooks.queuedOf(this), ...this.#input.pending];
  }

  /** Bytes that were accepted for sending and not handed to the transport. */
  get unhanded(): number {
    return this.#output.unhanded;
  }

  /** Ends here without a word, since another program goes on with it. @param kept - gets what is still to be sent. */
  leave(kept: KeptBytes): void {
    this.#output.moveTo(kept);
    this.resumption?.transport.release().cut();
    this.destroy("saved");
  }

  /** Goes on with one that another program has left, once there is a line. @param pending - what that had not worked off. */
  restore(saved: SavedConnection, received: number, kept: KeptBytes, pending: Uint8Array): void {
    this.connection.restore(saved);
    this.connection.push(pending);
    this.resumption?.restore(received, kept);
    this.#output.phase = "ready";
    this.transport.start(this);
  }

  /** One that another program has left has its line. */
  restored(): void {
    this.connection.sslSeclevel = this.transport.sslSeclevel;
    this.handshakeComplete();
  }

  outputWaits(unsent: number): void {
    const resumption = this.resumption as SessionResumption<Session<Owner>>;
    const piled = resumption.piledUp(unsent);
    if (piled <= this.options.resumeBytes) return;
    // Nothing more can be sent, while what came before is still handled.
    this.connection.markClosing("resumeoverflow");
    resumption.giveUp(
      new ResumeError(
        `${piled} bytes piled up while the connection was suspended, more than net.resume.bytes`,
        "resumeoverflow",
      ),
    );
  }

  // ---- closing ----------------------------------------------------------------------------------

  /**
   * Closes: what was accepted is delivered, then the reason. Reads on and discards until the peer's end or the
   * deadline, and ends its own stream then: a Python server forgets what it has not worked off as soon as it sees the
   * end (clause 5.9).
   */
  close(reason: string | null = null, options: WaitOptions = {}): Promise<CloseInfo> {
    const invalid = timeoutError(options.timeout) ?? reasonError(reason);
    if (invalid !== undefined) return optional(Promise.reject(invalid));
    if (this.#phase === "open") {
      this.connection.sendClose(reason);
      this.#getEnding().told = true;
      this.#beginClose(reason);
    }
    return optional(this.waitForClose(options));
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
    if (known === undefined) this.hooks.handlerFailed(error, where);
    if (this.#phase !== "open") return;
    const reason = known ?? "internalerror";
    const ending = this.#getEnding();
    ending.error = toError(error);
    try {
      this.connection.sendClose(reason, isInstance(error, ResumeError) ? error.address : undefined);
      // Who speaks another protocol, or was not let in by TLS, will not answer.
      ending.told = !(isInstance(error, NotPeng3dnetError) || isInstance(error, TlsHandshakeError));
      this.#beginClose(reason);
    } catch (second) {
      // A codec or a clock of the application may fail on that, too: the connection ends without a word.
      this.hooks.handlerFailed(second, "close");
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
    if (this.#phase === "open") this.#markClosing(error.closeReason ?? "socketclose");
    this.transport.destroy();
    this.#output.drop();
    this.resumption?.transport.drop();
    this.#tellUnsent();
    if (ending.gone) this.#finish();
  }

  /** Ends it now, whatever is unsent or unprocessed. */
  destroy(reason: string | null): void {
    const ending = this.#getEnding();
    if (this.#phase === "open") this.#markClosing(reason);
    this.transport.destroy();
    if (ending.gone) this.#finish();
  }

  /** From here on it closes, whatever is left to be done. */
  #markClosing(reason: string | null): void {
    const ending = this.#getEnding();
    this.#phase = "closing";
    ending.reason = reason;
    this.connection.markClosing(reason);
    if (!ending.gone) this.transport.closing?.(reason);
  }

  #beginClose(reason: string | null): void {
    const ending = this.#getEnding();
    this.#markClosing(reason);
    if (!this.#input.working) this.#passOver();
    this.#cancelDeadline();
    this.#cancelIdle();
    if (ending.gone) {
      // Later, since this may be within a handler of this connection.
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
    this.#input.note();
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
    this.unsentHeld(0);
    this.#input.end();
    this.#cancelDeadline();
    this.#cancelIdle();
    const ending = this.#getEnding();
    const { reason, error, announced, answered } = ending;
    const delivered = ending.streamEnded && this.connection.unsent === 0 && !ending.broken;
    this.#output.finish(reason, error);
    const clean = (announced || answered) && delivered && ending.peerEnded && error === undefined;
    const info: CloseInfo = { reason, error, clean };
    ending.info = info;
    // The reason of our own error counts: what a peer chooses must not become a key.
    if (error !== undefined) this.#reject(closeReasonOf(error) ?? "internalerror");
    this.hooks.over(this);
    this.resumption?.end();
    this.connection.markClosed();
    this.hooks.closed(this, info);
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
    this.#failNow(error, "handshake");
  }

  /** As {@link Session.fail}, for a peer that had its time: there is none for an orderly end. */
  #failNow(error: Peng3dnetError, where: string): void {
    this.fail(error, where);
    if (!this.transport.busy) this.transport.destroyAfterWrite();
    else this.transport.destroy();
  }

  #watchIdle(): void {
    const { clock, idleTimeout } = this.options;
    if (idleTimeout > 0) this.#idle = new IdleWatch(clock, idleTimeout, this);
  }

  /** The peer is watched no more: nothing of it can come. */
  #cancelIdle(): void {
    this.#idle?.cancel();
    this.#idle = undefined;
    this.#heartbeat?.stop();
  }

  /** The peer gives no sign of life, in spite of heartbeats. */
  lost(error: HeartbeatTimeoutError): void {
    if (this.resumption?.outlives === true) this.resumption.transport.suspend(error);
    else this.#failNow(error, "heartbeat");
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
    if (!this.#input.working) this.hooks.scheduleFlush(this);
  }

  outputFull(): void {
    if (this.hooks.gathering && !this.connection.full) return;
    const { connection, transport } = this;
    if (transport.inMessages === true && connection.unsent - connection.backlog < LONG_MESSAGE) return;
    this.#output.flush(true);
  }

  helloReceived(): void {
    if (this.connection.peerExtensions.resume !== undefined) this.resumption?.begin();
    this.connection.sslSeclevel = this.transport.sslSeclevelOnHello ?? this.connection.sslSeclevel;
  }

  typeNamed(type: ConnectionHooks): void {
    this.hooks.typeNamed?.(this, type);
    // First of all, so that the client can come back from the moment on in which it is active.
    if (this.connection.agreed("resume")) this.resumption?.begin();
  }

  handshakeComplete(): void {
    this.#cancelDeadline();
    if (!this.connection.agreed("resume")) this.resumption?.declined();
    this.greeted = true;
    this.hooks.handshakeComplete(this);
    if (this.#phase === "open") this.#heartbeat = this.hooks.heartbeats.begin(this);
  }

  heartbeatReceived(id: number, body: unknown, length: number): void {
    this.#idle?.heartbeat(length);
    this.resumption?.transport.controlReceived(length);
    this.#heartbeat?.received(id, body);
  }

  acknowledged(received: number, length: number): void {
    this.#idle?.heartbeat(length);
    this.resumption?.acknowledged(received, length);
  }

  ticketReceived(ticket: Uint8Array, window: number, length: number): void {
    this.resumption?.ticketReceived(ticket, window, length);
  }

  resumeAsked(request: ResumeRequest): void {
    const { resumption } = this;
    if (resumption?.hooks.asked === undefined)
      throw new ResumeError("sessions are not resumed here", "resumeunknown");
    resumption.hooks.asked(this, request);
  }

  received(entry: PacketEntry, msg: unknown): void {
    this.hooks.received(this, entry, msg);
  }

  sent(ptype: PacketRef, data: unknown): void {
    this.hooks.sent(this, ptype, data);
  }

  closeReceived(reason: string | null): void {
    this.#getEnding().announced = true;
    this.#beginClose(reason);
  }

  handlerFailed(error: unknown, where: string): void {
    this.hooks.handlerFailed(error, where);
  }

  payloadDropped(error: InvalidPayloadError, packet: string): void {
    this.hooks.payloadDropped(error, packet);
  }

  ignored(message: string, why: string, packet?: string): void {
    this.#reject(why);
    this.hooks.ignored(message, why, packet);
  }

  #reject(reason: string): void {
    this.#rejections ??= new RejectionCounter();
    this.#rejections.add(reason);
  }
}
