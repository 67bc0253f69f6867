import { EventEmitter } from "node:events";
import { type Logger, silentLogger } from "./logger.js";

/** Where a handler failed. */
export interface HandlerErrorContext {
  /** Name of the packet, hook, event or connection type whose code it was. */
  readonly where: string;
}

/** Characters of a notice that are shown: a peer may have had a hand in it. */
const NOTICE_LENGTH = 1000;

/** Any listener. */
export type Listener = (...args: unknown[]) => unknown;

/**
 * Calls code of the application so that what it throws, or rejects with, is reported and harms nobody:
 * to `handlerError` listeners, else to the logger, else, once, as a process warning.
 */
export class HandlerGuard {
  readonly #emitter = new EventEmitter();
  readonly #logger: Logger;
  #warned = false;

  constructor(logger: Logger) {
    this.#logger = logger;
    // How many listeners an application has is its own affair.
    this.#emitter.setMaxListeners(0);
  }

  on(event: string, listener: Listener): void {
    this.#emitter.on(event, listener);
  }

  once(event: string, listener: Listener): void {
    this.#emitter.once(event, listener);
  }

  off(event: string, listener: Listener): void {
    this.#emitter.off(event, listener);
  }

  /** Calls the listeners of an event, each guarded. */
  emit(event: string, args: readonly unknown[]): void {
    for (const listener of this.#emitter.rawListeners(event)) {
      this.run(`"${event}" listener`, () => (listener as Listener)(...args));
    }
  }

  /** Calls `call`, guarded. */
  run(where: string, call: () => unknown): void {
    try {
      const result = call();
      if (result !== undefined) this.watch(result, where);
    } catch (error) {
      this.failed(error, where);
    }
  }

  /** Reports a promise if it rejects. */
  watch(result: unknown, where: string): void {
    if (typeof (result as PromiseLike<unknown> | null)?.then !== "function") return;
    (result as PromiseLike<unknown>).then(undefined, (error: unknown) => this.failed(error, where));
  }

  /** Reports an error of the application. */
  failed(error: unknown, where: string): void {
    const context: HandlerErrorContext = { where };
    const listeners = this.#emitter.rawListeners("handlerError");
    for (const listener of listeners) {
      try {
        const result: unknown = (listener as Listener)(error, context);
        if (typeof (result as PromiseLike<unknown> | null | undefined)?.then === "function") {
          (result as PromiseLike<unknown>).then(undefined, (second: unknown) =>
            this.#log("handlerError", second),
          );
        }
      } catch (second) {
        this.#log("handlerError", second);
      }
    }
    if (listeners.length === 0) this.#log(where, error);
  }

  /** Tells the logger, or else by a process warning, of something that would happen in silence. To be used rarely. */
  notice(text: string): void {
    const shown = text.slice(0, NOTICE_LENGTH);
    if (this.#logger === silentLogger) process.emitWarning(shown, "Peng3dnetWarning");
    else this.#logger.warn(shown);
  }

  /** Whether somebody listens to an event. */
  hears(event: string): boolean {
    return this.#emitter.listenerCount(event) > 0;
  }

  #log(where: string, error: unknown): void {
    const text = `${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    this.#logger.error(text);
    if (this.#logger !== silentLogger || this.#warned) return;
    this.#warned = true;
    process.emitWarning(
      `a handler failed in ${text}\nFurther ones are not shown; add a "handlerError" listener or a logger.`,
      "Peng3dnetWarning",
    );
  }
}
