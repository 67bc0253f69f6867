import { describeError, kindOfError, Repeats, whenRejected } from "@peng3dnet/protocol";
import type { Platform } from "../platform/platform.js";
import { type Listener, Listeners } from "./listeners.js";
import { type Logger, silentLogger } from "./logger.js";

/** Places whose first error is warned of, and other things that are told once. */
const MAX_WARNINGS = 20;

function ignore(): void {}

/** Where a handler failed. */
export interface HandlerErrorContext {
  /** Name of the packet, hook, event or connection type whose code it was. */
  readonly where: string;
}

/** What a guard has told. */
interface Told {
  /** To the logger, again and again. */
  readonly repeats: Repeats;
  /** Places that were warned of, and other things that are told once. */
  readonly warned: Set<string>;
}

/** Whom a guard tells. */
interface GuardSetup {
  /** Where diagnostics go. */
  readonly log: Logger;
  /** Warns whoever runs the program, where there is no logger. */
  readonly platform: Pick<Platform, "warn">;
}

/**
 * Calls code of the application so that what it throws, or rejects with, is reported and harms nobody:
 * to `handlerError` listeners, else to the logger, else as a process warning, one for each place. No method of it
 * throws, whatever the application does. It has the listeners of its peer itself, so that there is one object for both.
 */
export class HandlerGuard extends Listeners {
  readonly #setup: GuardSetup;
  /** What was told already; there once something was: a process may have thousands of clients. */
  #told: Told | undefined = undefined;

  constructor(setup: GuardSetup) {
    super();
    this.#setup = setup;
  }

  /** Calls the listeners of an event, each guarded. */
  emit(event: string, args: readonly unknown[]): void {
    const listeners = this.of(event);
    if (listeners.length > 0) this.#tellOf(event, listeners, args);
  }

  #tellOf(event: string, listeners: readonly Listener[], args: readonly unknown[]): void {
    for (const listener of listeners) this.run(`"${event}" listener`, () => listener(...args));
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
    whenRejected(result, (error) => this.failed(error, where));
  }

  /** Reports an error of the application. */
  failed(error: unknown, where: string): void {
    // Somebody may throw a promise. What is thrown is reported; what it rejects with is nobody's any more.
    whenRejected(error, ignore);
    const context: HandlerErrorContext = { where };
    const listeners = this.of("handlerError");
    for (const listener of listeners) {
      try {
        const result: unknown = listener(error, context);
        whenRejected(result, (second) => this.#log("handlerError", second));
      } catch (second) {
        whenRejected(second, ignore);
        this.#log("handlerError", second);
      }
    }
    if (listeners.length === 0) this.#log(where, error);
  }

  /** Tells that a packet was dropped. The reason and the name of the packet make out what counts as the same. */
  ignored(message: string, why: string, packet: string): void {
    if (this.#setup.log === silentLogger) return;
    this.#tell(`${why} ${packet}`, "debug", () => message);
  }

  /** Tells of something that may happen again and again. @param kind - what counts as the same. */
  warn(message: string, kind: string): void {
    this.#tell(kind, "warn", () => message);
  }

  /** As {@link HandlerGuard.warn}; without a logger by a process warning, since it would happen in silence else. */
  notice(message: string, kind: string): void {
    if (this.#setup.log === silentLogger) this.#warnOnce(kind, () => message);
    else this.warn(message, kind);
  }

  /** Whether somebody listens to an event. */
  hears(event: string): boolean {
    return this.of(event).length > 0;
  }

  #getTold(): Told {
    this.#told ??= { repeats: new Repeats(), warned: new Set() };
    return this.#told;
  }

  #tell(kind: string, level: keyof Logger, text: (first: boolean) => string): void {
    this.#getTold().repeats.tell(`${level} ${kind}`, (line) => this.#setup.log[level](line), text);
  }

  #log(where: string, error: unknown): void {
    if (this.#setup.log === silentLogger) {
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

  #warnOnce(kind: string, text: () => string): void {
    const { warned } = this.#getTold();
    if (warned.has(kind) || warned.size >= MAX_WARNINGS) return;
    warned.add(kind);
    try {
      this.#setup.platform.warn(text());
    } catch {
      // A platform that cannot warn has nobody to tell.
    }
  }
}
