import { AbortedError, TimedOutError } from "@peng3dnet/protocol";
import { onAbort } from "./abort-signals.js";
import { Deadline } from "./deadline.js";
import { timeoutError } from "./timeout-option.js";
/**
 * Something that happens once, and that any number of callers wait for, each with its own patience.
 * Unlike a bare promise it holds on to nothing of a caller that gave up, and failing without waiters is fine.
 */
export class Deferred {
  #clock;
  #waiters = new Set();
  #settled = undefined;
  constructor(clock) {
    this.#clock = clock;
  }
  /** Whether it has happened, or is known never to. */
  get settled() {
    return this.#settled !== undefined;
  }
  /** It has happened. Only the first call of this or `fail` counts. */
  settle(value) {
    if (this.#settled !== undefined) return;
    this.#settled = { value };
    this.#release((waiter) => waiter.resolve(value));
  }
  /** It will never happen. */
  fail(error) {
    if (this.#settled !== undefined) return;
    this.#settled = { error };
    this.#release((waiter) => waiter.reject(error));
  }
  /**
   * Waits for it.
   *
   * @param what - names it in an error's message, e.g. `"the connection"`.
   * @throws {@link TimedOutError}, {@link AbortedError}, or the error that it failed with; {@link ConfigError} if
   * `timeout` is no number of seconds.
   */
  wait({ timeout, signal }, what) {
    const invalid = timeoutError(timeout);
    if (invalid !== undefined) return Promise.reject(invalid);
    const settled = this.#settled;
    if (settled !== undefined) {
      return "error" in settled ? Promise.reject(settled.error) : Promise.resolve(settled.value);
    }
    if (signal?.aborted === true) return Promise.reject(aborted(signal, what));
    if (timeout !== undefined && timeout <= 0) return Promise.reject(timedOut(timeout, what));
    return new Promise((resolve, reject) => {
      let stopListening;
      const leave = () => {
        this.#waiters.delete(waiter);
        deadline?.cancel();
        stopListening?.();
      };
      const waiter = {
        resolve(value) {
          leave();
          resolve(value);
        },
        reject(error) {
          leave();
          reject(error);
        },
      };
      // The patience is the caller's: what may be there already is looked at, but no time is given back.
      const deadline =
        timeout === undefined
          ? undefined
          : Deadline.start(this.#clock, timeout, () => waiter.reject(timedOut(timeout, what)), {
              lateAllowance: 0,
            });
      if (signal !== undefined) stopListening = onAbort(signal, () => waiter.reject(aborted(signal, what)));
      this.#waiters.add(waiter);
    });
  }
  #release(tell) {
    for (const waiter of [...this.#waiters]) tell(waiter);
  }
}
/**
 * Returns a promise whose rejection is nobody's fault if nobody waits for it: whoever awaits it gets the error, and
 * unawaited it does not end the process.
 */
export function optional(promise) {
  promise.catch(() => {});
  return promise;
}
function timedOut(timeout, what) {
  return new TimedOutError(`waited ${timeout} s for ${what} in vain`);
}
/**
 * Waits for a promise with the patience of one caller.
 *
 * @param yieldTurn - calls something in the next turn of the event loop.
 * @throws {@link TimedOutError}, {@link AbortedError}, or what the promise rejects with.
 */
export async function within(clock, promise, options, what, yieldTurn) {
  const deferred = new Deferred(clock);
  promise.then(
    (value) => deferred.settle(value),
    (error) => deferred.fail(error),
  );
  // What is there already takes some turns of the microtask queue to be told.
  if (options.timeout === 0) await new Promise((resolve) => yieldTurn(resolve));
  return deferred.wait(options, what);
}
/** The error of a wait whose signal has fired. */
export function aborted(signal, what) {
  return new AbortedError(`waiting for ${what} was aborted`, { cause: signal.reason });
}
//# sourceMappingURL=deferred.js.map
