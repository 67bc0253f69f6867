import { type SuspendedLimits, SuspendedSessions } from "./suspended-sessions.js";
import { sameTicket, sessionName } from "./ticket.js";

/** A session that the server's application has closed with a reason, and whose client did not hear of it. */
export interface EndedSession {
  /** The tickets that its client may come with. */
  readonly tickets: readonly Uint8Array[];
  /** What the close was called. */
  readonly reason: string;
  /** Until when its client may come, in milliseconds by the clock. */
  readonly until: number;
}

/**
 * Why sessions were closed whose clients could not be told, until these come back or their time is over. No more are kept than
 * sessions may wait for their clients, in all and of one address: the oldest are forgotten.
 */
export class EndedSessions {
  readonly #byName = new Map<string, EndedSession>();
  readonly #kept = new SuspendedSessions<string>();

  /** How many are kept. */
  get size(): number {
    return this.#byName.size;
  }

  /** @param address - what counts as one address. @param now - by the clock, in milliseconds. */
  add(name: string, session: EndedSession, address: string, limits: SuspendedLimits, now: number): void {
    // Nearly all wait for as long, so that those whose time is over come first.
    for (const [older, { until }] of this.#byName) {
      if (until > now) break;
      this.#forget(older);
    }
    this.#byName.set(name, session);
    const oldest = this.#kept.add(name, address, limits);
    if (oldest !== undefined) this.#byName.delete(oldest);
  }

  /** What a ticket is for that was given to such a session, if its time is not over. */
  find(ticket: Uint8Array, now: number): EndedSession | undefined {
    const session = this.#byName.get(sessionName(ticket) ?? "");
    if (session === undefined || session.until <= now) return undefined;
    return session.tickets.some((one) => sameTicket(one, ticket)) ? session : undefined;
  }

  #forget(name: string): void {
    this.#byName.delete(name);
    this.#kept.delete(name);
  }
}
