import type { Side } from "./contestant.js";
import { answerTo, isRequest, itemsFor, textOf } from "./items.js";

/** Milliseconds between two turns of sending. */
const TURN = 2;
/** Items of a turn, at most: 4,000 a second, so that something is under way whenever a cut comes, and not everything. */
const MOST = 8;

/** What one side has sent, and what became of its requests. */
export interface Sent {
  /** Packets that the side took. */
  readonly packets: number;
  readonly requests: number;
  /** Requests that were answered rightly. */
  readonly answered: number;
  /** Requests that were rejected, or answered wrongly. */
  readonly failed: number;
}

/** Sends the items of one side, as far as it may at the moment. */
export class Load {
  readonly #side: Side;
  readonly #total: number;
  readonly #sent = { packets: 0, requests: 0, answered: 0, failed: 0 };
  readonly #timer: NodeJS.Timeout;
  #next = 0;
  #allowed = 0;

  constructor(side: Side, packets: number) {
    this.#side = side;
    this.#total = itemsFor(packets);
    this.#timer = setInterval(() => this.#turn(), TURN);
  }

  /** Lets so many items be sent, counted from the first. */
  allow(items: number): void {
    this.#allowed = Math.min(items, this.#total);
  }

  get sent(): Sent {
    return { ...this.#sent };
  }

  /** Whether all items were sent, and all requests settled. */
  get done(): boolean {
    const { requests, answered, failed } = this.#sent;
    return this.#next === this.#total && requests === answered + failed;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #turn(): void {
    const most = Math.min(MOST, this.#allowed - this.#next);
    for (let count = 0; count < most && this.#side.ready(); count++) {
      if (!this.#one(this.#next)) return;
      this.#next++;
    }
  }

  /** @returns false if the side did not take it. */
  #one(number: number): boolean {
    const item = { number, text: textOf(number) };
    const sent = this.#sent;
    if (isRequest(number)) {
      sent.requests++;
      void this.#side.ask(item).then(
        (answer) => {
          if (answer === answerTo(number)) sent.answered++;
          else sent.failed++;
        },
        () => sent.failed++,
      );
    } else {
      try {
        this.#side.send(item);
      } catch {
        return false;
      }
      sent.packets++;
    }
    return true;
  }
}
