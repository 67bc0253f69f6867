import { describeError, type Logger, whenRejected } from "@peng3dnet/peer";
import type { BusListener, BusState } from "./bus.js";

/** Calls what a user of a bus handed in; what it throws is logged, so that the others are called, too. */
export function callGuarded(logger: Logger, what: string, call: () => unknown): void {
  const failed = (error: unknown): void => logger.error(`${what} threw: ${describeError(error)}`);
  try {
    whenRejected(call(), failed);
  } catch (error) {
    failed(error);
  }
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
    const listener = { call };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @returns whether that is a change. Nothing follows `"closed"`. */
  change(state: BusState, unconfirmed = 0): boolean {
    if (this.#state === state || this.#state === "closed") return false;
    this.#state = state;
    for (const { call } of [...this.#listeners]) {
      callGuarded(this.#logger, "a listener for the state of the bus", () => call(state, { unconfirmed }));
    }
    return true;
  }
}
