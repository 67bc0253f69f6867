import type { Session } from "./session.js";

/** Flushes sessions that were written to outside of a read batch, once per tick. */
export class FlushScheduler {
  readonly #defer: (call: () => void) => void;
  #sessions: Session[] = [];

  /** @param defer - as {@link Platform.defer}. */
  constructor(defer: (call: () => void) => void) {
    this.#defer = defer;
  }

  /** Flushes `session` on the next tick. */
  add(session: Session): void {
    if (this.#sessions.push(session) === 1) this.#defer(this.#run);
  }

  /** Flushes those at once that wait for the next tick. */
  flush(): void {
    const sessions = this.#sessions;
    this.#sessions = [];
    for (const session of sessions) {
      try {
        session.writeOut();
      } catch (error) {
        session.crashed(error);
      }
    }
  }

  readonly #run = (): void => this.flush();
}
