import { inspect as format } from "node:util";
import {
  type Cid,
  type CloseInfo,
  Connection,
  type ConnectionHost,
  ConnectionLostError,
  closeReasonOf,
  HandshakeTimeoutError,
  IdleTimeoutError,
  type InvalidPayloadError,
  type PacketEntry,
  type PacketRef,
  Peng3dnetError,
} from "@peng3dnet/protocol";
import { Deadline } from "./deadline.js";
import { IdleWatch, type Watched } from "./idle-watch.js";
import { Intake } from "./intake.js";
import { type Metrics, RejectionCounter } from "./metrics.js";
import { SessionEnding } from "./session-ending.js";
import type { SessionHooks, SessionInit, SessionOptions } from "./session-hooks.js";
import { type OutputHost, SessionOutput } from "./session-output.js";
import type { Transport, TransportHandler } from "./transport.js";
import { Outcome, type WaitOptions } from "./waiting.js";

/** Packets after which a connection lets others have a turn. */
const PACKETS_PER_TURN = 4096;

type Phase = "open" | "closing" | "closed";

/** Refuses what the peer would find fault with. @throws {TypeError} */
export function checkReason(reason: unknown): void {
  if (reason !== null && typeof reason !== "string") {
    throw new TypeError(`a reason is a string or null, and not ${format(reason)}`);
  }
}

/**
 * One connection in operation: joins the protocol's {@link Connection} with a transport, keeps the
 * deadlines, and sees to it that a close loses nothing.
 *
 * Its loop: `data` → `receive` → `#pump` (packet by packet) → `flush`.
 */
export class Session<Owner = unknown> implements ConnectionHost, TransportHandler, OutputHost, Watched {
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

  readonly #hooks: SessionHooks<Owner>;
  readonly #output: SessionOutput;
  /** Until the handshake is complete, and then, in a close, until that is. */
  #deadline: Deadline | undefined = undefined;
  #idle: IdleWatch | undefined = undefined;
  #intake: Intake | undefined = undefined;
  #ending: SessionEnding | undefined = undefined;
  #rejections: RejectionCounter | undefined = undefined;

  #phase: Phase = "open";
  #pumping = false;
  #yielding = false;
  #turnStart = 0;

  constructor(init: SessionInit<Owner>) {
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

  /** Packets that wait for `process`. */
  get queuedPackets(): number {
    return this.#intake?.packets ?? 0;
  }

  /** Bytes of these packets. */
  get queuedBytes(): number {
    return this.#intake?.bytes ?? 0;
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

  #getIntake(): Intake {
    this.#intake ??= new Intake(this.options);
    return this.#intake;
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
      const left = handshakeTimeout === 0 ? 0 : Math.max(handshakeTimeout - spent, 0.001);
      this.#armDeadline(left, () => this.#handshakeExpired());
    }
    this.transport.start(this);
  }

  // ---- from the transport -----------------------------------------------------------------------

  ready(): void {
    this.#output.phase = "ready";
    this.connection.sslSeclevel = this.transport.sslSeclevel;
    if (this.#phase !== "open") {
      this.flush();
      return;
    }
    const { clock, idleTimeout } = this.options;
    if (idleTimeout > 0) this.#idle = new IdleWatch(clock, idleTimeout, this);
    // What it says is flushed here, not with the next batch.
    this.#pumping = true;
    try {
      this.connection.open();
    } finally {
      this.#pumping = false;
    }
    this.flush();
  }

  refused(error: Peng3dnetError): void {
    this.#output.phase = "ready";
    this.connection.sslSeclevel = this.transport.sslSeclevel;
    this.fail(error, "handshake");
    this.flush();
  }

  room(): Uint8Array | undefined {
    return this.#phase === "open" ? this.connection.vacancy : undefined;
  }

