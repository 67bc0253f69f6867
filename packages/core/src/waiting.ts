import { AbortedError, TimedOutError } from "@peng3dnet/protocol";
import { onAbort } from "./abort-signals.js";
import type { Clock } from "./clock.js";

/** How long a call waits. */
export interface WaitOptions {
  /** Seconds to wait at most; 0 or left out: as long as it takes. */
  readonly timeout?: number | undefined;
  /** Gives up when it fires. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/**
 * Something that happens once, and that any number of callers wait for, each with its own patience.
 * Unlike a bare promise it holds on to nothing of a caller that gave up, and failing without waiters is fine.
 */
export class Outcome<T> {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter<T>>();
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
   * @throws {@link TimedOutError}, {@link AbortedError}, or the error that it failed with.
   */
  wait({ timeout = 0, signal }: WaitOptions, what: string): Promise<T> {
    const settled = this.#settled;
    if (settled !== undefined) {
      return "error" in settled ? Promise.reject(settled.error) : Promise.resolve(settled.value);
    }
    if (signal?.aborted === true) return Promise.reject(aborted(signal, what));
    return new Promise<T>((resolve, reject) => {
      let timer: unknown;
      let unlisten: (() => void) | undefined;
      const leave = (): void => {
        this.#waiters.delete(waiter);
        if (timer !== undefined) this.#clock.clearTimeout(timer);
        unlisten?.();
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
      if (timeout > 0) {
        timer = this.#clock.setTimeout(
          () => waiter.reject(new TimedOutError(`waited ${timeout} s for ${what} in vain`)),
          timeout * 1000,
        );
      }
      if (signal !== undefined) unlisten = onAbort(signal, () => waiter.reject(aborted(signal, what)));
      this.#waiters.add(waiter);
    });
  }

  #release(tell: (waiter: Waiter<T>) => void): void {
    for (const waiter of [...this.#waiters]) tell(waiter);
  }
}

/**
 * Waits for a promise with the patience of one caller.
 *
 * @throws {@link TimedOutError}, {@link AbortedError}, or what the promise rejects with.
 */
export function within<T>(clock: Clock, promise: Promise<T>, options: WaitOptions, what: string): Promise<T> {
  const outcome = new Outcome<T>(clock);
  promise.then(
    (value) => outcome.settle(value),
    (error: Error) => outcome.fail(error),
  );
  return outcome.wait(options, what);
}

/** The error of a wait whose signal has fired. */
export function aborted(signal: AbortSignal, what: string): AbortedError {
  return new AbortedError(`waiting for ${what} was aborted`, { cause: signal.reason });
}
