import type { SentAgain } from "./resumable-host.js";

/** A line broke, and the session waits for another one. */
export interface SuspendInfo {
  /** What is known of why; `undefined`: the other end just ended the stream, or came back over another line first. */
  readonly error: Error | undefined;
}

/** A session goes on. */
export interface ResumeInfo extends SentAgain {
  readonly resumed: true;
  /** How long it was suspended, in seconds. */
  readonly seconds: number;
}
