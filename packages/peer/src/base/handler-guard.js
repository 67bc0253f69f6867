import { describeError, kindOfError, Repeats, whenRejected } from "@peng3dnet/protocol";
import { Listeners } from "./listeners.js";
import { silentLogger } from "./logger.js";

/** Places whose first error is warned of, and other things that are told once. */
const MAX_WARNINGS = 20;
function ignore() {}
/**
 * Calls code of the application so that what it throws, or rejects with, is reported and harms nobody:
 * to `handlerError` listeners, else to the logger, else as a process warning, one for each place. No method of it
 * throws, whatever the application does.
 */
export class HandlerGuard {
  #listeners = new Listeners();
  #logger;
  #warn;
  /** There once something failed: a process may have thousands of clients. */
  #repeats = undefined;
  #warned = undefined;
  /** @param warn - warns whoever runs the program, where there is no logger. */
  constructor(logger, warn) {
    this.#logger = logger;
    this.#warn = warn;
  }
  on(event, listener) {
    this.#listeners.add(event, listener);
  }
  once(event, listener) {
    this.#listeners.addOnce(event, listener);
  }
  off(event, listener) {
    this.#listeners.remove(event, listener);
  }
  /** Calls the listeners of an event, each guarded. */
  emit(event, args) {
    for (const listener of this.#listeners.of(event)) {
      this.run(`"${event}" listener`, () => listener(...args));
    }
  }
  /** Calls `call`, guarded. */
  run(where, call) {
    try {
      const result = call();
      if (result !== undefined) this.watch(result, where);
    } catch (error) {
      this.failed(error, where);
    }
  }
  /** Reports a promise if it rejects. */
  watch(result, where) {
    whenRejected(result, (error) => this.failed(error, where));
  }
  /** Reports an error of the application. */
  failed(error, where) {
    // Somebody may throw a promise. What is thrown is reported; what it rejects with is nobody's any more.
    whenRejected(error, ignore);
    const context = { where };
    const listeners = this.#listeners.of("handlerError");
    for (const listener of listeners) {
      try {
        const result = listener(error, context);
        whenRejected(result, (second) => this.#log("handlerError", second));
      } catch (second) {
        whenRejected(second, ignore);
        this.#log("handlerError", second);
      }
    }
    if (listeners.length === 0) this.#log(where, error);
  }
  /** Tells that a packet was dropped. The reason and the name of the packet make out what counts as the same. */
  ignored(message, why, packet) {
    if (this.#logger === silentLogger) return;
    this.#tell(`${why} ${packet}`, "debug", () => message);
  }
  /** Tells of something that may happen again and again. @param kind - what counts as the same. */
  warn(message, kind) {
    this.#tell(kind, "warn", () => message);
  }
  /** As {@link HandlerGuard.warn}; without a logger by a process warning, since it would happen in silence else. */
  notice(message, kind) {
    if (this.#logger === silentLogger) this.#warnOnce(kind, () => message);
    else this.warn(message, kind);
  }
  /** Whether somebody listens to an event. */
  hears(event) {
    return this.#listeners.of(event).length > 0;
  }
  #tell(kind, level, text) {
    this.#repeats ??= new Repeats();
    this.#repeats.tell(`${level} ${kind}`, (line) => this.#logger[level](line), text);
  }
  #log(where, error) {
    if (this.#logger === silentLogger) {
      this.#warnOnce(
        where,
        () =>
          `a handler failed in ${where}: ${describeError(error, { stack: true })}\nFurther errors there are not shown; add a "handlerError" listener or a logger.`,
      );
    } else {
      this.#tell(
        `${where} ${kindOfError(error)}`,
        "error",
        (first) => `${where}: ${describeError(error, { stack: first })}`,
      );
    }
  }
  #warnOnce(kind, text) {
    this.#warned ??= new Set();
    if (this.#warned.has(kind) || this.#warned.size >= MAX_WARNINGS) return;
    this.#warned.add(kind);
    this.#warn(text());
  }
}
//# sourceMappingURL=handler-guard.js.map
