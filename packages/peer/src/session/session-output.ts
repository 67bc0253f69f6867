import {
  type Connection,
  ConnectionLostError,
  escapeText,
  MAX_REASON_BYTES,
  type Peng3dnetError,
  SlowConsumerError,
} from "@peng3dnet/protocol";
import type { KeptBytes } from "../resume/kept-bytes.js";
import type { Clock } from "../time/clock.js";
import { Deadline } from "../time/deadline.js";
import { Deferred } from "../time/deferred.js";
import type { WaitOptions } from "../time/wait-options.js";
import type { Transport } from "../transport/transport.js";
import { Fifo } from "../turns/fifo.js";

/** Longest piece given to the transport at once, so that progress of a long backlog can be seen, in bytes. */
export const OUTPUT_SLICE = 256 * 1024 + 64;

/** Limits of output; bytes and seconds. */
export interface OutputOptions {
  readonly clock: Clock;
  /** `net.limits.unsent.highwater` */
  readonly highWater: number;
  /** `net.limits.unsent` */
  readonly unsentLimit: number;
  /** `net.timeout.unsent` */
  readonly unsentTimeout: number;
  /** `net.resume.bytes` */
  readonly resumeBytes: number;
}

/** What output tells the session. */
export interface OutputHost {
  readonly connection: Connection;
  readonly transport: Transport;
  readonly options: OutputOptions;
  /** After `sendMessage` returned false: there is room again. */
  outputDrained(): void;
  /** Everything is with the kernel. */
  outputWritten(): void;
  /** Whether the line is broken and another one awaited: nobody is to be blamed for what is unsent. */
  readonly suspended: boolean;
  /** So many bytes wait for another line. */
  outputWaits(unsent: number): void;
  /** So many bytes are unsent while the transport is busy; 0: it is not. */
  unsentHeld(bytes: number): void;
  /** The peer does not read. */
  outputStuck(error: Peng3dnetError): void;
  /** Flush with the next batch. */
  scheduleFlush(): void;
  /** Calls something in a later turn of the event loop. */
  inLaterTurn(call: () => void): void;
}

/** Looks whether output gets on. There while there is a backlog, and for some time after that. */
interface ProgressWatch {
  /** Whether bytes are on their way. */
  waiting: boolean;
  /** Since when none of them has got further, in milliseconds by the clock. */
  progressAt: number;
  /** What waited in the kernel when half of the time was over, if the system tells. */
  inKernel: number | undefined;
  deadline: Deadline | undefined;
}

interface FlushWaiter {
  /** How many bytes have to be with the kernel. */
  readonly until: number;
  readonly deferred: Deferred<void>;
}

/** What there is to know of output only while some of it waits. A connection that is idle has none. */
class Backlog {
  watch: ProgressWatch | undefined = undefined;
  /** Output taken from the connection of which a part is not with the transport yet. */
  rest: Uint8Array | undefined = undefined;
  aboveHighWater = false;
  /** Whether it will be noted in a later turn what still waits then. */
  looksLater = false;
  /** Up to where in the stream it was noted to wait. */
  waitsUpTo = 0;
  /** Up to where in the stream it waited for another line, which is not the peer's fault. */
  piledUpTo = 0;
  /**
   * From where on in the stream a line that broke had what no kernel had taken, which is sent again; `undefined`: nothing is. Who
   * flushes waits for that.
   */
  againFrom: number | undefined = undefined;
  /** Bytes that were dropped before they were handed over, or were left when the connection ended. */
  dropped = 0;
  /** How the connection ended; `undefined`: it has not. */
  end: { readonly reason: string | null; readonly error: Error | undefined } | undefined = undefined;
  waiters: Fifo<FlushWaiter> | undefined = undefined;

  /** Whether nothing of it is of use, once all is with the kernel. */
  get over(): boolean {
    return (
      this.watch === undefined &&
      this.rest === undefined &&
      !this.aboveHighWater &&
      !this.looksLater &&
      this.againFrom === undefined &&
      this.dropped === 0 &&
      (this.waiters === undefined || this.waiters.length === 0)
    );
  }
}

/**
 * Moves a connection's output to its transport. While that is busy, nothing more is handed to it: output
 * gathers in the connection, and what is unsent is watched.
 */
export class SessionOutput {
  /** Bytes handed to the transport. */
  bytesOut = 0;
  /** Whether bytes can be exchanged: not yet, now, or no more since the transport is gone. */
  phase: "waiting" | "ready" | "gone" = "waiting";
  /** Whether the connection is broken off, so that nothing is sent any more. */
  brokenOff = false;

