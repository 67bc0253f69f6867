import type { Client } from "@peng3dnet/core";
import { ECHO } from "./packets.js";
import { starved } from "./process-stats.js";

const INTERVAL = 20;

/** How long processes have been without a processor so far, in milliseconds. */
interface Starved {
  readonly victim: number;
  readonly own: number;
}

interface Echo {
  readonly since: number;
  readonly starved: Starved;
}

/** Echoes over one connection, one each 20 milliseconds. Times are in milliseconds. */
export class Echoes {
  /** From when an echo was due to its answer, or to the end. */
  longest = 0;
  /** Of such a wait, how long server or client had no processor at most. It is left out of `longest`. */
  machine = 0;
  answered = 0;
  /** Why the connection was closed; undefined if it is there. */
  closed: string | undefined = undefined;
  /** Process of the server; 0 while none is looked at. */
  victim = 0;
  readonly #client: Client;
  /** Echoes without an answer. */
  readonly #due = new Map<number, Echo>();
  #started = 0;
  #sent = 0;
  #over = false;
  #lastStarved: Starved = { victim: 0, own: 0 };

  /** @param name - of the connection, where it has to be told from others. */
  constructor(client: Client, name: string) {
    this.#client = client;
    client.on("close", ({ reason }) => {
      this.closed = `${name}${reason ?? "without a reason"}`;
    });
  }

  start(): void {
    this.#started = performance.now();
    this.#tick();
  }

  /** Forgets what was measured so far. */
  measure(victim: number): void {
    this.victim = victim;
    this.#lastStarved = this.#starvedUntilNow();
    this.#due.clear();
    this.longest = 0;
    this.machine = 0;
    this.answered = 0;
  }

  /** Sends no more. */
  stop(): void {
    this.#over = true;
  }

  get outstanding(): boolean {
    return this.#due.size > 0 && this.closed === undefined;
  }

  /** Those that were not answered have waited until now. */
  giveUp(): void {
    for (const echo of this.#due.values()) this.#waited(echo);
  }

  heard(number: unknown): void {
    const echo = this.#due.get(number as number);
    if (echo === undefined) return;
    this.#due.delete(number as number);
    this.answered++;
    this.#waited(echo);
  }

  #tick(): void {
    if (this.#over || this.closed !== undefined) return;
    const now = performance.now();
    const dueAt = (): number => this.#started + this.#sent * INTERVAL;
    for (let since = dueAt(); since <= now; since = dueAt()) {
      this.#due.set(this.#sent, { since, starved: this.#lastStarved });
      this.#client.sendMessage(ECHO.name, this.#sent++);
    }
    // Taken now for the next one, which may be sent late.
    this.#lastStarved = this.#starvedUntilNow();
    setTimeout(() => this.#tick(), Math.max(0, dueAt() - performance.now()));
  }

  #starvedUntilNow(): Starved {
    return { victim: starved(this.victim), own: starved(process.pid) };
  }

  /** The wait for an echo that was answered, or never was, is over. */
  #waited(echo: Echo): void {
    const wait = performance.now() - echo.since;
    // Short ones are of no interest, and not worth looking.
    if (wait <= this.longest) return;
    const now = this.#starvedUntilNow();
    // Both may be without at the same time, and one of them alone is waited for: so not the sum.
    const share = Math.min(wait, Math.max(now.victim - echo.starved.victim, now.own - echo.starved.own));
    this.machine = Math.max(this.machine, share);
    this.longest = Math.max(this.longest, wait - share);
  }
}
