import {
  AbortedError,
  type CloseInfo,
  ConnectionClosedError,
  escapeText,
  isInstance,
  MAX_REASON_BYTES,
  RequestClosedError,
  type RequestOutcome,
  TimedOutError,
  TooManyRequestsError,
  toError,
} from "@peng3dnet/protocol";
import { onAbort } from "../time/abort-signals.js";
import { Deadline } from "../time/deadline.js";
import { EARLY } from "../time/timers.js";
import { type WaitOptions, waitError } from "../time/wait-options.js";
import { rejected } from "./rejected.js";
import { type RequestCarrier, sendBody } from "./request-carrier.js";
import { RequestRing } from "./request-ring.js";
import type { RequestType } from "./request-type.js";

/** Seconds that a caller waits for an answer, if it does not say. */
const DEFAULT_TIMEOUT = 10;
/** A point in time that never comes. */
const NEVER = 0;
/** The patience is the caller's: no time is given back where the event loop was busy. */
const NO_LATE_ALLOWANCE = { lateAllowance: 0 };

function ignore(): void {}

type Settle = (value: unknown) => void;

// What `keepSettlers` was given. A function for each request would cost as much as the request.
let lastResolve: Settle = ignore;
let lastReject: Settle = ignore;

function keepSettlers(resolve: Settle, reject: Settle): void {
  lastResolve = resolve;
  lastReject = reject;
}

/** A request of this side that waits for its answer. */
class AskedRequest {
  readonly id: number;
  readonly type: RequestType;
  /** When its time is over, by the clock, in whole milliseconds; or {@link NEVER}. */
  due: number;
  /** How many seconds it has. */
  readonly timeout: number;
  readonly promise: Promise<unknown>;
  readonly resolve: Settle;
  /** Whether it is asked for somebody else, who looks at the answer: it is handed over as it comes. */
  readonly relayed: boolean;
  /** Where in the bytes that are sent it ends. */
  end = 0;
  /** Ends listening to the caller's signal. */
  stopListening: (() => void) | undefined = undefined;
  readonly #reject: Settle;

  constructor(id: number, type: RequestType, timeout: number, due: number, relayed: boolean) {
    this.id = id;
    this.type = type;
    this.relayed = relayed;
    this.timeout = timeout;
    this.due = due;
    this.promise = new Promise(keepSettlers);
    this.resolve = lastResolve;
    this.#reject = lastReject;
  }

  reject(error: unknown): void {
    // Nobody has to await it: what a peer answers must not end the process.
    this.promise.catch(ignore);
    this.#reject(error);
  }
}

/**
 * The requests of this side on one connection that wait for an answer. Each leaves the table as it is settled, so that it is
 * settled once. One timer serves all of them.
 */
export class AskedRequests {
  readonly #session: RequestCarrier;
  readonly #waiting = new RequestRing<AskedRequest>();
  #deadline: Deadline | undefined = undefined;
  /** When the timer fires, by the clock, in milliseconds; or {@link NEVER}. */
  #timerDue = NEVER;
  /** When the first of those was asked that are asked one after the other now, by the clock, in milliseconds; `undefined`: none are. */
  #askedAt: number | undefined = undefined;
  /** The id of that one. */
  #firstAsked = 0;
  #ended = false;

  constructor(session: RequestCarrier) {
    this.#session = session;
  }

  /** Number of those that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** The id that was given out last. A program that goes on where another one was begins behind those of that one. */
  get lastId(): number {
    return this.#waiting.lastId;
  }

  set lastId(id: number) {
    this.#askedAt = undefined;
    this.#waiting.lastId = id;
  }

