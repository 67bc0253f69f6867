import { encodeResumed, endsResumption, ResumeError, type ResumeRequest } from "@peng3dnet/protocol";
import { addressGroup } from "../server/address-group.js";
import type { Session } from "../session/session.js";
import { Deadline } from "../time/deadline.js";
import { AcknowledgementSchedule } from "./acknowledgement-schedule.js";
import { EndedSessions } from "./ended-sessions.js";
import type { SentAgain } from "./resumable-host.js";
import {
  type AdmittedSessions,
  type AdmittingServer,
  type ResumableEntry,
  ResumeAdmission,
} from "./resume-admission.js";
import { resumeEvicted, resumeExpired, resumeRefused, unknownSession } from "./resume-refusals.js";
import type { ResumptionHooks, SessionResumption } from "./session-resumption.js";
import { type SuspendedLimits, SuspendedSessions } from "./suspended-sessions.js";
import { newTicket, nextTicket, sameTicket, sessionName } from "./ticket.js";

/** What resumption needs of a server. */
export interface ResumingServer<Owner> extends AdmittingServer<Owner> {
  readonly limits: SuspendedLimits;
  /** Changes whenever the registry does. */
  readonly registryRevision: number;
  /** The connection of a session counts no more towards the limits on connections. */
  leave(session: Session<Owner>): void;
  /** It does again. */
  enter(session: Session<Owner>): void;
  suspended(session: Session<Owner>, error: Error | undefined): void;
  resumed(session: Session<Owner>, again: SentAgain, seconds: number): void;
}

/** A session that can be gone on with. */
interface Entry<Owner> extends ResumableEntry<Owner> {
  readonly name: string;
  readonly revision: number;
  ticket: Uint8Array;
  /** The ticket before, while it is not known whether the client has the new one. */
  former: Uint8Array | undefined;
  /** Ends it when its client does not come back. */
  expiry: Deadline | undefined;
}

/**
 * Keeps the sessions of a server for clients whose line broke, and lets these go on with them. Whom it lets, its
 * {@link ResumeAdmission} decides.
 */
export class ServerResumption<Owner> implements ResumptionHooks<Session<Owner>>, AdmittedSessions<Owner> {
  readonly schedule: AcknowledgementSchedule;
  readonly #server: ResumingServer<Owner>;
  readonly #byName = new Map<string, Entry<Owner>>();
  readonly #bySession = new Map<Session<Owner>, Entry<Owner>>();
  readonly #suspended = new SuspendedSessions<Session<Owner>>();
  readonly #admission: ResumeAdmission<Owner>;
  /** Sessions that the application has closed, and whose clients do not know; `undefined`: there never was one. */
  #unheard: EndedSessions | undefined = undefined;
  /** The session that changes from one line to another within this call, so that it waits for none. */
  #passing: Session<Owner> | undefined = undefined;
  /** The server stops or shuts down. */
  ending = false;

  constructor(server: ResumingServer<Owner>) {
    this.#server = server;
    this.schedule = new AcknowledgementSchedule(server.clock);
    this.#admission = new ResumeAdmission(server, this);
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
      early: undefined,
      expiry: undefined,
    };
    this.#byName.set(name, entry);
    this.#bySession.set(session, entry);
    session.connection.sendTicket(ticket, windowOf(session));
    resumptionOf(session).ticketed();
  }

  asked(newcomer: Session<Owner>, request: ResumeRequest): void {
    this.#admission.asked(newcomer, request);
  }

  has(ticket: Uint8Array): boolean {
    return this.#byName.has(sessionName(ticket) as string);
  }

  closedWith(ticket: Uint8Array): string | undefined {
    return this.#unheard?.find(ticket, this.#server.clock.now())?.reason;
  }

  check(newcomer: Session<Owner>, { ticket, received }: ResumeRequest): Entry<Owner> {
    const name = sessionName(ticket);
    const entry = name === undefined ? undefined : this.#byName.get(name);
    if (entry === undefined || !isTicketOf(entry, ticket)) {
      throw unknownSession();
    }
    const { session } = entry;
    if (!resumptionOf(session).canGoOn) {
      throw new ResumeError("a client came back for a session that ends, or has ended", "resumeunknown");
    }
    if (entry.revision !== this.#server.registryRevision)
      throw new ResumeError("the registry has changed since the session began", "resumeregistry");
    if (session.peerCertificate?.fingerprint256 !== newcomer.peerCertificate?.fingerprint256)
      throw resumeRefused("the client came back with another certificate, or without the one that it had");
    if (newcomer.sslSeclevel < session.sslSeclevel)
      throw resumeRefused(
        "the client came back over a connection that is less secure than the one that it had",
      );
    if (!resumptionOf(session).transport.canGoOnAt(received)) {
      throw new ResumeError(
        "what the client says that it has received is more than was sent, less than it had, or not kept any more",
        "resumegap",
      );
    }
    return entry;
  }

  take(newcomer: Session<Owner>, request: ResumeRequest): void {
    // Its line may have ended while it waited for its turn, or while the application was asked.
    if (newcomer.gone || !newcomer.open) return;
    // Another one may have come first.
    const entry = this.check(newcomer, request);
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
      this.#admission.hurry(entry);
      if (entry.expiry === expiry && resumption.suspended) resumption.giveUp(resumeExpired(window));
    });
    entry.expiry = expiry;
    const [address] = session.remoteAddress;
    const oldest = this.#suspended.add(session, addressGroup(address), server.limits);
    server.suspended(session, error);
    if (oldest !== undefined) resumptionOf(oldest).giveUp(resumeEvicted());
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
    this.#admission.ended(session);
    const entry = this.#bySession.get(session);
    if (entry === undefined) return;
    entry.expiry?.cancel();
    this.#suspended.delete(session);
    this.#bySession.delete(session);
    this.#byName.delete(entry.name);
    // A client that is told of a reason that passes comes again and again: for it, its session is gone.
    if (unheard !== undefined && endsResumption(unheard) && !this.ending) this.#remember(entry, unheard);
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
