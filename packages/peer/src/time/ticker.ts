import { ConfigError, checkKnownOptions, type OptionNames } from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import type { HandlerGuard } from "../base/handler-guard.js";
import { onAbort } from "./abort-signals.js";
import type { Clock } from "./clock.js";
import { EARLY, LONGEST_DELAY } from "./timers.js";
import { checkWait } from "./wait-options.js";

/** Steps that are made in a row at most by default. */
const MAX_STEPS = 5;
/** Most steps in a second: timers of JavaScript runtimes count milliseconds. */
const MAX_HZ = 1000;
/** Shortest delay that timers of JavaScript runtimes have, in milliseconds. */
const SHORTEST_DELAY = 1;

/**
 * Under this symbol, a server or client has what tickers need of it. It is the same symbol in each copy of this package: the
 * server or client may be made with another one.
 */
export const TICK_HOST: unique symbol = Symbol.for("peng3dnet.tickhost");

/** What a ticker needs of its server or client. */
export interface TickHost {
  readonly clock: Clock;
  readonly guard: HandlerGuard;
  /** Whether it is stopped, or the one connection of a client closed: nothing ticks any more. */
  readonly atEnd: boolean;
  /** Tickers that end with it. */
  readonly tickers: Set<{ stop(): void }>;
  /** Calls `call`, and then hands over at once what that gave rise to, with one write for each connection. */
  gather(call: () => void): void;
}

/** A server or client that can tick. */
export interface Ticking {
  /** Processes the packets that have arrived. */
  process(): number;
  /** For tickers. */
  readonly [TICK_HOST]: TickHost;
}

/** What a step is told. */
export interface Tick {
  /**
   * Its number, from 1. Step `n` is due `n / hz` seconds after the ticker was made, so that the number tells the time: where
   * steps were skipped, theirs are missing.
   */
  readonly tick: number;
  /** Seconds that a step stands for: always `1 / hz`. */
  readonly dt: number;
  /** Seconds from when it was due to when it began, 0 or more. */
  readonly late: number;
  /** Steps that were skipped before this one. More than 0 only where the loop was late by more than `maxSteps`. */
  readonly skipped: number;
}

/** Options of {@link ticker}. */
export interface TickerOptions {
  /** Steps in a second: above 0, fractions included, up to 1000. */
  readonly hz: number;
  /**
   * A step. What it throws, or rejects with, goes to `handlerError` with `where` `"onTick"`, and the ticker goes on. The next
   * step does not wait for a promise.
   */
  readonly onTick: (tick: Tick) => unknown;
  /**
   * Steps that are made in a row at most, where the program was busy or stood still for longer than one. Of more, the last
   * ones are made, and those before are skipped. With 1, nothing is made up for. Default 5.
   */
  readonly maxSteps?: number | undefined;
  /** Stops it when it fires. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: OptionNames<TickerOptions> = { hz: true, onTick: true, maxSteps: true, signal: true };

/** Calls a function in fixed steps: what {@link ticker} returns. */
export class Ticker implements AsyncDisposable {
  readonly #peer: Ticking;
  readonly #host: TickHost;
  readonly #onTick: (tick: Tick) => unknown;
  readonly #maxSteps: number;
  readonly #dt: number;
  /** Length of a step, in milliseconds. */
  readonly #period: number;
  readonly #started: number;
  readonly #stopListening: (() => void) | undefined;
  #tick = 0;
  #stopped = false;
  #timer: unknown = undefined;

  /** @throws as {@link ticker}. */
  constructor(peer: Ticking, host: TickHost, options: TickerOptions) {
    checkKnownOptions("ticker", options, OPTIONS);
    const { hz, onTick, maxSteps = MAX_STEPS, signal } = options;
    checkOptions(hz, onTick, maxSteps);
    checkWait({ signal });
    this.#peer = peer;
    this.#host = host;
    this.#onTick = onTick;
    this.#maxSteps = maxSteps;
    this.#dt = 1 / hz;
    this.#period = 1000 / hz;
    this.#started = host.clock.now();
    if (host.atEnd || signal?.aborted === true) {
      this.#stopped = true;
      return;
    }
    host.tickers.add(this);
    if (signal !== undefined) this.#stopListening = onAbort(signal, () => this.stop());
    this.#arm();
  }

