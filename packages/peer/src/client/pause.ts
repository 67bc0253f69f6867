import type { Platform } from "../platform/platform.js";
import { onAbort } from "../time/abort-signals.js";
import type { Clock } from "../time/clock.js";

/** Waits before another attempt to connect. */
export class Pause {
  readonly #clock: Clock;
  readonly #networkBack: Platform["networkBack"];
  #goOn: (() => void) | undefined = undefined;

  constructor(clock: Clock, { networkBack }: Pick<Platform, "networkBack">) {
    this.#clock = clock;
    this.#networkBack = networkBack;
  }

  /**
   * Resolves when the time is over, when the network may be there again, or when {@link Pause.end} is called.
   *
   * @param seconds - `undefined`: only the call of `end` counts.
   * @param signal - one that has not fired. @throws its reason when it fires.
   */
  wait(seconds: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#goOn = undefined;
        this.#clock.clearTimeout(timer);
        stopListening();
        unwatch?.();
      };
      const goOn = (): void => {
        leave();
        resolve();
      };
      const timer = seconds === undefined ? undefined : this.#clock.setTimeout(goOn, seconds * 1000);
      const unwatch = seconds === undefined ? undefined : this.#networkBack?.(goOn);
      const stopListening = onAbort(signal, () => {
        leave();
        reject(signal.reason);
      });
      this.#goOn = goOn;
    });
  }

  /** There is no more to wait for. */
  end(): void {
    this.#goOn?.();
  }
}
