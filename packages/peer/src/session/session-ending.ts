import {
  type CloseInfo,
  type Connection,
  ConnectionLostError,
  closeReasonOf,
  isInstance,
  NotPeng3dnetError,
  type Peng3dnetError,
  ResumeError,
  TlsHandshakeError,
  toError,
} from "@peng3dnet/protocol";
import { Deadline } from "../time/deadline.js";
import { Deferred } from "../time/deferred.js";
import type { WaitOptions } from "../time/wait-options.js";
import type { Transport } from "../transport/transport.js";
import { lostBy } from "./lost-by.js";
import type { SessionHooks, SessionOptions } from "./session-hooks.js";
import type { InputHost, SessionInput } from "./session-input.js";
import type { SessionOutput } from "./session-output.js";

/**
 * Whether the peer broke a transport off without an end before, so that nobody is owed what came. Systems give another error where
 * its stream had ended, be that end read or not.
 */
function isReset(error: Error | undefined): boolean {
  return (error as { code?: unknown } | undefined)?.code === "ECONNRESET";
}

/** What an ending needs of a session's resumption. */
interface EndingResumption {
  readonly transport: { drop(): void };
  /** Whether the peer has all that was sent, as far as it says so. */
  readonly allAcknowledged: boolean;
  /** The peer closes, and is to know that all came. */
  acknowledgeClose(): void;
  /** The session is over. @param unheard - what this side has closed it with, if the peer does not know. */
  end(unheard?: string): void;
}

/** What an ending needs of its session. */
export interface EndingHost<Session> extends InputHost<Session> {
  readonly connection: Connection;
  readonly transport: Transport;
  readonly options: SessionOptions;
  readonly hooks: SessionHooks<Session>;
  readonly resumption: EndingResumption | undefined;
  /** So many bytes are unsent. */
  unsentHeld(bytes: number): void;
  /** The peer is judged no more, for its handshake and for its silence. */
  judgeNoMore(): void;
}

/**
 * How a session comes to its end, and all steps on the way there. Made when something first points to that: an idle session
 * has none, and one without an ending is open.
 */
export class SessionEnding<Session extends EndingHost<Session>> {
  /** How far it is: packets can be exchanged; it closes; all is over. */
  phase: "open" | "closing" | "closed" = "open";
  /** What went wrong. */
  error: Error | undefined = undefined;
  /** The transport is gone, but packets that came before may wait for `process`. */
  gone = false;

  readonly #session: Session;
  readonly #input: SessionInput<Session>;
  readonly #output: SessionOutput;
  readonly #reject: (reason: string) => void;
  /** What the close was called, by whichever side began it. */
  #reason: string | null = null;
  /** This side announced the close, to a peer that will answer with its end. */
  #told = false;
  /** The peer announced the close. */
  #announced = false;
  /** The peer ended its stream after it had all, the closing packet included, as far as that can be told. */
  #answered = false;
  /** What the peer sends cannot be cut into packets any more. */
  #deaf = false;
  /** The transport ended with an error. */
  #broken = false;
  /** The peer ended its stream. */
  #peerEnded = false;
  /** All is written, and the stream was ended. */
  #streamEnded = false;
  /** Until the close is complete. */
  #deadline: Deadline | undefined = undefined;
  /** For those who wait until it is closed. */
  #deferred: Deferred<CloseInfo> | undefined = undefined;
  /** What it came to, once it is closed. */
  #info: CloseInfo | undefined = undefined;

  /** @param reject - counts why the session ended. */
  constructor(
    session: Session,
    input: SessionInput<Session>,
    output: SessionOutput,
    reject: (reason: string) => void,
  ) {
    this.#session = session;
    this.#input = input;
    this.#output = output;
    this.#reject = reject;
  }

  /** Whether packets can be exchanged. */
  get open(): boolean {
    return this.phase === "open";
  }

  /** Whether something is still to be exchanged: it is open, or closes and the other side does not know yet. */
  get unfinished(): boolean {
    if (this.phase !== "closing") return this.open;
    return this.#told && !this.#announced && !this.#answered;
  }

