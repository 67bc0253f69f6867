import { type Address, BadDataError, type Peng3dnetError, type SslSecLevel } from "@peng3dnet/protocol";
import type { NativeSocket } from "../transport/native-socket.js";
import type { PeerCertificate } from "../transport/peer-certificate.js";
import type { Transport, TransportHandler } from "../transport/transport.js";
import { type BlockPool, KeptBytes } from "./kept-bytes.js";
import { Line } from "./line.js";
import { Resending } from "./resending.js";
import type { KeepLimits, ResumableHost, SentAgain } from "./resumable-host.js";

/** Received bytes after which they are acknowledged at once: the longest that clause 6.10 allows. */
const ACKNOWLEDGE_AFTER = 64 * 1024;
/** Received bytes after which that leaves with what the next ones give rise to. */
const ACKNOWLEDGE_ALONG_AFTER = 48 * 1024;
/** By how much kept bytes have to change for that to be told, in bytes. Whether there are any is told in any case. */
const WORTH_TELLING = 4 * 1024;

/**
 * A transport that outlives the one that carries it: towards its session it is one stream both ways, while the lines below come
 * and go. It counts the bytes of both directions, and keeps those that were sent until the other side has acknowledged them.
 * Until {@link ResumableTransport.keep} is called, it passes everything on as it is.
 *
 * The clause on the extension `resume` in docs/reference/protocol.md says what goes over the wire.
 */
export class ResumableTransport implements Transport, TransportHandler {
  /** Bytes of the other side's stream that came, and were handed on. */
  received = 0;
  /** Bytes of this side's stream that were written. */
  sent = 0;
  /** Whether it waits for another line. */
  suspended = false;
  /** Called once bytes come over the line of now: the other side knows what it was told at its beginning. */
  confirmed: (() => void) | undefined = undefined;

  /** Who decides, and is told of what concerns resumption alone. */
  host: ResumableHost | undefined = undefined;

  #line: Line;
  #session: TransportHandler | undefined = undefined;
  #kept: KeptBytes | undefined = undefined;
  #limits: KeepLimits = { window: Number.POSITIVE_INFINITY, deaf: Number.POSITIVE_INFINITY };
  /** Up to where the other side was told that its stream came. */
  #acknowledged = 0;
  /** How much of what came since then asks for no acknowledgement of its own. */
  #control = 0;
  /** Whether an acknowledgement has to leave as soon as that is possible. */
  #due = false;
  /** Sends again what is kept; `undefined`: there was no other line yet. */
  #resending: Resending | undefined = undefined;
  /** Why the session closes; `undefined`: it does not. */
  #closeReason: string | null | undefined = undefined;
  /** Whether the packet that was written last goes on with the next piece. */
  #inPacket = false;
  #paused = false;
  #held = 0;
  #over = false;

  constructor(transport: Transport) {
    this.#line = new Line(transport);
  }

  // ---- towards the session ----------------------------------------------------------------------

  get remoteAddress(): Address {
    return this.#line.transport.remoteAddress;
  }

  get socket(): NativeSocket | undefined {
    return this.#line.transport.socket;
  }

  get bytesBeforeStream(): number | undefined {
    return this.#line.transport.bytesBeforeStream;
  }

  get reusesChunks(): boolean {
    return this.#line.transport.reusesChunks;
  }

  get inMessages(): boolean | undefined {
    return this.#line.transport.inMessages;
  }

  get sslSeclevel(): SslSecLevel {
    return this.#line.transport.sslSeclevel;
  }

  get sslSeclevelOnHello(): SslSecLevel | undefined {
    return this.#line.transport.sslSeclevelOnHello;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#line.transport.peerCertificate;
  }

  get signsOfLife(): number | undefined {
    return this.#line.transport.signsOfLife;
  }

  get busy(): boolean {
    return this.sendsAgain || this.#line.transport.busy || this.#full();
  }

  get backlog(): number {
    return this.suspended ? 0 : this.#line.transport.backlog;
  }

  get sendsAgain(): boolean {
    return this.suspended || this.#resending?.at !== undefined;
  }

  unacknowledged(): Promise<number | undefined> {
    return this.#line.transport.unacknowledged?.() ?? Promise.resolve(undefined);
  }

  start(handler: TransportHandler): void {
    this.#session = handler;
    this.#line.start(this);
  }

  write(bytes: Uint8Array): boolean {
    const kept = this.#kept;
    this.sent += bytes.length;
    if (kept === undefined) return this.#line.transport.write(bytes);
    const copied = kept.append(bytes, !this.#inPacket);
    this.#inPacket = this.host?.inPacket === true;
    if (kept.length > this.#limits.deaf) kept.clear();
    this.#tellHeld(kept);
    const reusable = this.#line.transport.write(bytes);
    return copied && reusable;
  }

  /** Whether writing waits for acknowledgements. A packet that was begun is written to its end, since these go between packets. */
  #full(): boolean {
    return this.#overWindow() && !this.#inPacket && this.host?.blocked !== true;
  }

  #overWindow(): boolean {
    return this.keptBytes > this.#limits.window;
  }