  data(chunk: Uint8Array): void {
    this.bytesIn += chunk.length;
    // A closing connection reads on and discards: unread input would make the kernel drop what was sent.
    if (this.#phase !== "open") return;
    this.#idle?.heard();
    try {
      this.#hooks.receiveData(this, chunk);
    } catch (error) {
      this.fail(error, "receiveData");
    }
  }

  ended(): void {
    this.#getEnding().peerEnded = true;
    // Nothing more can come; what came may take its time to be processed.
    this.#cancelIdle();
    this.#settleInput();
  }

  drained(): void {
    this.#output.progressed();
  }

  closed(error: Error | undefined): void {
    const ending = this.#getEnding();
    ending.gone = true;
    this.#output.phase = "gone";
    this.#output.cancelDeadline();
    this.#cancelIdle();
    if (this.#phase === "open" && error !== undefined) {
      ending.error =
        error instanceof Peng3dnetError
          ? error
          : new ConnectionLostError(`the connection was lost: ${error.message}`, { cause: error });
    }
    this.connection.markClosing(ending.reason ?? "socketclose");
    this.#settleInput();
  }

  // ---- the loop ---------------------------------------------------------------------------------

  /** Takes bytes from the peer and processes the packets that are whole. */
  receive(chunk: Uint8Array): void {
    if (this.#phase !== "open") return;
    this.connection.push(chunk);
    this.#pump();
    if (this.connection.incomplete && this.transport.reusesChunks) this.connection.retain();
    if (this.connection.packetsIn - this.#turnStart > PACKETS_PER_TURN) this.#yieldTurn();
  }

  #pump(): void {
    // A handler may feed data in; the loop that called the handler goes on with it.
    if (this.#pumping) return;
    this.#pumping = true;
    const { connection } = this;
    const hooks = this.#hooks;
    try {
      while (!this.blocked && this.#phase === "open" && connection.next()) {
        if (hooks.direct) connection.dispatch();
        else hooks.takePacket(this);
      }
    } catch (error) {
      this.fail(error, "processSinglePacket");
    }
    this.#pumping = false;
    if (this.connection.hasOutput) this.flush();
    this.#settleInput();
  }

  /** Processes a packet that was queued. */
  dispatchRaw(raw: Uint8Array): void {
    if (this.#phase !== "open") return;
    try {
      this.connection.dispatchRaw(raw);
    } catch (error) {
      this.fail(error, "process");
    }
  }

  /** Lets other connections have a turn before this one reads on. */
  #yieldTurn(): void {
    this.#turnStart = this.connection.packetsIn;
    if (this.#yielding || this.#phase !== "open") return;
    this.#yielding = true;
    this.transport.pause();
    setImmediate(() => {
      this.#yielding = false;
      if (!this.blocked) this.transport.resume();
    });
  }

  /** Counts a packet that waits for `process`, and stops reading while there are too many. */
  enqueued(bytes: number): void {
    if (this.#getIntake().enqueued(bytes)) this.transport.pause();
  }

  /** Whether no packet is taken up, because those before have not been consumed. */
  get blocked(): boolean {
    return this.#intake?.blocked === true;
  }

  /** Stops taking up packets until as many calls of `unhold`. */
  hold(): void {
    this.#getIntake().hold();
    if (this.#phase === "open") this.transport.pause();
  }

  /** Takes up packets again. */
  unhold(): void {
    this.#getIntake().unhold();
    this.#resume();
  }

  #resume(): void {
    if (this.blocked) return;
    // The peer was not silent, but not listened to.
    this.#idle?.heard();
    this.#pump();
    if (!this.blocked && !this.#yielding) this.transport.resume();
  }

  /** A packet that waited was processed: reads on once half of the room is free. */
  dequeued(bytes: number): void {
    const intake = this.#getIntake();
    if (intake.dequeued(bytes)) this.#resume();
    if (intake.packets === 0) this.#settleInput();
  }

  /** Once the peer's stream or the transport has ended and all that came is processed: closes. */
  #settleInput(): void {
    const ending = this.#ending;
    if (ending === undefined || !(ending.peerEnded || ending.gone)) return;
    if (this.#phase === "open") {
      if (this.queuedPackets > 0 || this.blocked || this.#pumping) return;
      if (this.connection.incomplete && ending.error === undefined) {
        ending.error = new ConnectionLostError("the peer ended the connection within a packet");
      }
      this.#beginClose((ending.error as Peng3dnetError | undefined)?.closeReason ?? "socketclose");
    }
    if (ending.gone) this.#finish();
  }

  // ---- output -----------------------------------------------------------------------------------

  /** Hands the output gathered so far to the transport. */
  flush(): void {
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
  flushed(options: WaitOptions): Promise<void> {
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
   * Closes: what was accepted is delivered, then the reason, then the end of the stream. Reads on and
   * discards until the peer's end or the deadline.
   */
  close(reason: string | null, options: WaitOptions = {}): Promise<CloseInfo> {
    checkReason(reason);
    if (this.#phase === "open") {
      this.connection.sendClose(reason);
      this.#beginClose(reason);
    }
    return this.waitForClose(options);
  }

  /** Resolves when it is closed. */
  waitForClose(options: WaitOptions): Promise<CloseInfo> {
    const ending = this.#getEnding();
    ending.outcome ??= new Outcome(this.options.clock);
    if (ending.info !== undefined) ending.outcome.settle(ending.info);
    return ending.outcome.wait(options, "the connection to close");
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
    this.#getEnding().error = error instanceof Error ? error : new Error(String(error));
    this.connection.sendClose(reason);
    this.#beginClose(reason);
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
    this.connection.discardInput();
    this.#cancelDeadline();
    this.#cancelIdle();
    if (ending.gone) {
      // Not at once: this may be within a handler of this connection.
      queueMicrotask(() => this.#finish());
      return;
    }
    this.#armDeadline(this.options.closeTimeout, () => this.transport.destroy());
    if (!ending.peerEnded) this.transport.resume();
    this.flush();
  }

  /** All is written: ends the stream. */
  #finishOutput(): void {
    const ending = this.#getEnding();
    if (ending.streamEnded || this.#output.phase !== "ready" || !this.#output.empty) return;
    ending.streamEnded = true;
    this.transport.end();
  }

  #finish(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#cancelDeadline();
    this.#cancelIdle();
    const ending = this.#getEnding();
    const { reason, error } = ending;
    const delivered = ending.streamEnded && this.connection.unsent === 0;
    this.#output.finish(reason, error);
    const announced = ending.announced || reason !== "socketclose";
    const clean = announced && delivered && ending.peerEnded && error === undefined;
    const info: CloseInfo = { reason, error, clean };
    ending.info = info;
    if (error !== undefined && reason !== null) this.#reject(reason);
    this.connection.markClosed();
    this.#hooks.closed(this, info);
    ending.outcome?.settle(info);
  }

  // ---- deadlines --------------------------------------------------------------------------------

  #armDeadline(seconds: number, expired: () => void): void {
    this.#deadline = Deadline.start(this.options.clock, seconds, expired);
  }

  #cancelDeadline(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  #handshakeExpired(): void {
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

  payloadDropped(error: InvalidPayloadError): void {
    this.#hooks.payloadDropped(error);
  }

  ignored(message: string, why: string): void {
    this.#reject(why);
    this.#hooks.ignored(message, why);
  }

  #reject(reason: string): void {
    this.#rejections ??= new RejectionCounter();
    this.#rejections.add(reason);
  }
}
