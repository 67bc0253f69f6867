import { HandshakeTimeoutError } from "@peng3dnet/protocol";
import type { Clock } from "../time/clock.js";
import { Deadline, GRACE } from "../time/deadline.js";

/** What a {@link HandshakeWatch} watches over. */
export interface Greeting {
  readonly options: { readonly clock: Clock; readonly handshakeTimeout: number };
  readonly transport: { readonly bytesBeforeStream?: number | undefined };
  /** Bytes received. */
  readonly bytesIn: number;
  /** Whether something has come from the peer that waits to be worked off. */
  readonly hasUnprocessedInput: boolean;
}

/** Notices that a handshake was not complete in time. */
export class HandshakeWatch {
  readonly #session: Greeting;
  readonly #expired: (error: HandshakeTimeoutError) => void;
  #deadline: Deadline | undefined;

  /**
   * @param spent - seconds of the time that are over.
   * @param expired - is called once, unless it is cancelled before.
   */
  constructor(session: Greeting, spent: number, expired: (error: HandshakeTimeoutError) => void) {
    this.#session = session;
    this.#expired = expired;
    this.#start(spent);
  }

  #start(spent: number): void {
    const session = this.#session;
    const { clock, handshakeTimeout } = session.options;
    // More than all of it was spent only if time was given back, since the event loop was busy.
    const left = spent < handshakeTimeout ? handshakeTimeout - spent : Math.min(handshakeTimeout, GRACE);
    this.#deadline = Deadline.start(clock, left, () => this.#judge(), {
      lateAllowance: handshakeTimeout,
      received: () => session.bytesIn + (session.transport.bytesBeforeStream ?? 0),
    });
  }

  /** Stops it, for good or until {@link HandshakeWatch.goOn}. */
  cancel(): void {
    this.#deadline?.cancel();
  }

  /** The peer can be heard again, and has all of its time, as one has that has just connected. */
  goOn(): void {
    this.#deadline?.cancel();
    this.#start(0);
  }

  #judge(): void {
    const { hasUnprocessedInput, options } = this.#session;
    if (hasUnprocessedInput) {
      this.#deadline = Deadline.start(options.clock, GRACE, () => this.#judge());
      return;
    }
    this.#expired(
      new HandshakeTimeoutError(
        `the handshake was not complete within ${options.handshakeTimeout} s (net.timeout.handshake)`,
      ),
    );
  }
}