  closing(reason: string | null): void {
    this.#closeReason = reason;
    if (!this.suspended) this.#line.transport.closing?.(reason);
  }

  end(): void {
    if (!this.suspended) this.#line.transport.end();
  }

  destroyAfterWrite(): void {
    if (this.suspended) this.destroy();
    else {
      this.#over = true;
      this.#line.transport.destroyAfterWrite();
    }
  }

  destroy(): void {
    const over = this.#over;
    this.#over = true;
    if (!this.suspended) this.#line.transport.destroy();
    // There is no transport that would tell it, and it is not to be told within this call.
    else if (!over) queueMicrotask(() => this.#finish(undefined));
  }

  pause(): void {
    this.#paused = true;
    if (this.suspended) return;
    this.#line.transport.pause();
    // While nobody listens, nothing waits for acknowledgements.
    if (this.#overWindow()) this.host?.flushSoon();
  }

  resume(): void {
    this.#paused = false;
    if (!this.suspended) this.#line.transport.resume();
  }

  ping(): void {
    this.#line.transport.ping?.();
  }

  probe(): void {
    this.#line.transport.probe?.();
  }

  // ---- from the line ------------------------------------------------------------------------------

  ready(): void {
    this.#session?.ready();
  }

  refused(error: Peng3dnetError): void {
    this.#session?.refused(error);
  }

  readTarget(): Uint8Array | undefined {
    return this.#session?.readTarget();
  }

  data(chunk: Uint8Array): void {
    // Before the chunk is counted, since it may have what asks for no acknowledgement.
    const along = this.#kept !== undefined && this.received - this.#acknowledged >= ACKNOWLEDGE_ALONG_AFTER;
    if (along) this.host?.acknowledgeAlong();
    this.received += chunk.length;
    if (this.confirmed !== undefined) this.#confirm();
    this.#session?.data(chunk);
    if (along) this.host?.flush();
    if (this.#kept !== undefined) this.#noteReceived();
  }

  holds(bytes: number): void {
    this.#session?.holds?.(bytes);
  }

  #confirm(): void {
    const { confirmed } = this;
    this.confirmed = undefined;
    confirmed?.();
  }

  ended(): void {
    // A peer that closes by itself says so first.
    if (!this.#over && this.host?.outlives === true && !this.host.endIsAnswer) this.suspend(undefined);
    else this.#session?.ended();
  }

  drained(): void {
    const resending = this.#resending;
    const before = resending?.at;
    if (before !== undefined) resending?.send(this.#kept as KeptBytes, this.#line.transport);
    if (this.#due) this.host?.acknowledgementDue(true);
    // What is sent again gets on, even if there is no room for more yet: the other side reads.
    const progress = !this.suspended && resending?.at !== before;
    if (progress || !this.busy) this.#session?.drained();
  }

  closed(error: Error | undefined): void {
    if (!this.#over && this.host?.outlives === true) this.suspend(error);
    else this.#finish(error);
  }

  crashed(error: unknown): void {
    this.#session?.crashed(error);
  }

  #finish(error: Error | undefined): void {
    this.#over = true;
    this.suspended = false;
    this.#kept?.clear();
    // The session may be there for long, while packets that came before wait to be worked off.
    this.tellAllHeld();
    this.#session?.closed(error);
  }

  // ---- counting -----------------------------------------------------------------------------------

  /** What is sent from now on is kept until it is acknowledged. @param pool - lends the memory. */
  keep(limits: KeepLimits, pool?: BlockPool): void {
    this.#limits = limits;
    this.#kept ??= new KeptBytes(this.sent, pool);
    // What came before is nothing that anybody waits for.
    this.#acknowledged = this.received;
  }

  /** Frees what is kept, since nobody goes on with it: it may be much. */
  drop(): void {
    this.#kept?.clear();
  }

  /** Whether it is over, or about to be. */
  get over(): boolean {
    return this.#over;
  }

  /** Waits for no other line any more. That is told as if the line had broken only now, and not within this call. */
  giveUp(error: Peng3dnetError): void {
    if (this.#over || !this.suspended) return;
    this.#over = true;
    queueMicrotask(() => this.#finish(error));
  }

  /** What is kept; `undefined`: nothing is. */
  get kept(): KeptBytes | undefined {
    return this.#kept;
  }

  /**
   * Goes on where another program was, once there is a line.
   *
   * @param received - how many bytes of the other side's stream that one had.
   * @param kept - the end of this side's stream, up to its last byte.
   */
  restore(received: number, kept: KeptBytes): void {
    this.received = received;
    this.sent = kept.end;
    this.#kept = kept;
    this.suspended = true;
  }

  /** Whether what is sent is kept. */
  get keeping(): boolean {
    return this.#kept !== undefined;
  }

  /** Bytes that are kept: whoever goes on has to have received what comes before them. */
  get keptBytes(): number {
    return this.#kept?.length ?? 0;
  }

  /** The other side has received the stream up to there. @throws {@link BadDataError} if that cannot be. */
  acknowledgedUpTo(offset: number): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    // What is still to be sent again cannot have come over the line of now.
    const sent = this.#resending?.at ?? this.sent;
    if (offset > sent)
      throw new BadDataError(`the peer acknowledged ${offset} bytes, of ${sent} that were sent`);
    // Where too much was kept, it was forgotten, and this may be about that.
    if (offset <= kept.start) return;
    const waited = this.#overWindow();
    kept.release(offset);
    this.#tellHeld(kept);
    // It is progress, even if there is no room yet.
    if (waited && !this.#line.transport.busy && this.#resending?.at === undefined) this.#session?.drained();
  }

  /** Something was among the bytes that came last that asks for no acknowledgement. @param bytes - how long it was. */
  controlReceived(bytes: number): void {
    this.#control += bytes;
  }

  /** An acknowledgement leaves now. @returns what it has to say. */
  acknowledging(): number {
    this.#acknowledged = this.received;
    this.#control = 0;
    this.#due = false;
    return this.received;
  }

  /** Whether what came asks for an acknowledgement. */
  get owes(): boolean {
    return this.received - this.#acknowledged > this.#control;
  }

  /** Whether output has to wait although the line takes it, so that an acknowledgement has to pass it by. */
  get holdsBack(): boolean {
    return !this.sendsAgain && this.#full();
  }

  /** Writes a packet past what waits. @returns false if that cannot be now, and will be asked for again. */
  writePast(packet: Uint8Array): boolean {
    const { transport } = this.#line;
    if (this.sendsAgain || this.#inPacket || transport.busy) {
      this.#due = true;
      return false;
    }
    this.write(packet);
    return true;
  }

  #noteReceived(): void {
    if (this.received - this.#acknowledged >= ACKNOWLEDGE_AFTER) this.host?.acknowledgementDue(true);
    else if (this.owes) this.host?.acknowledgementDue(false);
  }

  /** Tells all that is kept, to the byte: as long as it is suspended, none of that goes by itself. To be told when it is over, too. */
  tellAllHeld(): void {
    const held = this.#kept?.held ?? 0;
    if (held === this.#held) return;
    this.#held = held;
    this.host?.keptHeld(held);
  }

  #tellHeld({ held }: KeptBytes): void {
    const told = this.#held;
    if (held === told || (held !== 0 && told !== 0 && Math.abs(held - told) < WORTH_TELLING)) return;
    this.#held = held;
    this.host?.keptHeld(held);
  }

  // ---- from line to line ----------------------------------------------------------------------------

  /** The line is given up, and another one is waited for. */
  suspend(error: Error | undefined): void {
    if (this.suspended || this.#over) return;
    this.#line.cut();
    this.holds(0);
    this.suspended = true;
    if (this.#resending !== undefined) this.#resending.at = undefined;
    this.#due = false;
    this.host?.lineBroken(error);
  }

  /** Gives up the line to another session. Nothing is told of it any more; what is left is to destroy this transport. */
  release(): Line {
    const line = this.#line;
    line.to = undefined;
    this.suspended = true;
    return line;
  }

  /** Whether another side that has received so much of the stream can go on with it. */
  canGoOnAt(offset: number): boolean {
    const kept = this.#kept;
    return kept !== undefined && !this.#over && offset >= kept.start && offset <= kept.end;
  }

  /**
   * Goes on over another line, whose handshake is over. The former one is broken off first.
   *
   * @param line - it tells this transport from now on.
   * @param offset - what the other side has received.
   * @param greeting - is written before the stream goes on, and is no part of it.
   */
  goOn(line: Line, offset: number, greeting?: Uint8Array): void {
    if (!this.suspended) this.suspend(undefined);
    // Whoever was told of the break may have ended the session.
    if (this.#over) {
      line.cut();
      return;
    }
    const kept = this.#kept as KeptBytes;
    kept.release(offset);
    const again: SentAgain = { bytes: kept.length, packets: kept.packetsFrom(offset) };
    this.#line = line;
    line.to = this;
    this.suspended = false;
    this.#resending ??= new Resending(this);
    this.#resending.begin(offset, greeting);
    this.acknowledging();
    if (this.#paused) line.transport.pause();
    else line.transport.resume();
    if (this.#closeReason !== undefined) line.transport.closing?.(this.#closeReason);
    this.#tellHeld(kept);
    this.#resending.send(kept, line.transport);
    this.host?.lineRestored(again);
    // It tells that once only, and may have told it to somebody else.
    if (line.over) this.suspend(undefined);
    // Even if it is busy: whether output gets on is watched from now on.
    if (!this.suspended) this.#session?.drained();
  }
}
