import { COMPRESSED, type Connection } from "@peng3dnet/protocol";
import type { Transport } from "../transport/transport.js";
import { BRIEF_LENGTH, COSTLY_LENGTH, type Runnable } from "../turns/run-queue.js";
import { InflateLimit } from "./inflate-limit.js";
import type { Pausable } from "./pausable.js";
import { isCompressed, lengthPrefixed, packetIdOf, wireLength } from "./raw-packet.js";
import { ReceiveWindow } from "./receive-window.js";
import type { SessionHooks, SessionOptions } from "./session-hooks.js";

/** What a connection holds below this many bytes is not counted among what all hold together. */
export const NEGLIGIBLE = 4096;

/** What input needs of its session. */
export interface InputHost<Session> extends Pausable {
  readonly connection: Connection;
  readonly transport: Transport;
  readonly options: SessionOptions;
  readonly hooks: SessionHooks<Session>;
  /** Whom it shares its part of the event loop with. */
  readonly share: unknown;
  /** Whether packets can still be exchanged. */
  readonly open: boolean;
  /** Whether the connection is closed for good, so that nothing is held any more. */
  readonly over: boolean;
  /** Whether the transport is gone, so that nothing more can come. */
  readonly gone: boolean;
  /** Its numbers are about to change. */
  changes(): void;
  /** Packets were worked off: what they gave rise to is to be sent. */
  worked(): void;
  /** No packet is being worked off any more: the end of the connection may be due. */
  settle(): void;
  /** The peer was not silent, but not listened to. */
  heard(): void;
  fail(error: unknown, where: string): void;
  crashed(error: unknown): void;
}

/**
 * The input side of a session, and its loop: works off what was received packet by packet, for as long as it has its turn
 * and as consumers keep up, and stops reading otherwise.
 */
export class SessionInput<Session extends InputHost<Session>> implements Runnable {
  readonly #session: Session;
  /** Whether packets are being worked off. */
  #working = false;
  /** Whether it waits for its turn, with input that is not worked off. */
  #queued = false;
  /** What there is to know of input that waits, once some did. */
  #window: ReceiveWindow | undefined = undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Whether packets are being worked off, so that what they give rise to is sent afterwards. */
  get working(): boolean {
    return this.#working;
  }

  /** Packets that wait for `process`. */
  get packets(): number {
    return this.#window?.packets ?? 0;
  }

  /** Bytes of these packets. */
  get bytes(): number {
    return this.#window?.bytes ?? 0;
  }

  /** Whether a consumer of packets asked for a pause. */
  get paused(): boolean {
    return this.#window?.paused === true;
  }

  /** Whether no packet is taken up, because those before have not been consumed. */
  get blocked(): boolean {
    return this.#window?.blocked === true;
  }

  /** Whether something was received that waits to be worked off: a peer is not judged before that is. */
  get unprocessed(): boolean {
    return this.#queued || this.blocked || this.packets > 0;
  }

  // Methods are private to the compiler only: for those of the language, each connection would have a field.

  // ---- the loop ---------------------------------------------------------------------------------

