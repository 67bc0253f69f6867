import {
  type CloseInfo,
  Connection,
  type ConnectionHooks,
  type ConnectionHost,
  type HeartbeatTimeoutError,
  type InvalidPayloadError,
  type PacketEntry,
  type PacketRef,
  type Peng3dnetError,
  type ResumeRequest,
  type SavedConnection,
  toError,
  whenRejected,
} from "@peng3dnet/protocol";
import type { RequestSession } from "../requests/connection-requests.js";
import type { KeptBytes } from "../resume/kept-bytes.js";
import { type ResumingSession, SessionResumption } from "../resume/session-resumption.js";
import { optional } from "../time/deferred.js";
import { type WaitOptions, waitError } from "../time/wait-options.js";
import type { Transport, TransportHandler } from "../transport/transport.js";
import { reasonError } from "./close-reason.js";
import type { ConnectionHandle } from "./connection-handle.js";
import { giveUp, type JudgedSession, PeerWatch } from "./peer-watch.js";
import { SessionEnding } from "./session-ending.js";
import type { SessionHooks, SessionInit, SessionOptions } from "./session-hooks.js";
import { type InputHost, NEGLIGIBLE, SessionInput } from "./session-input.js";
import { type OutputHost, SessionOutput } from "./session-output.js";
import { SessionState } from "./session-state.js";

/** Where a client on a server has its session, which its `conn` shows only a part of. */
export const SESSION: unique symbol = Symbol("peng3dnet.session");

/** Output that a session holds, in bytes. */
interface HeldOutput {
  /** What is unsent. */
  unsent: number;
  /** What is kept until it is acknowledged. */
  kept: number;
  /** What was told last of both. */
  told: number;
}

/**
 * One connection in operation: joins the protocol's {@link Connection} with a transport, keeps the
 * deadlines, and sees to it that a close loses nothing.
 *
 * Bytes go from `data` to {@link SessionInput}, which has the loop, and from there by {@link SessionOutput} to the transport.
 */