  /** Another program goes on with the connection: those that wait are given up, since nobody there waits for them. */
  leave(): void {
    for (const request of this.#waiting.items())
      this.#giveUp(request, closed(request.type.name, "saved", "unknown", undefined));
  }

  /**
   * Sends a request.
   *
   * @param trace - what goes along with it.
   * @param relayed - whether it is somebody else's, who has checked what is asked, and looks at the answer.
   * @returns what becomes of it.
   */
  ask(
    type: RequestType,
    input: unknown,
    options: WaitOptions | undefined,
    trace?: string,
    relayed = false,
  ): Promise<unknown> {
    const timeout = options?.timeout ?? DEFAULT_TIMEOUT;
    const signal = options?.signal;
    const session = this.#session;
    const { maxRequests } = session.options;
    // Most callers give no options, so that there is nothing to check.
    const hindrance = options === undefined ? undefined : hindranceOf(type, timeout, options);
    if (hindrance !== undefined) return rejected(hindrance);
    if (this.#waiting.size >= maxRequests) return rejected(tooMany(type, this.#waiting.size));
    const id = this.#waiting.nextId();
    const due = timeout < Number.POSITIVE_INFINITY ? this.#dueIn(timeout, id) : NEVER;
    const request = new AskedRequest(id, type, timeout, due, relayed);
    // An answer cannot come before it is sent; what sending leads to may look at the table.
    this.#waiting.add(request);
    const { connection } = session;
    try {
      if (!relayed) type.input?.sent(connection.context, input);
      const sent = input === undefined ? null : input;
      sendBody(session, type.name, trace === undefined ? [id, sent] : [id, sent, trace]);
    } catch (error) {
      // Sending may have ended the connection, and the table with it.
      if (this.#waiting.get(id) === request) this.#waiting.delete(request);
      return rejected(notSent(type, error));
    }
    // Sending may have ended the connection.
    if (this.#ended) return request.promise;
    request.end = session.bytesAccepted;
    if (due !== NEVER && this.#firesBefore(due)) this.#arm(due);
    if (signal !== undefined) this.#heed(signal, request);
    return request.promise;
  }

  /**
   * An answer came. @returns the request that it is for, which waits no more; `undefined`: there is none, or it is of another
   * type.
   */
  take(id: number, type: RequestType): AskedRequest | undefined {
    const request = this.#waiting.get(id);
    if (request === undefined || request.type !== type) return undefined;
    this.#remove(request);
    return request;
  }

  #remove(request: AskedRequest): void {
    this.#waiting.delete(request);
    if (request.stopListening !== undefined) request.stopListening();
  }

  /** Gives a request up when the caller's signal fires. */
  #heed(signal: AbortSignal, request: AskedRequest): void {
    const giveUp = (): void => this.#giveUp(request, aborted(request.type.name, signal));
    // It may have fired within a hook that was told of the packet.
    if (signal.aborted) giveUp();
    else request.stopListening = onAbort(signal, giveUp);
  }

  /** The caller waits no more: the handler learns it. */
  #giveUp(request: AskedRequest, error: Error): void {
    // What another one led to that gave up with it may have settled it.
    if (this.#waiting.get(request.id) !== request) return;
    this.#remove(request);
    request.reject(error);
    if (this.#session.connection.closing) return;
    try {
      sendBody(this.#session, request.type.name, [request.id]);
    } catch (second) {
      request.type.guard.failed(second, request.type.name);
    }
  }

  // ---- time -------------------------------------------------------------------------------------

  /** When the time of a request is over that is asked now. */
  #dueIn(timeout: number, id: number): number {
    const due = Math.ceil((this.#askedAt ?? this.#beginAsking(id)) + timeout * 1000);
    if (id === this.#firstAsked || !this.#firesBefore(due)) return due;
    // The timer is set by the time of now.
    this.#asked();
    return Math.ceil(this.#beginAsking(id) + timeout * 1000);
  }

  /**
   * Looks at the clock for all requests that are asked one after the other, until the program does something else: a look for each would
   * be a tenth of what a request costs here. @returns the time.
   */
  #beginAsking(id: number): number {
    const now = this.#session.options.clock.now();
    this.#askedAt = now;
    this.#firstAsked = id;
    queueMicrotask(this.#asked);
    return now;
  }

  /** They are asked. What the program did between them is no time that the later ones waited. */
  readonly #asked = (): void => {
    const askedAt = this.#askedAt;
    this.#askedAt = undefined;
    if (askedAt === undefined || this.#waiting.lastId === this.#firstAsked) return;
    const taken = Math.ceil(this.#session.options.clock.now() - askedAt);
    if (taken <= EARLY) return;
    for (const request of this.#waiting.after(this.#firstAsked))
      if (request.due !== NEVER) request.due += taken;
  };

  /** Whether the timer has to fire before it would. */
  #firesBefore(due: number): boolean {
    return due < this.#timerDue || this.#timerDue === NEVER;
  }

  #arm(due: number): void {
    const { clock } = this.#session.options;
    this.#deadline?.cancel();
    this.#timerDue = due;
    const seconds = Math.max(due - clock.now(), EARLY) / 1000;
    this.#deadline = Deadline.start(clock, seconds, () => this.#expired(), NO_LATE_ALLOWANCE);
  }

  /** The time of some is over. Those that were settled meanwhile are not in the table any more. */
  #expired(): void {
    const now = this.#session.options.clock.now() + EARLY;
    this.#timerDue = NEVER;
    // A clock that a test turns goes on before what is asked next is asked.
    this.#askedAt = undefined;
    for (const request of this.#waiting.items()) {
      if (request.due !== NEVER && request.due <= now)
        this.#giveUp(request, timedOut(request.type.name, request.timeout));
    }
    // Giving up may have ended the connection.
    if (this.#ended) return;
    let next = Number.POSITIVE_INFINITY;
    for (const { due } of this.#waiting.items()) if (due !== NEVER && due < next) next = due;
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
  }

  // ---- end --------------------------------------------------------------------------------------

  /** The connection is closed. */
  end({ reason, error }: CloseInfo): void {
    this.#ended = true;
    this.#deadline?.cancel();
    this.#deadline = undefined;
    const { bytesOut } = this.#session;
    const waiting = this.#waiting.items();
    this.#waiting.clear();
    for (const request of waiting) {
      request.stopListening?.();
      // A part of it may have been sent, but only all of it reaches a handler.
      const outcome = request.end > bytesOut ? "notsent" : "unknown";
      request.reject(closed(request.type.name, reason, outcome, error));
    }
  }
}

/** What is wrong with the options of a request, or why they leave nothing to wait for; `undefined`: nothing. */
function hindranceOf({ name }: RequestType, timeout: number, options: WaitOptions): Error | undefined {
  const invalid = waitError(options);
  if (invalid !== undefined) return invalid;
  const { signal } = options;
  if (signal?.aborted === true) return aborted(name, signal);
  return timeout <= 0 ? timedOut(name, timeout) : undefined;
}

function tooMany({ name }: RequestType, waiting: number): TooManyRequestsError {
  return new TooManyRequestsError(
    `"${name}" was not sent: ${waiting} requests wait for an answer on this connection already; await some of them first, or raise net.limits.requests on both sides`,
  );
}

function timedOut(name: string, timeout: number): TimedOutError {
  return new TimedOutError(`waited ${timeout} s for the answer to "${name}" in vain`);
}

function aborted(name: string, signal: AbortSignal): AbortedError {
  return new AbortedError(`waiting for the answer to "${name}" was aborted`, { cause: signal.reason });
}

/** The error of a request that could not be sent. */
export function notSent({ name }: { readonly name: string }, error: unknown): Error {
  if (!isInstance(error, ConnectionClosedError)) return toError(error);
  return closed(name, error.reason, "notsent", error);
}

function closed(name: string, reason: string | null, outcome: RequestOutcome, cause: unknown): Error {
  const why = reason === null ? "" : ` (${escapeText(reason, MAX_REASON_BYTES)})`;
  const what =
    outcome === "notsent"
      ? `"${name}" was not sent`
      : `"${name}" was not answered; whether it was carried out is not known`;
  return new RequestClosedError(`the connection is closed${why}: ${what}`, reason, outcome, { cause });
}
