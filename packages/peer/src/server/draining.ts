import { AbortedError, type ConnectionHooks, ServerDrainingError } from "@peng3dnet/protocol";
import type { Clock } from "../time/clock.js";
import { Deferred } from "../time/deferred.js";
import type { WaitOptions } from "../time/wait-options.js";

/** How far a server is drained: whether it refuses newcomers, and who has still to leave. */
export class Draining {
  readonly #clock: Clock;
  /** The clients that were there when it began, and have not left; `undefined` while newcomers are let in. */
  #staying: Set<object> | undefined = undefined;
  #left: Deferred<void>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#left = new Deferred(clock);
  }

  /** Whether newcomers are refused. */
  get begun(): boolean {
    return this.#staying !== undefined;
  }

  /** Whether a connection that has no part in the game yet is refused. */
  refuses(type: ConnectionHooks): boolean {
    return this.begun && type.servedWhileDraining !== true;
  }

  /** What those are told who are refused. */
  error(): ServerDrainingError {
    return new ServerDrainingError(
      "the server lets nobody in any more, since it is about to shut down (drain)",
    );
  }

  /** Refuses newcomers from now on. @param staying - those who are there, and may stay. */
  begin(staying: Iterable<object>): void {
    this.#staying = new Set(staying);
    this.#settle();
  }

  /** Lets newcomers in again. */
  end(): void {
    this.#staying = undefined;
    this.#left.fail(
      new AbortedError(
        "waiting for all clients to leave was given up, since the server lets clients in again (admit)",
      ),
    );
    this.#left = new Deferred(this.#clock);
  }

  /** A connection is closed. */
  left(session: object): void {
    if (this.#staying?.delete(session) === true) this.#settle();
  }

  #settle(): void {
    if (this.#staying?.size === 0) this.#left.settle();
  }

  /** Resolves once all have left who were there. */
  wait(options: WaitOptions): Promise<void> {
    return this.#left.wait(options, "all clients to leave");
  }
}