export class Session<Owner = unknown>
  extends SessionState<Session<Owner>>
  implements
    ConnectionHandle,
    ConnectionHost,
    TransportHandler,
    InputHost<Session<Owner>>,
    OutputHost,
    RequestSession,
    JudgedSession,
    ResumingSession
{
  // Declared only, as are others below: a field without a value would be written twice.
  /** The protocol's side of it. */
  declare readonly connection: Connection;
  /** Moves the bytes. */
  declare readonly transport: Transport;
  /** Its limits and deadlines. */
  declare readonly options: SessionOptions;
  /** Whom packets and the close concern: a client on a server, or the client itself. */
  declare owner: Owner;
  /** What it reports to. */
  declare readonly hooks: SessionHooks<Session<Owner>>;
  /** Its part in resumption; `undefined`: it does not outlive its transport. */
  declare readonly resumption: SessionResumption<Session<Owner>> | undefined;
  declare protected readonly input: SessionInput<Session<Owner>>;
  declare protected readonly output: SessionOutput;

  /** What was told of output that is held; `undefined`: nothing yet. */
  #held: HeldOutput | undefined = undefined;

  constructor(init: SessionInit<Session<Owner>>) {
    super();
    this.connection = new Connection(init.context, init.cid, this, init.conntype);
    this.transport = init.transport;
    this.connection.sslSeclevel = init.transport.sslSeclevel;
    this.connection.inMessages = init.transport.inMessages === true;
    this.hooks = init.hooks;
    this.options = init.options;
    const { resumable } = init;
    this.resumption = resumable && new SessionResumption(this, resumable.transport, resumable.hooks);
    this.input = new SessionInput(this);
    this.output = new SessionOutput(this);
  }

  /** Whom it shares its part of the event loop with. */
  get share(): unknown {
    return this.hooks.shareOf(this);
  }

  // Methods are private to the compiler only: for those of the language, each connection would have a field.
  private getEnding(): SessionEnding<Session<Owner>> {
    this.changes();
    this.ending ??= new SessionEnding<Session<Owner>>(this, this.input, this.output, (reason) =>
      this.reject(reason),
    );
    return this.ending;
  }

  private getWatch(): PeerWatch {
    this.watch ??= new PeerWatch(this);
    return this.watch;
  }

  private dropWatch(): void {
    if (this.watch?.over === true) this.watch = undefined;
  }

  /**
   * Starts the deadline for the handshake and the exchange of bytes.
   *
   * @param spent - seconds of the deadline that are over, e.g. for TLS.
   */
  start(spent = 0): void {
    this.hooks.started(this);
    // A handler may have closed it already.
    if (this.open) this.getWatch().begin(spent);
    this.transport.start(this);
  }

  // ---- from the transport -----------------------------------------------------------------------

  ready(): void {
    this.output.phase = "ready";
    this.connection.sslSeclevel = this.transport.sslSeclevel;
    if (!this.open) {
      this.writeOut();
      return;
    }
    this.getWatch().ready();
    // What it says is flushed here, not with the next batch.
    this.input.around(() => {
      try {
        this.connection.open();
      } catch (error) {
        this.fail(error, "open");
      }
    });
    this.writeOut();
  }

  refused(error: Peng3dnetError): void {
    this.output.phase = "ready";
    this.connection.sslSeclevel = this.transport.sslSeclevel;
    this.fail(error, "handshake");
    this.writeOut();
  }

  readTarget(): Uint8Array | undefined {
    return this.open ? this.connection.readTarget : undefined;
  }

  data(chunk: Uint8Array): void {
    this.changes();
    this.bytesIn += chunk.length;
    if (!this.open) {
      this.ending?.passOver(chunk);
      return;
    }
    this.watch?.heard(chunk.length);
    try {
      this.hooks.receiveData(this, chunk);
    } catch (error) {
      this.fail(error, "receiveData");
    }
  }

  holds(bytes: number): void {
    this.input.heldByTransport(bytes);
  }

  ended(): void {
    // Nothing more can come; what came may take its time to be processed.
    this.allCame();
    this.getEnding().ended();
  }

  drained(): void {
    this.changes();
    this.output.progressed();
  }

  closed(error: Error | undefined): void {
    this.allCame();
    this.getEnding().closed(error);
  }

  crashed(error: unknown): void {
    this.hooks.handlerFailed(error, "connection");
    try {
      if (!this.over) this.getEnding().error ??= toError(error);
      this.destroy("internalerror");
    } catch (second) {
      this.hooks.handlerFailed(second, "connection");
    }
  }

  // ---- input ------------------------------------------------------------------------------------

  /** Takes bytes from the peer and processes the packets that are whole. */
  receive(chunk: Uint8Array): void {
    this.changes();
    if (this.open) this.input.receive(chunk);
  }

  /** As {@link SessionInput.dispatchRaw}. */
  dispatchRaw(raw: Uint8Array): boolean {
    this.changes();
    return this.input.dispatchRaw(raw);
  }

  /** As {@link SessionInput.enqueued}. */
  enqueued(bytes: number, total: number): void {
    this.input.enqueued(bytes, total);
  }

  /** As {@link SessionInput.dequeued}. */
  dequeued(bytes: number): void {
    this.changes();
    this.input.dequeued(bytes);
  }

  pause(): void {
    this.input.pause();
  }

  resume(): void {
    this.input.resume();
  }

  worked(): void {
    this.ending?.passOver();
    if (this.connection.hasOutput) this.writeOut();
    // Handlers may have run, and more input may wait for its turn.
    this.changes();
  }

  heard(): void {
    this.watch?.heard();
  }

  /** Nothing more can come of the peer: it has only its handshake to complete, by what came. */
  private allCame(): void {
    this.watch?.allCame();
    this.heartbeat?.stop();
  }

  judgeNoMore(): void {
    this.watch?.greeted();
    this.allCame();
  }

  /** Once the peer's stream or the transport has ended and all that came is processed: closes. */
  settle(): void {
    this.ending?.settle();
  }

  // ---- output -----------------------------------------------------------------------------------

  unsentHeld(bytes: number): void {
    const unsent = bytes < NEGLIGIBLE && !this.suspended ? 0 : bytes;
    if (unsent === 0 && this.#held === undefined) return;
    this.getHeld().unsent = unsent;
    this.tellUnsent();
  }

  keptHeld(bytes: number): void {
    this.changes();
    this.getHeld().kept = bytes;
    this.tellUnsent();
  }

  private getHeld(): HeldOutput {
    this.#held ??= { unsent: 0, kept: 0, told: 0 };
    return this.#held;
  }

  private tellUnsent(): void {
    const held = this.#held;
    if (held === undefined) return;
    // What is broken off is freed, and counts no more: else others would have to go for it.
    const noted = this.over || this.output.brokenOff ? 0 : held.unsent + held.kept;
    if (noted === held.told) return;
    held.told = noted;
    this.hooks.unsentHeld(this, noted);
  }

  flushedByCaller(call: () => void): void {
    if (this.input.working) call();
    else this.input.around(call);
  }

  /** Hands the output gathered so far to the transport. */
  writeOut(): void {
    this.hooks.outputLeaves?.();
    this.output.flush();
  }

  /** `sendMessage` returned false: a `drain` has to follow. */
  noteHighWater(): void {
    this.output.noteHighWater();
  }

  /** Flushes with the next batch. */
  scheduleFlush(): void {
    this.hooks.scheduleFlush(this);
  }

  inLaterTurn(call: () => void): void {
    this.hooks.inLaterTurn(call);
  }

  /**
   * Resolves once everything accepted so far is with the kernel.
   *
   * @throws {@link ConnectionLostError} if the connection ends before.
   */
  flush(options: WaitOptions = {}): Promise<void> {
    this.changes();
    return optional(this.output.flushed(options));
  }

  outputDrained(): void {
    this.hooks.drained(this);
  }

  outputWritten(): void {
    this.ending?.finishOutput();
  }

  outputStuck(error: Peng3dnetError): void {
    this.abort(error);
  }

  // ---- from line to line ------------------------------------------------------------------------

  get inPieces(): boolean {
    return this.output.inPieces;
  }

  forgetBacklog(): void {
    this.output.lineBroken();
  }

  stopWatches(): void {
    this.watch?.pause();
    this.heartbeat?.pause();
    this.output.cancelDeadline();
    this.input.stopWatching();
  }

  goOnWatching(): void {
    this.output.lineRestored();
    if (!this.open) return;
    this.getWatch().goOn();
    this.dropWatch();
    this.heartbeat?.goOn();
    this.input.goOnWatching();
  }

  /** Bytes of packets that were received and not worked off: those in the queue, and what came behind them. Copies. */
  get pendingInput(): readonly Uint8Array[] {
    return [...this.hooks.queuedOf(this), ...this.input.pending];
  }

  /** Ends here without a word, since another program goes on with it. @param kept - gets what is still to be sent. */
  leave(kept: KeptBytes): void {
    this.output.moveTo(kept);
    this.resumption?.transport.release().cut();
    this.destroy("saved");
  }

  /** Goes on with one that another program has left, once there is a line. @param pending - what that had not worked off. */
  restore(saved: SavedConnection, received: number, kept: KeptBytes, pending: Uint8Array): void {
    this.changes();
    this.connection.restore(saved);
    this.connection.push(pending);
    this.resumption?.restore(received, kept);
    this.output.phase = "ready";
    this.transport.start(this);
  }

  /** One that another program has left has its line. */
  restored(): void {
    this.changes();
    this.connection.sslSeclevel = this.transport.sslSeclevel;
    this.handshakeComplete();
  }

  outputWaits(unsent: number): void {
    this.resumption?.outputWaits(unsent);
  }

  // ---- closing ----------------------------------------------------------------------------------

  /**
   * Closes: what was accepted is delivered, then the reason. Reads on and discards until the peer's end or the
   * deadline, and ends its own stream then: a Python server forgets what it has not worked off as soon as it sees the
   * end (clause 5.9).
   */
  close(reason: string | null = null, options: WaitOptions = {}): Promise<CloseInfo> {
    const invalid = waitError(options) ?? reasonError(reason);
    if (invalid !== undefined) return optional(Promise.reject(invalid));
    this.getEnding().close(reason);
    return optional(this.waitForClose(options));
  }

  /** Resolves when it is closed. */
  waitForClose(options: WaitOptions): Promise<CloseInfo> {
    return this.getEnding().wait(options);
  }

  /**
   * Ends the connection because of an error, telling the peer its reason. Any error but a peer's fault is one
   * of an overridden step of receiving: what it did not pass on is lost, so that the connection cannot go on.
   *
   * @param where - the step, for `handlerError`.
   */
  fail(error: unknown, where: string): void {
    this.getEnding().fail(error, where);
  }

  /** As {@link Session.fail}, once `result` rejects: an overridden step of receiving may be asynchronous. */
  failIfRejected(result: unknown, where: string): void {
    whenRejected(result, (error) => this.fail(error, where));
  }

  /** Ends the connection at once, without another word. */
  abort(error: Peng3dnetError): void {
    this.getEnding().abort(error);
    this.tellUnsent();
  }

  /** Ends it now, whatever is unsent or unprocessed. */
  destroy(reason: string | null): void {
    this.getEnding().destroy(reason);
  }

  measured(seconds: number): void {
    this.hooks.roundTrip(this, seconds);
  }

  /** The peer gives no sign of life, in spite of heartbeats. */
  lost(error: HeartbeatTimeoutError): void {
    if (this.resumption?.outlives === true) this.resumption.transport.suspend(error);
    else giveUp(this, error, "heartbeat");
  }

  // ---- from the protocol ------------------------------------------------------------------------

  outputPending(): void {
    this.changes();
    if (!this.input.working) this.hooks.scheduleFlush(this);
  }

  outputFull(): void {
    this.changes();
    if (this.hooks.gathering && !this.connection.full) return;
    this.output.flush(true);
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

  settypeExchanged(): void {
    this.heartbeat = this.hooks.heartbeats.make(this);
    this.heartbeat?.settypeExchanged();
  }

  registrySent(): void {
    this.heartbeat?.registrySent();
  }

  handshakeComplete(): void {
    this.watch?.greeted();
    this.dropWatch();
    this.greeted = true;
    this.hooks.handshakeComplete(this);
    if (!this.open) return;
    // One that another program has left had its handshake there.
    this.heartbeat ??= this.hooks.heartbeats.make(this);
    this.heartbeat?.begin();
    // Its last packet may have come before the line broke, and be worked off only now.
    if (this.suspended) this.heartbeat?.pause();
  }

  heartbeatReceived(id: number, body: unknown, length: number): void {
    this.watch?.heardControl(length);
    this.resumption?.transport.controlReceived(length);
    this.heartbeat?.received(id, body);
  }

  acknowledged(received: number, length: number): void {
    this.watch?.heardControl(length);
    this.resumption?.acknowledged(received, length);
  }

  ticketReceived(ticket: Uint8Array, window: number, length: number): void {
    this.resumption?.ticketReceived(ticket, window, length);
  }

  resumeAsked(request: ResumeRequest): void {
    // The connection has refused it where no sessions are kept.
    this.resumption?.hooks.asked?.(this, request);
  }

  received(entry: PacketEntry, msg: unknown): void {
    this.hooks.received(this, entry, msg);
  }

  sent(ptype: PacketRef, data: unknown, packet?: Uint8Array): void {
    this.hooks.sent(this, ptype, data, packet);
  }

  closeReceived(reason: string | null): void {
    this.getEnding().closeReceived(reason);
  }

  handlerFailed(error: unknown, where: string): void {
    this.hooks.handlerFailed(error, where);
  }

  payloadDropped(error: InvalidPayloadError, packet: string): void {
    this.hooks.payloadDropped(error, packet);
  }

  ignored(message: string, why: string, packet?: string): void {
    this.reject(why);
    this.hooks.ignored(message, why, packet);
  }
}
