import type { Session } from "./session.js";

/** Flushes sessions that were written to outside of a read batch, once per tick. */
export class FlushScheduler {
  readonly #defer: (call: () => void) => void;
  #sessions: Session[] = [];
  #first: (() => void)[] | undefined = undefined;

  /** @param defer - as {@link Platform.defer}. */
  constructor(defer: (call: () => void) => void) {
    this.#defer = defer;
  }

  /** Flushes `session` on the next tick. */
  add(session: Session): void {
    if (this.#sessions.push(session) === 1) this.#defer(this.#run);
  }

  /** Calls something before any session is flushed, on the next tick at the latest. It does not throw. */
  addFirst(call: () => void): void {
    if (this.#first !== undefined) {
      this.#first.push(call);
      return;
    }
    this.#first = [call];
    this.#defer(this.#run);
  }

  /** Calls what is to be called first. */
  callFirst(): void {
    const calls = this.#first;
    if (calls === undefined) return;
    this.#first = undefined;
    for (const call of calls) call();
  }

  /** Flushes those at once that wait for the next tick. */
  flush(): void {
    this.callFirst();
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
