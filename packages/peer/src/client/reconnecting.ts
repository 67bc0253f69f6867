import type { CloseInfo } from "@peng3dnet/protocol";
import { decided } from "../base/decided.js";
import type { HandlerGuard } from "../base/handler-guard.js";
import { backOff, MAX_DELAY } from "../resume/back-off.js";
import type { Clock } from "../time/clock.js";
import { isFinalClose } from "./final-close.js";
import type { ReconnectOptions, SessionInfo } from "./reconnect-options.js";

/** Says whether a client begins another session, and when. */
export class Reconnecting {
  readonly #options: ReconnectOptions;
  readonly #clock: Clock;
  readonly #guard: HandlerGuard;
  /** Attempts in a row, without a session that lasted. */
  #attempts = 0;
  /** When the session of the moment became active, by the clock; `undefined`: it is not. */
  #activeAt: number | undefined = undefined;
  /** When the last session ended that was active, by the clock; `undefined`: none did. */
  #lostAt: number | undefined = undefined;

  constructor(options: ReconnectOptions, clock: Clock, guard: HandlerGuard) {
    this.#options = options;
    this.#clock = clock;
    this.#guard = guard;
  }

  /** A session is active. @returns what is to be told if it has taken the place of another one. */
  active(): SessionInfo | undefined {
    const now = this.#clock.now();
    const lostAt = this.#lostAt;
    this.#activeAt = now;
    return lostAt === undefined ? undefined : { attempt: this.#attempts, seconds: (now - lostAt) / 1000 };
  }

  /** Whether there is another attempt, now that a session is over or could not be begun. */
  follows(info: CloseInfo): boolean {
    const { attempts = Number.POSITIVE_INFINITY, when } = this.#options;
    this.#noteEnd();
    const attempt = this.#attempts + 1;
    if (attempt > attempts) return false;
    if (when === undefined) return !isFinalClose(info);
    let follows = false;
    this.#guard.run("reconnect.when", () => {
      follows = decided(
        when(info, attempt),
        "the option when of reconnect has to return true or false at once",
      );
    });
    return follows;
  }

  #noteEnd(): void {
    const activeAt = this.#activeAt;
    if (activeAt === undefined) return;
    const { maxDelay = MAX_DELAY } = this.#options;
    const now = this.#clock.now();
    if (now - activeAt >= maxDelay * 1000) this.#attempts = 0;
    this.#activeAt = undefined;
    this.#lostAt = now;
  }

  /** There is another attempt. @returns its number, and how many seconds to wait before. */
  next(): { readonly attempt: number; readonly seconds: number } {
    const attempt = ++this.#attempts;
    return { attempt, seconds: backOff(attempt, this.#options) / 1000 };
  }
}
