import type { Session } from "./session.js";

/** Flushes sessions that were written to outside of a read batch, once per tick. */
export class FlushScheduler {
  #sessions: Session[] = [];

  /** Flushes `session` on the next tick. */
  add(session: Session): void {
    if (this.#sessions.push(session) === 1) process.nextTick(this.#run);
  }

  readonly #run = (): void => {
    const sessions = this.#sessions;
    this.#sessions = [];
    for (const session of sessions) {
      try {
        session.flush();
      } catch (error) {
        session.crashed(error);
      }
    }
  };
}
