import { type Address, ResumeError, type ResumeRequest } from "@peng3dnet/protocol";
import { decided } from "../base/decided.js";
import type { HandlerGuard } from "../base/handler-guard.js";
import type { Session } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import { Deadline } from "../time/deadline.js";
import type { PeerCertificate } from "../transport/peer-certificate.js";
import { RateLimiter } from "./rate-limiter.js";
import type { ResumePlaces } from "./resume-places.js";
import { resumeRefused, unknownSession } from "./resume-refusals.js";
import { markOf, sameTicket } from "./ticket.js";

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

/** What it takes of a server to decide about those who come back. */
export interface AdmittingServer<Owner> {
  readonly clock: Clock;
  readonly guard: HandlerGuard;
  readonly authority: ResumeAuthority<Owner> | undefined;
  /** The servers that clients may be led to; `undefined`: there are no others. */
  readonly places: ResumePlaces | undefined;
}

/** A session that a newcomer may go on with. */
export interface ResumableEntry<Owner> {
  readonly session: Session<Owner>;
  /** Limits how often its client comes back; `undefined`: it did not. */
  limiter: RateLimiter | undefined;
  /** Lets those in who came too early, each by a call; `undefined`: nobody ever did. */
  early: Set<() => void> | undefined;
}

/** The sessions that newcomers ask for. */
export interface AdmittedSessions<Owner> {
  /** Whether there is a session that a ticket names, be the ticket good or not. */
  has(ticket: Uint8Array): boolean;
  /** What the session was closed with that a ticket is for, if its client does not know. */
  closedWith(ticket: Uint8Array): string | undefined;
  /** Finds the session that a ticket is for. @throws {@link ResumeError} if the newcomer cannot go on with it. */
  check(newcomer: Session<Owner>, request: ResumeRequest): ResumableEntry<Owner>;
  /**
   * Gives the newcomer's line to the session that it asked for. The newcomer is over with that.
   *
   * @throws {@link ResumeError} as `check`.
   */
  take(newcomer: Session<Owner>, request: ResumeRequest): void;
}

/** How often a client may go on with a session: each time, all that it has not acknowledged is sent again. */
const RESUMPTIONS = { atOnce: 32, perSecond: 8 };

/** A newcomer who waits until it is its time. */
interface Early<Owner> {
  readonly entry: ResumableEntry<Owner>;
  readonly due: Deadline;
  /** Lets it in. */
  readonly come: () => void;
}

/**
 * Decides about newcomers who ask to go on with a session: whether they are at the right server, come too often, and what the
 * application says. Until all of that is known, nothing happens to the session.
 */
export class ResumeAdmission<Owner> {
  readonly #server: AdmittingServer<Owner>;
  readonly #sessions: AdmittedSessions<Owner>;
  /** Those who came too early, until it is their time. */
  readonly #early = new Map<Session<Owner>, Early<Owner>>();

  constructor(server: AdmittingServer<Owner>, sessions: AdmittedSessions<Owner>) {
    this.#server = server;
    this.#sessions = sessions;
  }

  /** A newcomer asks for a session. @throws {@link ResumeError} if it is known at once that it cannot go on with it. */
  asked(newcomer: Session<Owner>, request: ResumeRequest): void {
    const elsewhere = this.#addressFor(request);
    if (elsewhere !== undefined) {
      void this.#redirect(newcomer, elsewhere);
      return;
    }
    const reason = this.#sessions.closedWith(request.ticket);
    if (reason !== undefined) {
      void newcomer.close(reason);
      return;
    }
    const entry = this.#sessions.check(newcomer, request);
    entry.limiter ??= new RateLimiter(RESUMPTIONS);
    const wait = entry.limiter.reserve(this.#server.clock.now());
    if (wait === 0) this.#authorize(newcomer, request, entry.session);
    else this.#letWait(newcomer, request, entry, wait);
  }

  /** Lets a newcomer in after so many seconds. What it asks for is looked at again then. */
  #letWait(
    newcomer: Session<Owner>,
    request: ResumeRequest,
    entry: ResumableEntry<Owner>,
    seconds: number,
  ): void {
    const come = (): void => {
      this.#leave(newcomer);
      try {
        if (newcomer.open)
          this.#authorize(newcomer, request, this.#sessions.check(newcomer, request).session);
      } catch (error) {
        newcomer.fail(error, "resume");
      }
    };
    const due = Deadline.start(this.#server.clock, seconds, come) as Deadline;
    this.#early.set(newcomer, { entry, due, come });
    entry.early ??= new Set();
    entry.early.add(come);
  }

  /** One waits no more. @returns whom it waited for; `undefined`: it did not wait. */
  #leave(newcomer: Session<Owner>): ResumableEntry<Owner> | undefined {
    const early = this.#early.get(newcomer);
    if (early === undefined) return undefined;
    const { entry, due, come } = early;
    this.#early.delete(newcomer);
    entry.early?.delete(come);
    due.cancel();
    return entry;
  }

  /** Lets in who waits for a session that is about to expire: it came in time. */
  hurry({ early }: ResumableEntry<Owner>): void {
    for (const come of early ?? []) come();
  }

  /** A connection is over, be it one of a newcomer who waited. */
  ended(newcomer: Session<Owner>): void {
    // Whoever gives up sooner than it would be let in must not move its next time away with each attempt.
    this.#leave(newcomer)?.limiter?.release();
  }

  /** Asks the application, where it wants to decide. */
  #authorize(newcomer: Session<Owner>, request: ResumeRequest, session: Session<Owner>): void {
    const { authority, guard } = this.#server;
    if (authority === undefined) {
      this.#sessions.take(newcomer, request);
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
        if (allowed) this.#sessions.take(newcomer, request);
        else
          newcomer.fail(
            resumeRefused("the application does not let the client go on with its session"),
            "resume",
          );
      } catch (error) {
        if (!(error instanceof ResumeError)) guard.failed(error, "authorizeResume");
        newcomer.fail(
          error instanceof ResumeError
            ? error
            : resumeRefused("it could not be found out whether the client may go on"),
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
    if (sameTicket(mark, places.mark) || this.#sessions.has(ticket)) return undefined;
    return places.addressOf(mark);
  }

  /** Tells a newcomer that its session is at another server, or that nobody knows of it. */
  async #redirect(newcomer: Session<Owner>, elsewhere: Promise<string | undefined>): Promise<void> {
    const address = await elsewhere.catch((error: unknown) => {
      this.#server.guard.failed(error, "resumeAmong");
      return undefined;
    });
    // One that has gone meanwhile is told nothing.
    newcomer.fail(
      address === undefined
        ? unknownSession()
        : new ResumeError("a client came back for a session that is at another server", "resumeelsewhere", {
            address,
          }),
      "resume",
    );
  }
}