  /** Number of the step that was begun last; 0 before the first one. */
  get tick(): number {
    return this.#tick;
  }

  /** Whether it is stopped: by `stop`, by its signal, or with its server or client. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Makes no more steps. It cannot be started again. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#host.clock.clearTimeout(this.#timer);
    this.#host.tickers.delete(this);
    this.#stopListening?.();
  }

  /** Stops it, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  /** When a step is due, by the clock. Always from the start, so that nothing adds up. */
  #dueAt(tick: number): number {
    return this.#started + tick * this.#period;
  }

  #arm(): void {
    const { clock } = this.#host;
    // By a timer also if it is due already, so that input has its turn before the next steps.
    const delay = Math.max(SHORTEST_DELAY, this.#dueAt(this.#tick + 1) - clock.now());
    this.#timer = clock.setTimeout(() => this.#fired(), Math.min(delay, LONGEST_DELAY));
  }

  #fired(): void {
    const due = Math.floor((this.#host.clock.now() - this.#started + EARLY) / this.#period);
    if (due > this.#tick) this.#host.gather(() => this.#makeSteps(due));
    if (!this.#stopped) this.#arm();
  }

  /** Makes the steps up to one that is due now. */
  #makeSteps(last: number): void {
    const { clock, guard } = this.#host;
    // It may be one of a subclass, and throw.
    guard.run("process", () => this.#peer.process());
    let skipped = Math.max(0, last - this.#tick - this.#maxSteps);
    this.#tick += skipped;
    while (this.#tick < last && !this.#stopped) {
      const tick = ++this.#tick;
      const late = Math.max(0, clock.now() - this.#dueAt(tick)) / 1000;
      const step: Tick = { tick, dt: this.#dt, late, skipped };
      guard.run("onTick", () => this.#onTick(step));
      skipped = 0;
    }
  }
}

function checkOptions(hz: unknown, onTick: unknown, maxSteps: unknown): void {
  if (typeof hz !== "number" || !(hz > 0 && hz <= MAX_HZ)) {
    throw new ConfigError(
      "hz",
      `the option "hz" cannot be ${describeValue(hz)}; allowed: a number of steps in a second above 0, up to ${MAX_HZ}`,
    );
  }
  if (!(Number.isSafeInteger(maxSteps) && (maxSteps as number) >= 1)) {
    throw new ConfigError(
      "maxSteps",
      `the option "maxSteps" cannot be ${describeValue(maxSteps)}; allowed: an integer from 1`,
    );
  }
  if (typeof onTick !== "function") {
    throw new TypeError(`the option "onTick" is a function, and not ${describeValue(onTick)}`);
  }
}

/**
 * Runs a game loop on a server or client: fixed steps that do not drift. In each, packets that have arrived are processed
 * (with `runAsync()`; after `start()` they are processed as they come), then `onTick` is called, and what both have sent leaves
 * in one write for each connection, or in pieces of 16 KiB.
 *
 * Where the program was busy, the steps that are due are made in a row, up to `maxSteps`: packets are processed before them and
 * output leaves after them, once for all.
 *
 * It goes by the clock of its server or client, and keeps the process alive until it stops: with its server, and with its
 * client, at the latest when the connection of that is closed.
 *
 * @throws {@link ConfigError} if `hz` or `maxSteps` is not allowed, or for an option that does not exist; TypeError if `onTick` is
 * no function, or `peer` neither a server nor a client.
 */
export function ticker(peer: Ticking, options: TickerOptions): Ticker {
  const host = (peer as Partial<Ticking> | undefined)?.[TICK_HOST];
  if (host === undefined)
    throw new TypeError(`ticker() takes a server or client, and not ${describeValue(peer)}`);
  return new Ticker(peer, host, options);
}