  /**
   * Whether the peer's stream would end now as the answer to the closing packet. Whatever stands between both may end it, too, and
   * have bytes that the peer does not have: with resumption, the peer says that all came. That is not asked of one who is at fault.
   */
  get endIsAnswer(): boolean {
    if (this.phase !== "closing" || !this.#output.handedOver) return false;
    if (!this.#told || this.error !== undefined) return true;
    return this.#session.resumption?.allAcknowledged !== false;
  }

  // ---- what begins it ---------------------------------------------------------------------------

  /** Tells the peer, and begins the close, unless one has begun. */
  close(reason: string | null): void {
    if (!this.open) return;
    this.#session.connection.sendClose(reason);
    // That may have been more than may be unsent, so that it was broken off.
    if (!this.open) return;
    this.#told = true;
    this.#begin(reason);
  }

  /** The peer announced that it closes. */
  closeReceived(reason: string | null): void {
    this.#announced = true;
    // Before it closes, since then nothing more is acknowledged.
    if (this.open) this.#session.resumption?.acknowledgeClose();
    this.#begin(reason);
  }

  /** Resolves when it is closed. */
  wait(options: WaitOptions): Promise<CloseInfo> {
    this.#deferred ??= new Deferred(this.#session.options.clock);
    if (this.#info !== undefined) this.#deferred.settle(this.#info);
    return this.#deferred.wait(options, "the connection to close");
  }

  /** An error ends it, and the peer is told its reason. @param where - the step, for `handlerError`. */
  fail(error: unknown, where: string): void {
    const { connection, hooks } = this.#session;
    const known = closeReasonOf(error);
    if (known === undefined) hooks.handlerFailed(error, where);
    if (!this.open) return;
    const reason = known ?? "internalerror";
    this.error = toError(error);
    try {
      connection.sendClose(reason, isInstance(error, ResumeError) ? error.address : undefined);
      if (!this.open) return;
      // Who speaks another protocol, or was not let in by TLS, will not answer.
      this.#told = !(isInstance(error, NotPeng3dnetError) || isInstance(error, TlsHandshakeError));
      this.#begin(reason);
    } catch (second) {
      // A codec or a clock of the application may fail on that, too: the connection ends without a word.
      hooks.handlerFailed(second, "close");
      this.destroy(reason);
    }
  }

  /** Ends it at once, without another word. */
  abort(error: Peng3dnetError): void {
    if (this.phase === "closed") return;
    const { transport, resumption } = this.#session;
    this.error ??= error;
    if (this.open) this.#markClosing(error.closeReason ?? "socketclose");
    transport.destroy();
    this.#output.drop();
    resumption?.transport.drop();
    if (this.gone) this.#finish();
  }

  /** Ends it now, whatever is unsent or unprocessed. */
  destroy(reason: string | null): void {
    if (this.open) this.#markClosing(reason);
    this.#session.transport.destroy();
    if (this.gone) this.#finish();
  }

  /** The peer ended its stream. */
  ended(): void {
    this.#peerEnded = true;
    this.#answered ||= this.#told && this.endIsAnswer;
    this.settle();
    this.finishOutput();
  }

  /** The transport is gone. */
  closed(error: Error | undefined): void {
    this.gone = true;
    this.#input.stopWatching();
    this.#broken = error !== undefined;
    this.#output.phase = "gone";
    this.#output.cancelDeadline();
    if (this.open && error !== undefined) this.error = lostBy(error);
    // A close that was called without a reason has none.
    this.#session.connection.markClosing(this.open ? "socketclose" : this.#reason);
    if (this.open && !this.#peerEnded && isReset(error)) this.#input.wasReset();
    this.settle();
    if (!this.open) return;
    this.#session.hooks.gone(this.#session);
    this.#input.note();
  }

  /** Once the peer's stream or the transport has ended and all that came is processed: closes. */
  settle(): void {
    if (!(this.#peerEnded || this.gone)) return;
    if (this.open) {
      if (this.#input.unprocessed || this.#input.working) return;
      if (this.#session.connection.incomplete && this.error === undefined) {
        this.error = new ConnectionLostError("the peer ended the connection within a packet");
      }
      this.#begin(closeReasonOf(this.error) ?? "socketclose");
    }
    if (this.gone) this.#finish();
  }

  // ---- step by step -----------------------------------------------------------------------------

  /** From here on it closes, whatever is left to be done. */
  #markClosing(reason: string | null): void {
    const { connection, transport } = this.#session;
    this.phase = "closing";
    this.#reason = reason;
    connection.markClosing(reason);
    if (!this.gone) transport.closing?.(reason);
  }

  /** Begins the close: reads on, and sends what is left. */
  #begin(reason: string | null): void {
    const { options, transport } = this.#session;
    this.#markClosing(reason);
    if (!this.#input.working) this.passOver();
    this.#session.judgeNoMore();
    if (this.gone) {
      // Later, since this may be within a handler of this connection.
      queueMicrotask(() => this.#finish());
      return;
    }
    this.#deadline?.cancel();
    this.#deadline = Deadline.start(options.clock, options.closeTimeout, () => transport.destroy());
    if (!this.#peerEnded) transport.resume();
    this.#output.flush();
  }

  /**
   * Throws away what arrives while it closes: unread input would make the kernel drop what was sent. A closing packet
   * of the peer is noticed, so that two that close at once do not wait for each other.
   */
  passOver(chunk?: Uint8Array): void {
    if (this.phase !== "closing" || this.#deaf) return;
    const { connection } = this.#session;
    try {
      if (chunk !== undefined) connection.push(chunk);
      if (connection.passOver()) this.#announced = true;
    } catch {
      // Where the next packet begins cannot be known any more.
      this.#deaf = true;
      connection.discardInput();
    }
    this.#input.note();
    if (this.#announced) this.finishOutput();
  }

  /** Once it closes, all is written, and nothing can be lost by it: ends the stream. */
  finishOutput(): void {
    if (this.phase !== "closing" || this.#streamEnded) return;
    if (this.#output.phase !== "ready" || !this.#output.empty) return;
    if (this.#told && !this.#announced && !this.#peerEnded) return;
    this.#streamEnded = true;
    this.#session.transport.end();
  }

  #finish(): void {
    if (this.phase === "closed") return;
    this.phase = "closed";
    const session = this.#session;
    const { connection, hooks } = session;
    session.unsentHeld(0);
    this.#input.end();
    session.judgeNoMore();
    this.#deadline?.cancel();
    const { error } = this;
    const reason = this.#reason;
    const delivered = this.#streamEnded && !this.#broken;
    this.#output.finish(reason, error);
    const clean = (this.#announced || this.#answered) && delivered && this.#peerEnded && error === undefined;
    const info: CloseInfo = { reason, error, clean };
    this.#info = info;
    // The reason of our own error counts: what a peer chooses must not become a key.
    if (error !== undefined) this.#reject(closeReasonOf(error) ?? "internalerror");
    hooks.over(session);
    const unheard = this.#told && !this.#announced && !this.#answered && error === undefined;
    session.resumption?.end(unheard && reason !== null ? reason : undefined);
    connection.markClosed();
    hooks.closed(session, info);
    this.#deferred?.settle(info);
  }
}