  readonly #host: OutputHost;
  /** What is known of output that waits, or did a moment ago; `undefined`: there is nothing to know. */
  #backlog: Backlog | undefined = undefined;
  /** Whether the transport is being handed output. */
  #handing = false;

  constructor(host: OutputHost) {
    this.#host = host;
  }

  /** Bytes of the stream that are with the kernel. */
  get handed(): number {
    return this.bytesOut - this.#host.transport.backlog;
  }

  // Methods that are private to the compiler only: for those of the language, each connection would have a field.
  private getBacklog(): Backlog {
    this.#backlog ??= new Backlog();
    return this.#backlog;
  }

  private get restLength(): number {
    return this.#backlog?.rest?.length ?? 0;
  }

  /** Bytes of the stream that were accepted for sending. */
  get accepted(): number {
    const { unsent, backlog } = this.#host.connection;
    return this.bytesOut + this.restLength + unsent - backlog;
  }

  /** Whether output that was begun goes on with the next piece. */
  get inPieces(): boolean {
    return this.restLength > 0;
  }

  /** Whether nothing waits for the transport. */
  get handedOver(): boolean {
    return !this.#host.connection.hasOutput && !this.inPieces;
  }

  /** Whether nothing waits for the transport or in it. */
  get empty(): boolean {
    return this.handedOver && !this.#host.transport.busy;
  }

  /**
   * Hands the output gathered so far to the transport, unless that is still busy with former output.
   *
   * @param sending - whether this is within a call of `sendMessage`: handlers have to wait then.
   */
  flush(sending = false): void {
    const { connection, transport } = this.#host;
    if (this.phase !== "ready" || this.brokenOff) return;
    while (!transport.busy && !this.brokenOff) {
      const rest = this.#backlog?.rest;
      if (rest !== undefined) {
        const piece = rest.subarray(0, OUTPUT_SLICE);
        this.getBacklog().rest = piece.length < rest.length ? rest.subarray(piece.length) : undefined;
        this.bytesOut += piece.length;
        this.hand(piece);
      } else if (connection.hasOutput) {
        const output = connection.output();
        if (output.length <= OUTPUT_SLICE) {
          this.bytesOut += output.length;
          connection.outputTaken(this.hand(output));
        } else {
          this.getBacklog().rest = output;
          connection.outputTaken(false);
        }
      } else break;
    }
    if (this.brokenOff) {
      // It was within the transport's call, e.g. since all connections together hold too much.
      this.drop();
      return;
    }
    this.syncBacklog();
    if (transport.busy) this.checkUnsent(sending);
    else this.allWritten(sending);
  }

  /** @returns whether the transport is done with the bytes. */
  private hand(bytes: Uint8Array): boolean {
    this.#handing = true;
    try {
      return this.#host.transport.write(bytes);
    } finally {
      this.#handing = false;
    }
  }

