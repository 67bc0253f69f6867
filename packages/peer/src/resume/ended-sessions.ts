import { MAX_REASON_BYTES } from "@peng3dnet/protocol";
import { type SuspendedLimits, SuspendedSessions } from "./suspended-sessions.js";
import { sameTicket, sessionName } from "./ticket.js";

// Every platform has them; the compiler's libraries know them of browsers and of Node only.
declare const TextEncoder: new () => {
  encodeInto(text: string, target: Uint8Array): { readonly written: number };
};
declare const TextDecoder: new (
  encoding: string,
  options: { readonly ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

/** A session that the server's application has closed with a reason, and whose client did not hear of it. */
export interface EndedSession {
  /** The tickets that its client may come with. */
  readonly tickets: readonly Uint8Array[];
  /** What the close was called; as much is kept of it as a client takes. */
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
    this.#byName.set(name, { ...session, reason: cut(session.reason) });
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

/** As much of a reason as a client takes, put together anew: a part of a long text would keep all of it in memory. */
function cut(reason: string): string {
  const bytes = new Uint8Array(MAX_REASON_BYTES);
  const { written } = new TextEncoder().encodeInto(reason, bytes);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, written));
}
