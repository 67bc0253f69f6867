import type { Runnable } from "../turns/run-queue.js";

/** What a transport that outlives its line asks and tells its session. */
export interface ResumableHost {
  /** Whether the connection outlives a break now. */
  readonly outlives: boolean;
  /** Whether the end of the other side's stream is its answer to a close. */
  readonly endIsAnswer: boolean;
  /** Whether the other side is not listened to at the moment, so that what it acknowledges is not seen. */
  readonly blocked: boolean;
  /** Whether the packet that is being written goes on with the next piece. */
  readonly inPacket: boolean;
  /** The line broke, and the session waits for another one. */
  lineBroken(error: Error | undefined): void;
  /** The session goes on over another line. */
  lineRestored(again: SentAgain): void;
  /** Received bytes have to be acknowledged: now, or some time later with those that follow. */
  acknowledgementDue(now: boolean): void;
  /** They have to be acknowledged now, by what {@link ResumableHost.flush} follows soon: to schedule one costs much more. */
  acknowledgeAlong(): void;
  /** Output that is not handed over yet is to be handed over. */
  flush(): void;
  /** So much memory is held for bytes that are not acknowledged. */
  keptHeld(bytes: number): void;
  /** Output that waits may be able to go on: it is to be tried again, after what is under way. */
  flushSoon(): void;
  /** Whom it shares its part of the event loop with. */
  readonly share: unknown;
  /** Something was done that may have taken long. @returns whether others are to go on now, and `runnable` after them. */
  othersFirst(runnable: Runnable): boolean;
}

/** What this side sent again when a session went on. */
export interface SentAgain {
  /** Bytes that the other side had not received. */
  readonly bytes: number;
  /** Packets that these belong to, those included of which it had a part. */
  readonly packets: number;
}

/** How much is kept of what was sent, in bytes. */
export interface KeepLimits {
  /** While the other side is listened to: then writing waits until some of it is acknowledged. */
  readonly window: number;
  /** While it is not, so that nobody sees what it acknowledges. Beyond that, the session does not outlive a break. */
  readonly deaf: number;
}
