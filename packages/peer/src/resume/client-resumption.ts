import {
  AbortedError,
  endsResumption,
  type OptionNames,
  ResumeError,
  ResumeHandshake,
  type ResumeResult,
  type ResumeTicket,
} from "@peng3dnet/protocol";
import type { Platform } from "../platform/platform.js";
import type { Session } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import { Deadline } from "../time/deadline.js";
import type { Transport } from "../transport/transport.js";
import { AcknowledgementSchedule } from "./acknowledgement-schedule.js";
import { Attempt, type DialLine } from "./attempt.js";
import { type BackOffOptions, backOff, checkReturn, checkSeconds, longestPause } from "./back-off.js";
import { KEEPS } from "./kept-client.js";
import type { Line } from "./line.js";
import { checkRedirect, type RedirectOptions, type Redirects } from "./redirects.js";
import type { SentAgain } from "./resumable-host.js";
import type { SessionKeeper } from "./session-keeper.js";
import type { ResumptionHooks, SessionResumption } from "./session-resumption.js";

/** How a client comes back to its session: the option `resume` of a `Client`. */
export interface ResumeOptions extends BackOffOptions, RedirectOptions {
  /** Seconds after which an attempt is given up for another one. Default 5, and at most `net.timeout.handshake`. A server's `authorizeResume` has
   * to answer in that time. */
  readonly attemptTimeout?: number | undefined;
  /**
   * Saves the session for a program that comes after this one, and begins with what one before has saved. Default: none, so that
   * the session ends with the program.
   */
  readonly keeper?: SessionKeeper | undefined;
}

const OPTIONS: OptionNames<ResumeOptions> = {
  delay: true,
  maxDelay: true,
  redirect: true,
  attemptTimeout: true,
  keeper: true,
};

/** @throws TypeError or {@link ConfigError} for options that are none. */
export function checkResume(options: ResumeOptions): void {
  checkReturn("resume", options, OPTIONS);
  checkRedirect(options);
  const { attemptTimeout = ATTEMPT_TIMEOUT, keeper } = options;
  checkSeconds("attemptTimeout", attemptTimeout, Number.POSITIVE_INFINITY);
  if (keeper !== undefined && typeof keeper?.[KEEPS] !== "function")
    throw new TypeError("keeper is a SessionKeeper, or what reloadKeeper returns");
}

const ATTEMPT_TIMEOUT = 5;
const NOTHING = new Uint8Array(0);

/** What resumption needs of a client. */
export interface ResumingClient<Owner> {
  readonly clock: Clock;
  readonly options: ResumeOptions;
  /** Connects; `undefined`: nothing does. */
  readonly dial: DialLine | undefined;
  readonly redirects: Redirects;
  /** Calls when the network may be there again; left out: nobody knows. Returns what ends that. */
  readonly networkBack: Platform["networkBack"];
  suspended(session: Session<Owner>, error: Error | undefined): void;
  resumed(session: Session<Owner>, again: SentAgain, seconds: number): void;
}

/** Brings a client back to its session when its line breaks: connects again and again, until it goes on or cannot any more. */
export class ClientResumption<Owner> implements ResumptionHooks<Session<Owner>> {
  readonly schedule: AcknowledgementSchedule;
  readonly #client: ResumingClient<Owner>;
  #ticket: Uint8Array | undefined = undefined;
  /** How long the server waits, in seconds. */
  #window = 0;
  /** Ends the session when the server does not wait any more. */
  #expiry: Deadline | undefined = undefined;
  /** Attempts since it was suspended first, or since the last line that lasted. */
  #attempts = 0;
  /** When it went on last, in milliseconds by the clock. */
  #resumedAt = Number.NEGATIVE_INFINITY;
  #timer: unknown = undefined;
  /** That which is under way. */
  #attempt: Attempt | undefined = undefined;
  #unwatch: (() => void) | undefined = undefined;
  #lastError: Error | undefined = undefined;
  /** Is called when a session of another program has its line. */
  #connected: (() => void) | undefined = undefined;

  constructor(client: ResumingClient<Owner>) {
    this.#client = client;
    this.schedule = new AcknowledgementSchedule(client.clock);
  }

  /** What to come back with; `undefined`: the server gave nothing. */
  get ticket(): ResumeTicket | undefined {
    return this.#ticket && { ticket: this.#ticket, window: this.#window };
  }

  ticketReceived(_session: Session<Owner>, ticket: Uint8Array, window: number): void {
    this.#ticket = ticket;
    this.#window = window;
  }

  suspended(session: Session<Owner>, error: Error | undefined): void {
    this.#lastError = error;
    this.#wait(session);
    this.#client.suspended(session, error);
    this.#next(session);
  }

  /** Goes on with a session that another program has saved. @param connected - is called once there is a line. */
  restore(session: Session<Owner>, { ticket, window }: ResumeTicket, connected: () => void): void {
    this.ticketReceived(session, ticket, window);
    this.#connected = connected;
    this.#wait(session);
    this.#next(session);
  }

