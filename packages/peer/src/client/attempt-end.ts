/**
 * Says when an attempt to connect is given up. It makes a signal only for those that ask for one: a process may have thousands of
 * clients, and to make a signal and to listen to it takes each of them more than to begin a session.
 */
export class AttemptEnd {
  /** Why it was given up; `undefined`: it was not. */
  reason: Error | undefined = undefined;
  /** Never changed, but replaced: there are two at most as a rule. */
  #calls: readonly ((reason: Error) => void)[] = [];
  #signal: AbortSignal | undefined = undefined;

  /** Fires when it is given up, with that reason. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      this.whenGivenUp((reason) => controller.abort(reason));
    }
    return this.#signal;
  }

  /** Gives it up. To be called once at most. */
  giveUp(reason: Error): void {
    this.reason = reason;
    for (const call of this.#calls) call(reason);
  }

  /**
   * Calls `call` when it is given up, at once if it is already.
   *
   * @param call - a function of this caller's own.
   * @returns what ends that.
   */
  readonly whenGivenUp = (call: (reason: Error) => void): (() => void) => {
    if (this.reason) call(this.reason);
    else this.#calls = this.#calls.concat([call]);
    return () => {
      this.#calls = this.#calls.filter((one) => one !== call);
    };
  };
}