  /**
   * The connection is broken off: frees what waits at once, since it may be much, and the transport may take some time until
   * it is closed.
   */
  drop(): void {
    this.brokenOff = true;
    if (this.#handing) return;
    const { connection } = this.#host;
    const { unsent } = connection;
    if (this.#backlog !== undefined) this.#backlog.rest = undefined;
    connection.dropOutput();
    this.syncBacklog();
    if (connection.unsent < unsent) this.getBacklog().dropped += unsent - connection.unsent;
  }

  /** Bytes that were accepted and not handed to the transport. */
  get unhanded(): number {
    return this.accepted - this.bytesOut;
  }

  /** Moves all of these to where they are kept, for another program to send them. Nothing is handed over any more. */
  moveTo(kept: KeptBytes): void {
    const { connection } = this.#host;
    const backlog = this.#backlog;
    // Whoever waits for them is told of all of them.
    const { unsent } = connection;
    if (backlog?.rest !== undefined) {
      kept.append(backlog.rest, false);
      backlog.rest = undefined;
    }
    while (connection.hasOutput) connection.outputTaken(kept.append(connection.output(), true));
    this.phase = "gone";
    if (connection.unsent < unsent) this.getBacklog().dropped += unsent - connection.unsent;
  }

  /** The transport made progress. */
  progressed(): void {
    this.syncBacklog();
    const watch = this.#backlog?.watch;
    if (watch !== undefined) this.noteProgress(watch);
    this.flush();
  }

  /** The line that the transport was carried by is gone, and what it had not sent as well. */
  lineBroken(): void {
    const unsent = this.#host.connection.backlog - this.restLength;
    if (unsent > 0) {
      const backlog = this.getBacklog();
      backlog.againFrom ??= this.bytesOut - unsent;
    }
    this.syncBacklog();
  }

  /** There is another line. */
  lineRestored(): void {
    const { accepted } = this;
    if (accepted > this.handed) this.getBacklog().piledUpTo = accepted;
  }

  /** `sendMessage` returned false: `outputDrained` has to follow. */
  noteHighWater(): void {
    const backlog = this.getBacklog();
    backlog.aboveHighWater = true;
    this.#host.scheduleFlush();
    if (!this.#host.connection.dropDroppable || backlog.looksLater) return;
    backlog.looksLater = true;
    this.#host.inLaterTurn(() => this.noteWaiting(backlog));
  }

  /** What is unsent now has waited since an earlier turn. */
  private noteWaiting(backlog: Backlog): void {
    backlog.looksLater = false;
    const { connection, suspended } = this.#host;
    if (suspended) return;
    backlog.waitsUpTo = this.accepted;
    connection.waiting = connection.unsent;
  }

  /**
   * Resolves once everything accepted so far is with the kernel.
   *
   * @throws {@link ConnectionLostError} if the connection ends before.
   */
  flushed(options: WaitOptions): Promise<void> {
    this.flush();
    const { unsent } = this.#host.connection;
    const deferred = new Deferred<void>(this.#host.options.clock);
    const dropped = this.#backlog?.dropped ?? 0;
    const left = unsent + dropped > 0 || this.#backlog?.againFrom !== undefined;
    if (!left && !this.brokenOff) deferred.settle();
    else if (this.phase === "gone" || this.brokenOff) deferred.fail(this.undelivered());
    else {
      const backlog = this.getBacklog();
      backlog.waiters ??= new Fifo();
      backlog.waiters.push({ until: this.bytesOut - this.#host.transport.backlog + unsent, deferred });
    }
    return deferred.wait(options, "output to be sent");
  }

  /** It is over, as the transport is gone; whoever waits for something to be sent learns that it was not. */
  finish(reason: string | null, error: Error | undefined): void {
    const { againFrom } = this.#backlog ?? {};
    if (againFrom !== undefined) {
      // What is with a line that it is sent again over is unsent, too, and counts once.
      const withLine = this.#host.connection.backlog - this.restLength;
      this.getBacklog().dropped += Math.max(0, this.bytesOut - againFrom - withLine);
    }
    const { unsent } = this.#host.connection;
    const backlog = unsent > 0 ? this.getBacklog() : this.#backlog;
    if (backlog === undefined) return;
    backlog.end = { reason, error };
    const waiters = backlog.waiters?.items() ?? [];
    backlog.waiters = undefined;
    for (const { deferred } of waiters) deferred.fail(this.undelivered());
    // The connection forgets it now; who asks later is not to be told that all was sent.
    backlog.dropped += unsent;
    // The application may keep a client for long that is closed.
    backlog.rest = undefined;
  }

  /** Stops watching for progress. */
  cancelDeadline(): void {
    const backlog = this.#backlog;
    if (backlog === undefined) return;
    backlog.watch?.deadline?.cancel();
    backlog.watch = undefined;
  }

  private syncBacklog(): void {
    const { connection, transport } = this.#host;
    connection.backlog = this.restLength + transport.backlog;
    if (connection.waiting > 0 && !this.#host.suspended)
      connection.waiting = Math.max(0, (this.#backlog?.waitsUpTo ?? 0) - this.handed);
  }

  private checkUnsent(sending: boolean): void {
    const { unsent } = this.#host.connection;
    if (this.#host.suspended) {
      this.#host.unsentHeld(unsent);
      this.#host.outputWaits(unsent);
      return;
    }
    const backlog = this.getBacklog();
    this.beginWatch(backlog);
    const { highWater, unsentLimit, resumeBytes } = this.#host.options;
    if (unsent > highWater) backlog.aboveHighWater = true;
    // What was accepted without a line is owed to whoever comes back; no more of it than may pile up at once.
    const piled = Math.min(backlog.piledUpTo - this.handed, resumeBytes);
    if (unsent > unsentLimit && unsent - piled > unsentLimit) {
      this.#host.outputStuck(
        new SlowConsumerError(
          `the peer does not read: ${unsent} bytes are unsent, more than net.limits.unsent`,
        ),
      );
      return;
    }
    if (backlog.aboveHighWater && unsent <= highWater) this.tellDrained(backlog, sending);
    this.settleWaiters(backlog);
    this.#host.unsentHeld(unsent);
  }

  private allWritten(sending: boolean): void {
    if (this.#backlog !== undefined) this.clearBacklog(this.#backlog, sending);
    this.#host.outputWritten();
  }

  /** All is written that waited. */
  private clearBacklog(backlog: Backlog, sending: boolean): void {
    const { watch } = backlog;
    if (watch?.waiting === true) {
      watch.waiting = false;
      this.#host.unsentHeld(0);
    }
    if (backlog.aboveHighWater) this.tellDrained(backlog, sending);
    this.settleWaiters(backlog);
    this.dropIfOver(backlog);
  }

  private dropIfOver(backlog: Backlog): void {
    // A handler of `drain` may have had it dropped, and begun another one.
    if (this.#backlog !== backlog) return;
    const { handed } = this;
    if (!backlog.over || !this.empty || backlog.waitsUpTo > handed || backlog.piledUpTo > handed) return;
    this.#backlog = undefined;
  }

  private tellDrained(backlog: Backlog, sending: boolean): void {
    if (sending) {
      // A handler must not run inside the caller's sendMessage.
      this.#host.scheduleFlush();
      return;
    }
    backlog.aboveHighWater = false;
    this.#host.outputDrained();
  }

  private settleWaiters(backlog: Backlog): void {
    const { transport } = this.#host;
    if (transport.sendsAgain !== true) backlog.againFrom = undefined;
    const { waiters } = backlog;
    if (waiters === undefined) return;
    const sent = backlog.againFrom ?? this.bytesOut - transport.backlog;
    for (let next = waiters.first; next !== undefined && next.until <= sent; next = waiters.first) {
      waiters.shift();
      next.deferred.settle();
    }
  }

  private beginWatch(backlog: Backlog): void {
    const { watch } = backlog;
    if (watch?.waiting === true) return;
    const { clock, unsentTimeout } = this.#host.options;
    const progressAt = clock.now();
    if (watch === undefined) {
      backlog.watch = { waiting: true, progressAt, inKernel: undefined, deadline: undefined };
      this.armDeadline(backlog, backlog.watch, unsentTimeout / 2);
    } else {
      watch.waiting = true;
      this.noteProgress(watch);
    }
  }

  private noteProgress(watch: ProgressWatch): void {
    watch.progressAt = this.#host.options.clock.now();
    watch.inKernel = undefined;
  }

  /** Looks after a while whether there was progress. With TLS, each write would else set a timer and cancel it. */
  private armDeadline(backlog: Backlog, watch: ProgressWatch, seconds: number): void {
    const { clock, unsentTimeout } = this.#host.options;
    const expired = (): void => {
      if (!watch.waiting) {
        backlog.watch = undefined;
        this.dropIfOver(backlog);
        return;
      }
      const spent = (clock.now() - watch.progressAt) / 1000;
      const left = unsentTimeout - spent;
      if (left <= 0.001) {
        this.withoutProgress(backlog, watch);
        return;
      }
      const half = unsentTimeout / 2 - spent;
      if (half <= 0.001) this.lookIntoKernel(watch);
      this.armDeadline(backlog, watch, half > 0.001 ? half : left);
    };
    watch.deadline = Deadline.start(clock, seconds, expired, { lateAllowance: unsentTimeout });
  }

  /** Notes what waits in the kernel: it may hand on megabytes, slowly, before it has room again and says so. */
  private lookIntoKernel(watch: ProgressWatch): void {
    const since = watch.progressAt;
    void this.#host.transport.unacknowledged?.().then((waiting) => {
      if (watch.progressAt === since) watch.inKernel = waiting;
    });
  }

  /** The time is over: cuts the connection, unless the peer has taken some of what waits in the kernel meanwhile. */
  private withoutProgress(backlog: Backlog, watch: ProgressWatch): void {
    const { inKernel, progressAt } = watch;
    if (inKernel === undefined) {
      this.stuck();
      return;
    }
    void this.#host.transport.unacknowledged?.().then((waiting) => {
      if (backlog.watch !== watch || this.phase !== "ready") return;
      if (waiting === inKernel && watch.waiting && watch.progressAt === progressAt) {
        this.stuck();
        return;
      }
      if (watch.progressAt === progressAt) this.noteProgress(watch);
      this.armDeadline(backlog, watch, this.#host.options.unsentTimeout / 2);
    });
  }

  private stuck(): void {
    this.#host.outputStuck(
      new SlowConsumerError(
        `the peer did not read anything for ${this.#host.options.unsentTimeout} s (net.timeout.unsent) with ${this.#host.connection.unsent} bytes unsent`,
      ),
    );
  }

  private undelivered(): ConnectionLostError {
    const { dropped = 0, end } = this.#backlog ?? {};
    return new ConnectionLostError(
      `the connection ended with ${this.#host.connection.unsent + dropped} bytes not handed over (${escapeText(end?.reason ?? "no reason given", MAX_REASON_BYTES)})`,
      { cause: end?.error },
    );
  }
}