  /** Takes bytes from the peer and works off the packets that are whole. */
  receive(chunk: Uint8Array): void {
    const { connection, transport } = this.#session;
    connection.push(chunk);
    if (!this.#queued) this.work();
    if (connection.incomplete && transport.reusesChunks) connection.retain();
    // Of most connections nothing is left, and then nothing else is looked at: there may be a thousand of them.
    if (connection.inputHeld >= NEGLIGIBLE || this.#window !== undefined) this.note();
  }

  /** Does something that packets give rise to: what it sends is flushed by the caller, as after a batch. */
  around(call: () => void): void {
    this.#working = true;
    try {
      call();
    } finally {
      this.#working = false;
    }
  }

  private work(): void {
    // A handler may feed data in; the loop that called the handler goes on with it.
    if (this.#working) return;
    this.#working = true;
    const session = this.#session;
    const { connection, hooks } = session;
    const { turns } = hooks;
    const before = connection.packetsIn;
    let costly = false;
    try {
      if (this.#window?.kept !== undefined) this.dispatchKept(this.#window);
      while (!turns.spent && !this.blocked && session.open) {
        if (turns.quickOnly && this.costlyNext) {
          costly = true;
          break;
        }
        if (!connection.next()) break;
        const length = connection.packetLength;
        if (length >= COSTLY_LENGTH) turns.look();
        // Those that wait for `process` come first.
        if ((!hooks.direct || this.packets > 0) && !connection.atControl) hooks.takePacket(session);
        else if (hooks.buffers?.full && hooks.buffers.keepsOut(session, connection.packetId)) {
          this.getWindow().kept = connection.rawPacket();
        } else {
          connection.dispatch();
          if (length === COMPRESSED) this.noteInflated();
        }
        turns.after(length);
      }
      // Where it was not looked for another packet, the last one, which may be long, would be held until more comes.
      if (session.open && !connection.unread) connection.next();
    } catch (error) {
      session.fail(error, "processSinglePacket");
    }
    this.#working = false;
    session.worked();
    if ((turns.spent || costly) && !this.blocked && session.open && connection.unread) {
      this.waitForTurn(connection.packetsIn !== before);
    }
    session.settle();
  }

  private dispatchKept(window: ReceiveWindow): void {
    const raw = window.kept as Uint8Array;
    if (window.blocked || !this.#session.open) return;
    window.kept = undefined;
    if (!this.dispatchRaw(raw)) window.kept = raw;
  }

  /** Lets others go on, and this one when it is its turn. */
  private waitForTurn(worked: boolean): void {
    if (this.#queued) return;
    this.#queued = true;
    this.stopReading();
    this.#session.hooks.turns.add(
      this,
      this.costlyNext ? "costly" : worked ? "used" : this.brief ? "brief" : "fresh",
    );
  }

  /** Whether all that was received is worked off in a moment. */
  private get brief(): boolean {
    return this.#session.connection.inputHeld <= BRIEF_LENGTH;
  }

  /** Whether the next packet may take long. */
  private get costlyNext(): boolean {
    const next = this.#session.connection.upcoming;
    return next !== undefined && (next.flags !== 0 || next.length >= COSTLY_LENGTH);
  }

  get share(): unknown {
    return this.#session.share;
  }

  takeTurn(): void {
    this.#queued = false;
    if (!this.#session.open) return;
    this.#session.changes();
    try {
      this.work();
      this.note();
      this.readOn();
    } catch (error) {
      // Others wait for their turn behind this one.
      this.#session.crashed(error);
    }
  }

  // ---- packets that wait for `process` ------------------------------------------------------------

  /**
   * Processes a packet that was queued.
   *
   * @returns false if it has to wait, since there is no room in a buffer of messages.
   */
  dispatchRaw(raw: Uint8Array): boolean {
    const session = this.#session;
    if (!session.open) return true;
    const { buffers } = session.hooks;
    if (buffers?.full && buffers.keepsOut(session, packetIdOf(raw))) return false;
    const { hooks } = session;
    // A handler may process others.
    const before = hooks.queuedLength;
    hooks.queuedLength = wireLength(raw);
    try {
      session.connection.dispatchRaw(raw);
      if (isCompressed(raw)) this.noteInflated();
    } catch (error) {
      session.fail(error, "process");
    }
    hooks.queuedLength = before;
    return true;
  }

  /**
   * Counts a packet that waits for `process`, and stops reading while there are too many.
   *
   * @param total - bytes that wait of all connections.
   */
  enqueued(bytes: number, total: number): void {
    if (this.getWindow().enqueued(bytes, total)) this.stopReading();
  }

  /** A packet that waited was processed: reads on once half of the room is free. */
  dequeued(bytes: number): void {
    const window = this.getWindow();
    if (window.dequeued(bytes)) this.goOn();
    if (window.packets === 0) this.#session.settle();
  }

  /** Bytes that were taken up and not worked off, without the queue for `process`. */
  get pending(): readonly Uint8Array[] {
    const { pendingInput } = this.#session.connection;
    const kept = this.#window?.kept;
    return kept === undefined ? [pendingInput] : [lengthPrefixed(kept), pendingInput];
  }

  // ---- pausing ----------------------------------------------------------------------------------

  /** Stops taking up packets until as many calls of `resume`. */
  pause(): void {
    this.getWindow().pause();
    this.stopReading();
  }

  /** Takes up packets again. */
  resume(): void {
    this.getWindow().resume();
    if (!this.paused) this.#session.hooks.released(this.#session);
    this.goOn();
  }

  /** A body was inflated: takes up no more packets until its rate allows that. */
  private noteInflated(): void {
    const inflating = this.getInflateLimit();
    inflating.inflated(this.#session.connection.inflatedBytes);
    if (inflating.lost) this.dropWaiting(inflating);
  }

  /** The peer is lost, and did not end its stream: what waits until its rate allows more is not waited for. */
  wasReset(): void {
    if (!this.#session.connection.unread) return;
    const inflating = this.getInflateLimit();
    inflating.lost = true;
    this.dropWaiting(inflating);
  }

  private dropWaiting(inflating: InflateLimit): void {
    // Those that wait for `process` came before, and nothing may be missing in between.
    if (!inflating.waits || this.packets > 0) return;
    this.#session.connection.discardInput();
    inflating.release();
  }

  private getInflateLimit(): InflateLimit {
    const { options } = this.#session;
    const window = this.getWindow();
    window.inflating ??= new InflateLimit(options.clock, options.inflatedRate, this.#session);
    return window.inflating;
  }

  /** Stops reading for as long as packets are not consumed. Whether the peer is gone is looked at now and then. */
  private stopReading(): void {
    const { open, gone, transport, options } = this.#session;
    // What is closing is read to its end, and nothing can come of what is gone.
    if (!open || gone) return;
    transport.pause();
    if (transport.probe === undefined) return;
    this.getWindow().watch(options.clock, () => {
      if (this.#session.open) transport.probe?.();
      return this.blocked || this.#queued;
    });
  }

  private goOn(): void {
    if (this.blocked || !this.#session.open) return;
    this.#session.heard();
    this.#session.changes();
    if (!this.#queued) this.work();
    this.note();
    this.readOn();
  }

  private readOn(): void {
    if (!this.blocked && !this.#queued) this.#session.transport.resume();
  }

  private getWindow(): ReceiveWindow {
    this.#window ??= new ReceiveWindow(this.#session.options);
    return this.#window;
  }

  // ---- what it holds ----------------------------------------------------------------------------

  /** The transport holds so many bytes that it has not told. */
  heldByTransport(bytes: number): void {
    if (bytes === 0 && this.#window === undefined) return;
    this.getWindow().inTransport = bytes;
    this.note();
  }

  /** Tells how much memory input takes that is not worked off, if that is much. */
  note(): void {
    const { connection, over, gone, hooks } = this.#session;
    const window = this.#window;
    const queued = gone ? NEGLIGIBLE + this.bytes : 0;
    const held = connection.inputHeld + (window?.beside ?? 0) + queued;
    const noted = held < NEGLIGIBLE || over ? 0 : held;
    if (noted === (window?.held ?? 0)) return;
    this.getWindow().held = noted;
    hooks.inputHeld(this.#session, noted);
  }

  /** Looks no more whether the peer is still there. */
  stopWatching(): void {
    this.#window?.unwatch();
  }

  /** Looks again, if it is not listened to. */
  goOnWatching(): void {
    if (this.blocked || this.#queued) this.stopReading();
  }

  /** The connection is over. */
  end(): void {
    this.#window?.inflating?.cancel();
    this.note();
    this.#window?.clear();
  }
}
