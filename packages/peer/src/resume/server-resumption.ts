import { type Address, encodeResumed, ResumeError, type ResumeRequest } from "@peng3dnet/protocol";
import { decided } from "../base/decided.js";
import type { HandlerGuard } from "../base/handler-guard.js";
import { addressGroup } from "../server/address-group.js";
import type { Session } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import { Deadline } from "../time/deadline.js";
import type { PeerCertificate } from "../transport/peer-certificate.js";
import { AcknowledgementSchedule } from "./acknowledgement-schedule.js";
import { EndedSessions } from "./ended-sessions.js";
import { RateLimiter } from "./rate-limiter.js";
import type { SentAgain } from "./resumable-host.js";
import type { ResumePlaces } from "./resume-places.js";
import type { ResumptionHooks, SessionResumption } from "./session-resumption.js";
import { type SuspendedLimits, SuspendedSessions } from "./suspended-sessions.js";
import { markOf, newTicket, nextTicket, sameTicket, sessionName } from "./ticket.js";

/** Who wants to go on with a session: what {@link ServerOptions.authorizeResume} decides about. */
export interface ResumeAttempt<Client> {
  /** Whose session it is. */
  readonly client: Client;
  /** Where the attempt comes from. The client itself still tells the address that it had. */
  readonly addr: Address;
  /** The certificate that was shown now. It is the one that the session began with, or there was none. */
  readonly peerCertificate: PeerCertificate | undefined;
}

/** Decides whether clients may go on with their sessions. */
export interface ResumeAuthority<Client> {
  authorize(attempt: ResumeAttempt<Client>): boolean | Promise<boolean>;
}

/** What resumption needs of a server. */
export interface ResumingServer<Owner> {
  readonly clock: Clock;
  readonly guard: HandlerGuard;
  readonly limits: SuspendedLimits;
  /** Changes whenever the registry does. */
  readonly registryRevision: number;
  readonly authority: ResumeAuthority<Owner> | undefined;
  /** The servers that clients may be led to; `undefined`: there are no others. */
  readonly places: ResumePlaces | undefined;
  /** The connection of a session counts no more towards the limits on connections. */
  leave(session: Session<Owner>): void;
  /** It does again. */
  enter(session: Session<Owner>): void;
  suspended(session: Session<Owner>, error: Error | undefined): void;
  resumed(session: Session<Owner>, again: SentAgain, seconds: number): void;
}

/** How often a client may go on with a session: each time, all that it has not acknowledged is sent again. */
const RESUMPTIONS = { atOnce: 32, perSecond: 8 };

/** A session that can be gone on with. */
interface Entry<Owner> {
  readonly session: Session<Owner>;
  readonly name: string;
  readonly revision: number;
  ticket: Uint8Array;
  /** The ticket before, while it is not known whether the client has the new one. */
  former: Uint8Array | undefined;
  /** Limits how often its client comes back; `undefined`: it did not. */
  limiter: RateLimiter | undefined;
  /** Ends it when its client does not come back. */
  expiry: Deadline | undefined;
}

/** A newcomer who waits until it is its time. */
interface Early {
  readonly session: unknown;
  readonly limiter: RateLimiter;
  readonly due: Deadline;
  /** Lets it in. */
  readonly come: () => void;
}

/** Keeps the sessions of a server for clients whose line broke, and lets these go on with them. */
export class ServerResumption<Owner> implements ResumptionHooks<Session<Owner>> {
  readonly schedule: AcknowledgementSchedule;
  readonly #server: ResumingServer<Owner>;
  readonly #byName = new Map<string, Entry<Owner>>();
  readonly #bySession = new Map<Session<Owner>, Entry<Owner>>();
  readonly #suspended = new SuspendedSessions<Session<Owner>>();
  /** Those who came too early, until it is their time. */
  readonly #early = new Map<Session<Owner>, Early>();
  /** Sessions that the application has closed, and whose clients do not know; `undefined`: there never was one. */
  #unheard: EndedSessions | undefined = undefined;
  /** The session that changes from one line to another within this call, so that it waits for none. */
  #passing: Session<Owner> | undefined = undefined;
  /** The server stops or shuts down. */
  ending = false;

  constructor(server: ResumingServer<Owner>) {
    this.#server = server;
    this.schedule = new AcknowledgementSchedule(server.clock);
  }

  /** How many sessions wait for their clients. */
  get suspendedCount(): number {
    return this.#suspended.size;
  }

  /** What counts as the address of a session that waits for its client; `undefined`: it does not. */
  addressOf(session: Session<Owner>): string | undefined {
    return this.#suspended.addressOf(session);
  }

