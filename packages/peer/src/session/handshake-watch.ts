import { HandshakeTimeoutError } from "@peng3dnet/protocol";
import type { Clock } from "../time/clock.js";
import { Deadline, type Due, GRACE } from "../time/deadline.js";

/** What a {@link HandshakeWatch} watches over. */
export interface Greeting {
  readonly options: { readonly clock: Clock; readonly handshakeTimeout: number };
  readonly transport: { readonly bytesBeforeStream?: number | undefined };
  /** Bytes received. */
  readonly bytesIn: number;
  /** Whether something has come from the peer that waits to be worked off. */
  readonly hasUnprocessedInput: boolean;
}

/** Who is told that a handshake was not complete in time. */
export interface HandshakeJudge {
  /** Called once. */
  handshakeExpired(error: HandshakeTimeoutError): void;
}

/** Notices that a handshake was not complete in time. */
export class HandshakeWatch implements Due {
  readonly #session: Greeting;
  readonly #judge: HandshakeJudge;
  #deadline: Deadline | undefined;

  /**
   * @param spent - seconds of the time that are over.
   * @param judge - is told, unless it is cancelled before.
   */
  constructor(session: Greeting, spent: number, judge: HandshakeJudge) {
    this.#session = session;
    this.#judge = judge;
    this.#start(spent);
  }

  #start(spent: number): void {
    const { clock, handshakeTimeout } = this.#session.options;
    // More than all of it was spent only if time was given back, since the event loop was busy.
    const left = spent < handshakeTimeout ? handshakeTimeout - spent : Math.min(handshakeTimeout, GRACE);
    this.#deadline = Deadline.of(clock, left, this, handshakeTimeout);
  }

  received(): number {
    const { bytesIn, transport } = this.#session;
    return bytesIn + (transport.bytesBeforeStream ?? 0);
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

  expired(): void {
    const { hasUnprocessedInput, options } = this.#session;
    if (hasUnprocessedInput) {
      this.#deadline = Deadline.start(options.clock, GRACE, () => this.expired());
      return;
    }
    const hint =
      this.received() === 0
        ? ": nothing came; does the other side speak peng3dnet, over TCP or WebSocket as this one?"
        : "";
    this.#judge.handshakeExpired(
      new HandshakeTimeoutError(
        `the handshake was not complete within ${options.handshakeTimeout} s (net.timeout.handshake)${hint}`,
      ),
    );
  }
}
