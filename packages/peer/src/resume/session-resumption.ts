import {
  type Connection,
  encodeAcknowledgement,
  type Peng3dnetError,
  ResumeError,
  type ResumeRequest,
} from "@peng3dnet/protocol";
import type { Clock } from "../time/clock.js";
import type { Runnable, RunQueue } from "../turns/run-queue.js";
import type { AcknowledgementSchedule, Acknowledging } from "./acknowledgement-schedule.js";
import type { KeptBytes } from "./kept-bytes.js";
import type { ResumableHost, SentAgain } from "./resumable-host.js";
import type { ResumableTransport } from "./resumable-transport.js";

/** What resumption needs of a session. */
export interface ResumingSession {
  readonly connection: Connection;
  readonly hooks: { readonly turns: RunQueue };
  /** Whom it shares its part of the event loop with. */
  readonly share: unknown;
  readonly options: {
    readonly clock: Clock;
    readonly resumeBytes: number;
    readonly unsentLimit: number;
  };
  /** Whether output that was begun goes on with the next piece. */
  readonly inPieces: boolean;
  /** Whether packets can still be exchanged: one that closes passes over what comes. */
  readonly open: boolean;
  /** Whether the other side is not listened to at the moment. */
  readonly blocked: boolean;
  /** Whether something is still to be exchanged: it is open, or closes and the other side does not know yet. */
  readonly unfinished: boolean;
  /** Whether the end of the other side's stream is its answer to a close: all is with the line. */
  readonly endIsAnswer: boolean;
  /** Its numbers are about to change. */
  changes(): void;
  /** So much memory is held for bytes that are not acknowledged. */
  keptHeld(bytes: number): void;
  /** So many bytes are unsent. */
  unsentHeld(bytes: number): void;
  /** The line broke: what it had not sent is gone with it. */
  forgetBacklog(): void;
  /** Flushes with the next batch. */
  scheduleFlush(): void;
  /** Does something whose output the caller flushes. */
  flushedByCaller(call: () => void): void;
  /** Flushes now. */
  writeOut(): void;
  /** Something threw that has no right to. */
  crashed(error: unknown): void;
  /** Judges the other side no more: it cannot be heard. */
  stopWatches(): void;
  /** The other side can be heard again. */
  goOnWatching(): void;
}

/** What a peer does itself of what its sessions report of resumption. */
export interface ResumptionHooks<Session> {
  readonly schedule: AcknowledgementSchedule;
  /** Whether nobody can come back any more, since all is about to end. */
  readonly ending?: boolean;
  /** On a server: both sides take part. */
  begin?(session: Session): void;
  /** On a client: the server gave a ticket. */
  ticketReceived?(session: Session, ticket: Uint8Array, window: number): void;
  /** On a server: a connection asks to go on with another one's session. @throws an error with a `closeReason` if it cannot. */
  asked?(session: Session, request: ResumeRequest): void;
  suspended(session: Session, error: Error | undefined): void;
  /** @param seconds - how long it was suspended. */
  resumed(session: Session, again: SentAgain, seconds: number): void;
  /** It is over. @param unheard - what this side has closed it with, if the other side does not know. */
  ended(session: Session, unheard?: string): void;
}

/** One session's part in resumption: says whether it outlives a break, and acknowledges what comes. */
export class SessionResumption<Session extends ResumingSession> implements ResumableHost, Acknowledging {
  readonly transport: ResumableTransport;
  readonly hooks: ResumptionHooks<Session>;
  scheduled = false;
  readonly #session: Session;
  /** Whether the client has a ticket, as far as this side knows. */
  #ticketed = false;
  /** Since when it is suspended, in milliseconds by the clock; `undefined`: it is not. */
  #since: number | undefined = undefined;
  /** What was pending then, in bytes. */
  #pendingThen = 0;

  constructor(session: Session, transport: ResumableTransport, hooks: ResumptionHooks<Session>) {
    this.#session = session;
    this.transport = transport;
    this.hooks = hooks;
    transport.host = this;
  }

  /** Whether the line is broken, and another one waited for. */
  get suspended(): boolean {
    return this.transport.suspended;
  }

  /** How long it has been suspended, or was when it ended, in seconds; `undefined`: it is not. */
  get suspendedFor(): number | undefined {
    return this.#since === undefined ? undefined : (this.#session.options.clock.now() - this.#since) / 1000;
  }