  begin(session: Session<Owner>): void {
    const ticket = newTicket(this.#server.places?.mark);
    const name = sessionName(ticket) as string;
    const revision = this.#server.registryRevision;
    const entry: Entry<Owner> = {
      session,
      name,
      revision,
      ticket,
      former: undefined,
      limiter: undefined,
      expiry: undefined,
    };
    this.#byName.set(name, entry);
    this.#bySession.set(session, entry);
    session.connection.sendTicket(ticket, windowOf(session));
    resumptionOf(session).ticketed();
  }

  asked(newcomer: Session<Owner>, request: ResumeRequest): void {
    const elsewhere = this.#addressFor(request);
    if (elsewhere !== undefined) {
      void this.#lead(newcomer, elsewhere);
      return;
    }
    const { clock } = this.#server;
    const ended = this.#unheard?.find(request.ticket, clock.now());
    if (ended !== undefined) {
      void newcomer.close(ended.reason);
      return;
    }
    const entry = this.#check(newcomer, request);
    entry.limiter ??= new RateLimiter(RESUMPTIONS);
    const { limiter } = entry;
    const wait = limiter.reserve(clock.now());
    if (wait === 0) {
      this.#ask(newcomer, request, entry.session);
      return;
    }
    const come = (): void => {
      this.#early.delete(newcomer);
      try {
        if (newcomer.open) this.#ask(newcomer, request, this.#check(newcomer, request).session);
      } catch (error) {
        newcomer.fail(error, "resume");
      }
    };
    const due = Deadline.start(clock, wait, come) as Deadline;
    this.#early.set(newcomer, { session: entry.session, limiter, due, come });
  }

  /** Lets in who waits for a session that is about to expire: it came in time. */
  #hurry(session: Session<Owner>): void {
    for (const early of [...this.#early.values()]) {
      if (early.session !== session) continue;
      early.due.cancel();
      early.come();
    }
  }

  /** Asks the application, where it wants to decide. */
  #ask(newcomer: Session<Owner>, request: ResumeRequest, session: Session<Owner>): void {
    const { authority, guard } = this.#server;
    if (authority === undefined) {
      this.#take(newcomer, request);
      return;
    }
    const { remoteAddress: addr, peerCertificate } = newcomer;
    // Whatever the hook does, the answer is not given within the call that read the question.
    void (async () => {
      try {
        const answer: unknown = await authority.authorize({ client: session.owner, addr, peerCertificate });
        const allowed = decided(
          answer,
          "the option authorizeResume has to return true or false, or a promise of it",
        );
        if (!newcomer.open) return;
        if (allowed) this.#take(newcomer, request);
        else
          newcomer.fail(refused("the application does not let the client go on with its session"), "resume");
      } catch (error) {
        if (!(error instanceof ResumeError)) guard.failed(error, "authorizeResume");
        newcomer.fail(
          error instanceof ResumeError
            ? error
            : refused("it could not be found out whether the client may go on"),
          "resume",
        );
      }
    })();
  }

  /** Where the session is that a ticket is for; `undefined`: here, or nowhere, or the client would not go there. */
  #addressFor({ ticket, redirect }: ResumeRequest): Promise<string | undefined> | undefined {
    const { places } = this.#server;
    const mark = markOf(ticket);
    if (redirect !== true || places === undefined || mark === undefined) return undefined;
    if (sameTicket(mark, places.mark) || this.#byName.has(sessionName(ticket) as string)) return undefined;
    return places.addressOf(mark);
  }

