import type { Transport } from "../transport/transport.js";
import type { Runnable } from "../turns/run-queue.js";
import type { KeptBytes } from "./kept-bytes.js";
import type { ResumableHost } from "./resumable-host.js";

/** How much is sent again before it is looked whether others are to have a turn, in bytes. */
const PIECE = 64 * 1024;

/** What sending again needs of the transport that does it. */
export interface ResendingTransport {
  readonly host: ResumableHost | undefined;
  /** It may get on. */
  drained(): void;
  /** Something threw that has no right to. */
  crashed(error: unknown): void;
}

/**
 * Sends what is kept over another line, as far as that takes it, and as long as no others are to have a turn: many may come back
 * at the same moment.
 */
export class Resending implements Runnable {
  /** Up to where in the stream it was sent again; `undefined`: it is not under way. */
  at: number | undefined = undefined;
  readonly #transport: ResendingTransport;
  /** Whether others are to have a turn before it goes on. */
  #awaitsTurn = false;
  /** What has to be written before that, and is no part of the stream. */
  #greeting: Uint8Array | undefined = undefined;

  constructor(transport: ResendingTransport) {
    this.#transport = transport;
  }

  /**
   * It is to begin, over another line.
   *
   * @param offset - what the other side has received.
   * @param greeting - is written before that, and is no part of the stream.
   */
  begin(offset: number, greeting: Uint8Array | undefined): void {
    this.at = offset;
    this.#greeting = greeting;
  }

  /** Sends the next of it. */
  send(kept: KeptBytes, line: Transport): void {
    if (line.busy || this.#awaitsTurn) return;
    if (this.#greeting !== undefined) line.write(this.#greeting);
    this.#greeting = undefined;
    let at = this.at as number;
    // All may be forgotten meanwhile, where it is broken off.
    while (at >= kept.start && at < kept.end && !line.busy && !this.#awaitsTurn) {
      const piece = kept.view(at).subarray(0, PIECE);
      at += piece.length;
      line.write(piece);
      this.#awaitsTurn = this.#transport.host?.othersFirst(this) === true;
    }
    this.at = at >= kept.start && at < kept.end ? at : undefined;
  }

  get share(): unknown {
    return this.#transport.host?.share;
  }

  /** Goes on, after others had their turn. */
  takeTurn(): void {
    this.#awaitsTurn = false;
    // The line may have broken meanwhile, or there is another one, which had to wait for this as well.
    try {
      this.#transport.drained();
    } catch (error) {
      this.#transport.crashed(error);
    }
  }
}