  /** Both sides may take part: what is sent from now on is kept. */
  begin(): void {
    const { resumeBytes, unsentLimit } = this.#session.options;
    const limits = { window: resumeBytes, deaf: Math.max(resumeBytes, unsentLimit) };
    this.transport.keep(limits, this.#session.connection.context.pool);
    this.hooks.begin?.(this.#session);
  }

  /** Goes on where another program was, once there is a line. */
  restore(received: number, kept: KeptBytes): void {
    this.transport.restore(received, kept);
    this.#since = this.#session.options.clock.now();
    this.begin();
    this.ticketed();
  }

  /** The client has its ticket, or will have it by the time that it could use one. */
  ticketed(): void {
    this.#ticketed = true;
  }

  /** On a client: the server gave a ticket. */
  ticketReceived(ticket: Uint8Array, window: number, length: number): void {
    this.transport.controlReceived(length);
    this.#ticketed = true;
    this.hooks.ticketReceived?.(this.#session, ticket, window);
  }

  /** The other side has received the stream up to `offset`. @throws an error with a `closeReason` if that cannot be. */
  acknowledged(offset: number, length: number): void {
    this.transport.controlReceived(length);
    this.transport.acknowledgedUpTo(offset);
  }

  get outlives(): boolean {
    const { transport, hooks } = this;
    return this.#ticketed && transport.keeping && this.#session.unfinished && hooks.ending !== true;
  }

  /** Whether the other side could go on with it now, over another line. */
  get canGoOn(): boolean {
    return this.outlives && !this.transport.over;
  }

  /** Bytes of this side's stream that the other one has not acknowledged, or was not sent yet. */
  pending(unsent: number): number {
    return unsent + this.transport.keptBytes;
  }

  /** The other side does not come back: what came of it before is still worked off. */
  giveUp(error: Peng3dnetError): void {
    this.transport.giveUp(error);
  }

  get endIsAnswer(): boolean {
    return this.#session.endIsAnswer;
  }

  /** Whether the other side has all that was sent, as far as it says so: before the handshake is complete, it does not. */
  get allAcknowledged(): boolean {
    return !this.#session.connection.active || this.transport.keptBytes === 0;
  }

  /** The other side closes: it takes the end of this side's stream for an answer only once it knows that all came. */
  acknowledgeClose(): void {
    const { transport } = this;
    const { connection } = this.#session;
    // Never past what waits: a side that closes waits for no acknowledgements any more.
    if (connection.active && transport.keeping && !transport.suspended)
      connection.sendAcknowledgement(transport.acknowledging());
  }

  get blocked(): boolean {
    return this.#session.blocked || !this.#session.open;
  }

  get inPacket(): boolean {
    return this.#session.inPieces;
  }

  lineBroken(error: Error | undefined): void {
    this.#session.changes();
    // What the line still had is kept as well, and counts once.
    this.#session.forgetBacklog();
    const { connection, options } = this.#session;
    this.#pendingThen = this.pending(connection.unsent);
    // Who heeds the mark is to reach it well before too much has piled up.
    const room = connection.unsent + options.resumeBytes / 2;
    connection.reserved = Math.max(0, connection.context.highWater - room);
    // Nothing is taken now, of whatever turn it is.
    connection.waiting = Number.POSITIVE_INFINITY;
    this.#since = this.#session.options.clock.now();
    this.hooks.schedule.delete(this);
    this.#session.stopWatches();
    this.hooks.suspended(this.#session, error);
  }

  lineRestored(again: SentAgain): void {
    const seconds = this.suspendedFor ?? 0;
    this.#session.changes();
    this.#since = undefined;
    this.#session.connection.reserved = 0;
    this.#session.connection.waiting = 0;
    this.#session.goOnWatching();
    // It goes with this line, and counts again if that does not take it.
    this.#session.unsentHeld(0);
    this.hooks.resumed(this.#session, again, seconds);
  }

  /** Counts all that it holds while it is suspended, however little: there may be thousands of them. */
  tellAllHeld(): void {
    if (!this.suspended) return;
    this.#session.unsentHeld(this.#session.connection.unsent);
    this.transport.tellAllHeld();
  }

  /** So many bytes wait for another line: too many of them end it. */
  outputWaits(unsent: number): void {
    const piled = this.pending(unsent) - this.#pendingThen;
    const { connection, options } = this.#session;
    if (piled <= options.resumeBytes) return;
    // Nothing more can be sent, while what came before is still handled.
    connection.markClosing("resumeoverflow");
    this.giveUp(
      new ResumeError(
        `${piled} bytes piled up while the connection was suspended, more than net.resume.bytes`,
        "resumeoverflow",
      ),
    );
  }

  acknowledgementDue(now: boolean): void {
    if (now) this.acknowledge();
    else this.hooks.schedule.add(this);
  }

  acknowledgeAlong(): void {
    this.#session.flushedByCaller(() => this.acknowledge());
  }

  flush(): void {
    if (this.#session.connection.hasOutput) this.#session.writeOut();
  }

  /** Acknowledges what came, unless it was acknowledgements alone after all, e.g. one that came in pieces. */
  acknowledgeIfOwed(): void {
    if (!this.transport.owes) return;
    try {
      this.acknowledge();
    } catch (error) {
      // A codec of the application: others wait for the same timer.
      this.#session.crashed(error);
    }
  }

  acknowledge(): void {
    const { transport } = this;
    const { connection } = this.#session;
    if (!connection.active || connection.closing || transport.suspended) return;
    if (!transport.holdsBack) {
      connection.sendAcknowledgement(transport.acknowledging());
      return;
    }
    // What waits in the connection may wait for just this from the other side.
    this.#session.changes();
    const packet = encodeAcknowledgement(transport.received);
    if (transport.writePast(packet)) transport.acknowledging();
  }

  get share(): unknown {
    return this.#session.share;
  }

  keptHeld(bytes: number): void {
    this.#session.keptHeld(bytes);
  }

  othersFirst(runnable: Runnable): boolean {
    const { turns } = this.#session.hooks;
    turns.look();
    if (turns.spent) turns.add(runnable, "costly");
    return turns.spent;
  }

  flushSoon(): void {
    this.#session.scheduleFlush();
  }

  /** The session is over. @param unheard - what this side has closed it with, if the other side does not know. */
  end(unheard?: string): void {
    this.hooks.schedule.delete(this);
    this.hooks.ended(this.#session, unheard);
  }
}
