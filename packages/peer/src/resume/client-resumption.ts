import {
  AbortedError,
  endsResumption,
  ResumeError,
  ResumeHandshake,
  type ResumeResult,
  type ResumeTicket,
  TimedOutError,
} from "@peng3dnet/protocol";
import type { Platform } from "../platform/platform.js";
import type { Session } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import { Deadline } from "../time/deadline.js";
import type { Transport } from "../transport/transport.js";
import { AcknowledgementSchedule } from "./acknowledgement-schedule.js";
import { type BackOffOptions, backOff } from "./back-off.js";
import type { Line } from "./line.js";
import type { SentAgain } from "./resumable-transport.js";
import { ResumeAttempt } from "./resume-attempt.js";
import type { SessionKeeper } from "./session-keeper.js";
import type { ResumptionHooks, SessionResumption } from "./session-resumption.js";

/** How a client comes back to its session: the option `resume` of a `Client`. */
export interface ResumeOptions extends BackOffOptions {
  /** Seconds after which an attempt is given up for another one. Default 5, and at most `net.timeout.handshake`. */
  readonly attemptTimeout?: number | undefined;
  /**
   * Saves the session for a program that comes after this one, and begins with what one before has saved. Default: none, so that
   * the session ends with the program.
   */
  readonly keeper?: SessionKeeper | undefined;
}

const ATTEMPT_TIMEOUT = 5;
const NOTHING = new Uint8Array(0);

/** What resumption needs of a client. */
export interface ResumingClient<Owner> {
  readonly clock: Clock;
  readonly options: ResumeOptions;
  /** Connects, and hands the transport over within the event that says that it is there; `undefined`: it cannot. */
  readonly dial:
    | ((signal: AbortSignal, established: (transport: Transport) => void) => Promise<void>)
    | undefined;
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
  /** Attempts since it was suspended. */
  #attempts = 0;
  #timer: unknown = undefined;
  /** Ends the attempt that is under way. */
  #giveUp: ((error: Error) => void) | undefined = undefined;
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
    this.#attempts = 0;
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
    this.#attempts = 0;
    if (this.#giveUp !== undefined)
      this.#giveUp(new AbortedError("the network is back, for another attempt"));
    else {
      this.#client.clock.clearTimeout(this.#timer);
      this.#next(session);
    }
  }

  #next(session: Session<Owner>): void {
    if (session.over || !resumptionOf(session).suspended || this.#client.dial === undefined) return;
    const delay = backOff(this.#attempts++, this.#client.options);
    this.#timer = this.#client.clock.setTimeout(() => this.#attempt(session), delay);
  }

  #attempt(session: Session<Owner>): void {
    const { dial, clock, options } = this.#client;
    if (dial === undefined) return;
    const abort = new AbortController();
    const seconds = Math.min(options.attemptTimeout ?? ATTEMPT_TIMEOUT, session.options.handshakeTimeout);
    let attempt: ResumeAttempt | undefined;
    const over = (): boolean => {
      if (this.#giveUp !== giveUp) return true;
      this.#giveUp = undefined;
      deadline?.cancel();
      return false;
    };
    const failed = (error: Error): void => {
      if (over()) return;
      abort.abort(error);
      this.#failed(session, error);
    };
    const giveUp = (error: Error): void => {
      abort.abort(error);
      if (attempt === undefined) failed(error);
      else attempt.fail(error);
    };
    this.#giveUp = giveUp;
    const deadline = Deadline.start(clock, seconds, () =>
      giveUp(new TimedOutError(`the server did not answer within ${seconds} s`)),
    );
    const established = (transport: Transport): void => {
      if (this.#giveUp !== giveUp) {
        transport.destroy();
        return;
      }
      attempt = this.#over(session, transport, {
        failed,
        succeeded: (line, result) => {
          if (over()) line.cut();
          else this.#succeeded(session, line, result);
        },
      });
    };
    // Once there is a transport, that tells what becomes of it.
    dial(abort.signal, established).catch((error: Error) => {
      if (attempt === undefined) failed(error);
    });
  }

  /** Uses a transport that somebody else has made, in the place of one that was dialled. */
  attach(session: Session<Owner>, transport: Transport): void {
    this.#over(session, transport, {
      failed: (error) => this.#failed(session, error),
      succeeded: (line, result) => this.#succeeded(session, line, result),
    });
  }

  #over(
    session: Session<Owner>,
    transport: Transport,
    outcome: ConstructorParameters<typeof ResumeAttempt>[2],
  ): ResumeAttempt {
    const { context, requestedConntype: conntype } = session.connection;
    const { received } = resumptionOf(session).transport;
    const ticket = this.#ticket as Uint8Array;
    const handshake = new ResumeHandshake({ context, conntype, ticket, received });
    const attempt = new ResumeAttempt(transport, handshake, outcome);
    attempt.start();
    return attempt;
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
    const connected = this.#connected;
    this.#connected = undefined;
    connected?.();
    this.#client.resumed(session, again, seconds);
    // What the other program had received, and not worked off.
    if (connected !== undefined) session.receive(NOTHING);
  }

  ended(): void {
    this.#stop();
    this.#ticket = undefined;
  }

  #stop(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#expiry?.cancel();
    this.#expiry = undefined;
    this.#client.clock.clearTimeout(this.#timer);
    const giveUp = this.#giveUp;
    this.#giveUp = undefined;
    // What it leads to is not looked at any more.
    giveUp?.(new TimedOutError("the session is over, or went on"));
  }
}

function resumptionOf<Owner>(session: Session<Owner>): SessionResumption<Session<Owner>> {
  // A client that comes back made its session so.
  return session.resumption as SessionResumption<Session<Owner>>;
}