  #wait(session: Session<Owner>): void {
    const { clock, options } = this.#client;
    // A server that lets it in and cuts the line at once is not to be stormed: a line that did not last as long as the next pause
    // counts as one more attempt that failed.
    if (clock.now() - this.#resumedAt >= longestPause(this.#attempts, options)) this.#attempts = 0;
    this.#expiry = Deadline.start(this.#client.clock, this.#window, () =>
      resumptionOf(session).giveUp(this.#expired()),
    );
    this.#unwatch = this.#client.networkBack?.(() => this.#hurry(session));
  }

  #expired(): ResumeError {
    return new ResumeError(
      `the server could not be reached within ${this.#window} s, for which it keeps the session (net.resume.window)`,
      "resumeexpired",
      { cause: this.#lastError },
    );
  }

  /** Tries again now, since the network is said to be back. An attempt that is under way may hang for long. */
  #hurry(session: Session<Owner>): void {
    this.#endAttempt(new AbortedError("the network is back, for another attempt"));
    this.#next(session, 0);
  }

  #next(session: Session<Owner>, most = Number.POSITIVE_INFINITY): void {
    const { dial, clock, options } = this.#client;
    if (session.over || !resumptionOf(session).suspended || dial === undefined) return;
    const delay = Math.min(most, backOff(this.#attempts++, options));
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => this.#dial(session), delay);
  }

  #dial(session: Session<Owner>): void {
    if (session.over || !resumptionOf(session).suspended) return;
    this.#begin(session).dial();
  }

  /** Uses a transport that somebody else has made, in the place of one that was dialled. */
  attach(session: Session<Owner>, transport: Transport): void {
    this.#begin(session).use(transport);
  }

  /** Begins an attempt, for as long as one may take. One that is under way ends with that. */
  #begin(session: Session<Owner>): Attempt {
    const { clock, options, redirects, dial } = this.#client;
    this.#endAttempt(new AbortedError("another attempt takes the place of this one"));
    const handshake = session.options.handshakeTimeout || Number.POSITIVE_INFINITY;
    const seconds = Math.min(options.attemptTimeout ?? ATTEMPT_TIMEOUT, handshake);
    const attempt = new Attempt(
      {
        clock,
        redirects,
        seconds,
        handshake: (redirect) => this.#handshake(session, redirect),
        succeeded: (line, result) => this.#succeeded(session, line, result),
        failed: (error) => this.#failed(session, error),
        wanted: () => session.open,
      },
      dial,
    );
    this.#attempt = attempt;
    return attempt;
  }

  /** Ends the attempt that is under way, and the wait for the next one. What that leads to is not looked at. */
  #endAttempt(error: AbortedError): void {
    this.#client.clock.clearTimeout(this.#timer);
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.end(error);
  }

  #handshake(session: Session<Owner>, redirect: boolean): ResumeHandshake {
    const { context, requestedConntype: conntype } = session.connection;
    const { received } = resumptionOf(session).transport;
    const ticket = this.#ticket as Uint8Array;
    return new ResumeHandshake({ context, conntype, ticket, received, redirect });
  }

  #failed(session: Session<Owner>, error: Error): void {
    this.#lastError = error;
    if (session.over) return;
    if (error instanceof ResumeError && endsResumption(error.reason)) resumptionOf(session).giveUp(error);
    else this.#next(session);
  }

  #succeeded(session: Session<Owner>, line: Line, { received, ticket, rest }: ResumeResult): void {
    const resumption = resumptionOf(session);
    const { transport } = resumption;
    if (session.over || !transport.suspended) {
      line.cut();
      return;
    }
    this.#ticket = ticket;
    if (!transport.canGoOnAt(received)) {
      line.cut();
      session.abort(
        new ResumeError(
          "what the server says that it has received is more than was sent, less than it had, or not kept any more",
          "resumegap",
        ),
      );
      return;
    }
    transport.goOn(line, received);
    // The server learns by the first bytes that the client has the new ticket.
    resumption.acknowledge();
    if (rest.length > 0) transport.data(rest);
  }

  resumed(session: Session<Owner>, again: SentAgain, seconds: number): void {
    this.#stop();
    this.#resumedAt = this.#client.clock.now();
    const connected = this.#connected;
    this.#connected = undefined;
    connected?.();
    // A listener may have closed what has just begun.
    if (connected !== undefined && !session.open) return;
    this.#client.resumed(session, again, seconds);
    // What the other program had received, and not worked off.
    if (connected !== undefined) session.receive(NOTHING);
  }

  ended(): void {
    this.#stop();
    this.#ticket = undefined;
    this.#connected = undefined;
  }

  #stop(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#expiry?.cancel();
    this.#expiry = undefined;
    // Until its stack is read, it holds the line that it came from.
    this.#lastError = undefined;
    this.#endAttempt(new AbortedError("the session is over, or went on"));
  }
}

function resumptionOf<Owner>(session: Session<Owner>): SessionResumption<Session<Owner>> {
  // A client that comes back made its session so.
  return session.resumption as SessionResumption<Session<Owner>>;
}
