import { describeError, type Logger, whenRejected } from "@peng3dnet/peer";
import type { BusListener, BusReceiver, BusState } from "./bus.js";

/** What calls a function that a user of a bus handed in: what that throws is logged, so that others are called, too. */
function guarded<Args extends readonly unknown[]>(
  logger: Logger,
  what: string,
  call: (...args: Args) => unknown,
): (...args: Args) => void {
  const failed = (error: unknown): void => logger.error(`${what} threw: ${describeError(error)}`);
  return (...args) => {
    try {
      whenRejected(call(...args), failed);
    } catch (error) {
      failed(error);
    }
  };
}

/** A receiver that throws nothing. */
export function guardedReceiver(logger: Logger, subject: string, receive: BusReceiver): BusReceiver {
  return guarded(logger, `a subscription to "${subject}"`, receive);
}

/** The state of a bus, and who wants to know of its changes. */
export class BusWatch {
  readonly #logger: Logger;
  readonly #listeners = new Set<{ readonly call: BusListener }>();
  #state: BusState = "connected";

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get state(): BusState {
    return this.#state;
  }

  /** Calls a listener with each change from now on. @returns what ends that. */
  add(call: BusListener): () => void {
    const listener = { call: guarded(this.#logger, "a listener for the state of the bus", call) };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @returns whether that is a change. Nothing follows `"closed"`. */
  change(state: BusState, unconfirmed = 0): boolean {
    if (this.#state === state || this.#state === "closed") return false;
    this.#state = state;
    for (const { call } of [...this.#listeners]) call(state, { unconfirmed });
    return true;
  }
}
