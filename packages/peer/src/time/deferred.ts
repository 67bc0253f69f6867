import { AbortedError, TimedOutError } from "@peng3dnet/protocol";
import { onAbort } from "./abort-signals.js";
import type { Clock } from "./clock.js";
import { Deadline } from "./deadline.js";
import { type WaitOptions, waitError } from "./wait-options.js";

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/**
 * Something that happens once, and that any number of callers wait for, each with its own patience.
 * Unlike a bare promise it holds on to nothing of a caller that gave up, and failing without waiters is fine.
 */
export class Deferred<T> {
  readonly #clock: Clock;
  /** There once somebody waits: a process may have thousands of clients. */
  #waiters: Set<Waiter<T>> | undefined = undefined;
  #settled: { readonly value: T } | { readonly error: Error } | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it has happened, or is known never to. */
  get settled(): boolean {
    return this.#settled !== undefined;
  }

  /** It has happened. Only the first call of this or `fail` counts. */
  settle(value: T): void {
    if (this.#settled !== undefined) return;
    this.#settled = { value };
    this.#release((waiter) => waiter.resolve(value));
  }

  /** It will never happen. */
  fail(error: Error): void {
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
  wait(options: WaitOptions, what: string): Promise<T> {
    const invalid = waitError(options);
    if (invalid !== undefined) return Promise.reject(invalid);
    const { timeout, signal } = options;
    const settled = this.#settled;
    if (settled !== undefined) {
      return "error" in settled ? Promise.reject(settled.error) : Promise.resolve(settled.value);
    }
    if (signal?.aborted === true) return Promise.reject(aborted(signal, what));
    if (timeout !== undefined && timeout <= 0) return Promise.reject(timedOut(timeout, what));
    return new Promise<T>((resolve, reject) => {
      let stopListening: (() => void) | undefined;
      const leave = (): void => {
        this.#waiters?.delete(waiter);
        deadline?.cancel();
        stopListening?.();
      };
      const waiter: Waiter<T> = {
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
      this.#waiters ??= new Set();
      this.#waiters.add(waiter);
    });
  }

  #release(tell: (waiter: Waiter<T>) => void): void {
    const waiters = this.#waiters;
    if (waiters === undefined) return;
    this.#waiters = undefined;
    for (const waiter of waiters) tell(waiter);
  }
}

/**
 * Returns a promise whose rejection is nobody's fault if nobody waits for it: whoever awaits it gets the error, and
 * unawaited it does not end the process.
 */
export function optional<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function timedOut(timeout: number, what: string): TimedOutError {
  return new TimedOutError(`waited ${timeout} s for ${what} in vain`);
}

/**
 * Waits for a promise with the patience of one caller.
 *
 * @param yieldTurn - calls something in the next turn of the event loop.
 * @throws {@link TimedOutError}, {@link AbortedError}, or what the promise rejects with.
 */
export async function within<T>(
  clock: Clock,
  promise: Promise<T>,
  options: WaitOptions,
  what: string,
  yieldTurn: (call: () => void) => void,
): Promise<T> {
  const deferred = new Deferred<T>(clock);
  promise.then(
    (value) => deferred.settle(value),
    (error: Error) => deferred.fail(error),
  );
  // What is there already takes some turns of the microtask queue to be told.
  if (options.timeout === 0) await new Promise<void>((resolve) => yieldTurn(resolve));
  return deferred.wait(options, what);
}

/** The error of a wait whose signal has fired. */
export function aborted(signal: AbortSignal, what: string): AbortedError {
  return new AbortedError(`waiting for ${what} was aborted`, { cause: signal.reason });
}