  /** Tells a newcomer that its session is at another server, or nowhere: one of the two. */
  async #lead(newcomer: Session<Owner>, elsewhere: Promise<string | undefined>): Promise<void> {
    const address = await elsewhere.catch((error: unknown) => {
      this.#server.guard.failed(error, "resumeAmong");
      return undefined;
    });
    // One that has gone meanwhile is told nothing.
    newcomer.fail(
      address === undefined
        ? unknown()
        : new ResumeError("a client came back for a session that is at another server", "resumeelsewhere", {
            address,
          }),
      "resume",
    );
  }

  /** Finds the session that a ticket is for. @throws {@link ResumeError} if the newcomer cannot go on with it. */
  #check(newcomer: Session<Owner>, { ticket, received }: ResumeRequest): Entry<Owner> {
    const name = sessionName(ticket);
    const entry = name === undefined ? undefined : this.#byName.get(name);
    if (entry === undefined || !isTicketOf(entry, ticket)) {
      throw unknown();
    }
    const { session } = entry;
    if (!resumptionOf(session).canGoOn) {
      throw new ResumeError("a client came back for a session that ends, or has ended", "resumeunknown");
    }
    if (entry.revision !== this.#server.registryRevision)
      throw new ResumeError("the registry has changed since the session began", "resumeregistry");
    if (session.peerCertificate?.fingerprint256 !== newcomer.peerCertificate?.fingerprint256)
      throw refused("the client came back with another certificate, or without the one that it had");
    if (newcomer.sslSeclevel < session.sslSeclevel)
      throw refused("the client came back over a connection that is less secure than the one that it had");
    if (!resumptionOf(session).transport.canGoOnAt(received)) {
      throw new ResumeError(
        "what the client says that it has received is more than was sent, less than it had, or not kept any more",
        "resumegap",
      );
    }
    return entry;
  }

  /** Gives the line of a newcomer to the session that it asked for. The newcomer is over with that. */
  #take(newcomer: Session<Owner>, request: ResumeRequest): void {
    // Its line may have ended while it waited for its turn, or while the application was asked.
    if (newcomer.gone || !newcomer.open) return;
    // Another one may have come first.
    const entry = this.#check(newcomer, request);
    const { session } = entry;
    const { transport } = resumptionOf(session);
    // Who comes with the ticket before once more may have got the next one meanwhile, over a line that it has given up: it
    // has to stay good.
    if (sameTicket(entry.ticket, request.ticket)) {
      entry.former = entry.ticket;
      entry.ticket = nextTicket(entry.ticket);
    }
    transport.confirmed = () => {
      entry.former = undefined;
    };
    const line = resumptionOf(newcomer).transport.release();
    newcomer.destroy("resumed");
    const greeting = encodeResumed(session.connection.context, transport.received, entry.ticket);
    this.#passing = session;
    try {
      transport.goOn(line, request.received, greeting);
    } finally {
      this.#passing = undefined;
    }
  }

  suspended(session: Session<Owner>, error: Error | undefined): void {
    const server = this.#server;
    const entry = this.#bySession.get(session);
    if (entry === undefined) return;
    server.leave(session);
    if (session === this.#passing) {
      server.suspended(session, error);
      return;
    }
    const window = windowOf(session);
    const resumption = resumptionOf(session);
    const expiry = Deadline.start(server.clock, window, () => {
      this.#hurry(session);
      if (entry.expiry === expiry && resumption.suspended) resumption.giveUp(expired(window));
    });
    entry.expiry = expiry;
    const [address] = session.remoteAddress;
    const oldest = this.#suspended.add(session, addressGroup(address), server.limits);
    server.suspended(session, error);
    if (oldest !== undefined) resumptionOf(oldest).giveUp(evicted());
    // Now that it counts for its address.
    resumption.tellAllHeld();
  }

  resumed(session: Session<Owner>, again: SentAgain, seconds: number): void {
    this.#bySession.get(session)?.expiry?.cancel();
    this.#suspended.delete(session);
    this.#server.enter(session);
    this.#server.resumed(session, again, seconds);
  }

  /** A session waits for its client no more, while what came of it before waits to be worked off. */
  gone(session: Session<Owner>): void {
    this.#suspended.delete(session);
  }

  ended(session: Session<Owner>, unheard?: string): void {
    const early = this.#early.get(session);
    if (early !== undefined) {
      this.#early.delete(session);
      early.due.cancel();
      // Whoever gives up sooner than it would be let in must not move its next time away with each attempt.
      early.limiter.release();
    }
    const entry = this.#bySession.get(session);
    if (entry === undefined) return;
    entry.expiry?.cancel();
    this.#suspended.delete(session);
    this.#bySession.delete(session);
    this.#byName.delete(entry.name);
    if (unheard !== undefined && !this.ending) this.#remember(entry, unheard);
  }

  /** The application has closed a session, and its client does not know: it is told when it comes back. */
  #remember({ session, name, ticket, former }: Entry<Owner>, reason: string): void {
    const { clock, limits } = this.#server;
    const now = clock.now();
    const until = now + 1000 * windowOf(session);
    const tickets = former === undefined ? [ticket] : [ticket, former];
    this.#unheard ??= new EndedSessions();
    this.#unheard.add(name, { tickets, reason, until }, addressGroup(session.remoteAddress[0]), limits, now);
  }
}

function resumptionOf<Owner>(session: Session<Owner>): SessionResumption<Session<Owner>> {
  // A server whose sessions are resumed makes all of them so.
  return session.resumption as SessionResumption<Session<Owner>>;
}

function isTicketOf({ ticket, former }: Entry<unknown>, presented: Uint8Array): boolean {
  return sameTicket(ticket, presented) || (former !== undefined && sameTicket(former, presented));
}

function windowOf({ connection }: Session<unknown>): number {
  return connection.context.declared?.resume?.window ?? 0;
}

function unknown(): ResumeError {
  return new ResumeError(
    "a client came back for a session that is not here, or not any more",
    "resumeunknown",
  );
}

function refused(message: string): ResumeError {
  return new ResumeError(message, "resumerefused");
}

function expired(window: number): ResumeError {
  return new ResumeError(
    `the client did not come back within ${window} s (net.resume.window)`,
    "resumeexpired",
  );
}

function evicted(): ResumeError {
  return new ResumeError(
    "too many sessions wait for their clients (net.resume.sessions, net.resume.sessions.address); the oldest one was given up",
    "resumeevicted",
  );
}
