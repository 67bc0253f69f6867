import {
  AbortedError,
  type CloseInfo,
  ConnectionClosedError,
  describeError,
  InvalidPayloadError,
  isInstance,
  isRequestCode,
  RequestError,
  whenRejected,
} from "@peng3dnet/protocol";
import type { RequestEnd } from "../observing/peer-observer.js";
import type { RequestFollowers } from "../observing/request-followers.js";
import { type HandlersHold, Holding } from "./handlers-hold.js";
import { endOfCode, followAnswer } from "./observed-requests.js";
import { type RequestCarrier, sendBody } from "./request-carrier.js";
import type { RequestContext } from "./request-context.js";
import { RequestTable } from "./request-table.js";
import type { AnyHandler, RequestType } from "./request-type.js";

/** What a handler is told beside what is asked. Most handlers answer at once, and then it is all that is made for a request. */
class HandlerContext implements RequestContext<unknown> {
  readonly client: unknown;
  /** Why nobody waits for the answer any more; `undefined`: somebody does. */
  #given: Error | undefined = undefined;
  #controller: AbortController | undefined = undefined;

  constructor(client: unknown) {
    this.client = client;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#given !== undefined) this.#controller.abort(this.#given);
    }
    return this.#controller.signal;
  }

  static givenUp(context: HandlerContext): Error | undefined {
    return context.#given;
  }

  static giveUp(context: HandlerContext, error: Error): void {
    if (context.#given !== undefined) return;
    context.#given = error;
    context.#controller?.abort(error);
  }
}

/** A request of the other side whose handler has not ended. */
interface RunningRequest {
  readonly id: number;
  readonly type: RequestType;
  /** What was asked, decoded, in bytes: a handler holds it as long as it runs. */
  readonly size: number;
  /** Who follows it; `undefined`: nobody. */
  readonly followers: RequestFollowers | undefined;
  readonly context: HandlerContext;
}

/** How a request ended that was given up. */
function endOfGivenUp({ context }: RunningRequest): RequestEnd {
  return isInstance(HandlerContext.givenUp(context), ConnectionClosedError) ? "closed" : "aborted";
}

/** What a request is told that no handler can answer, by code. */
const REFUSALS = {
  busy: "as many requests are under way as may be (net.limits.requests), or as large ones (net.limits.unprocessed.bytes, net.limits.unprocessed.total)",
  internalerror: "the handler failed",
  left: "the program that was asked ended before it could answer",
} as const;

/**
 * The requests of the other side on one connection that handlers work on. One that the caller gave up stays until its handler
 * ends, so that a caller that gives up at once cannot have more of them run.
 */
export class RunningRequests {
  readonly #session: RequestCarrier;
  readonly #running = new RequestTable<RunningRequest>();
  /** What was asked of all of them. */
  readonly #holding = new Holding();
  /** That of all connections; there once something is held. */
  #held: HandlersHold | undefined = undefined;
  /** The request whose handler is being called, which has returned nothing yet; `undefined`: none is. */
  #calledType: RequestType | undefined = undefined;
  #calledId = 0;
  /** How the connection was closed; `undefined`: it is not. */
  #ended: CloseInfo | undefined = undefined;
  /** What handlers are told whose callers gave up; there once one did. One for all: a peer may give up as fast as it asks. */
  #unawaited: AbortedError | undefined = undefined;

  constructor(session: RequestCarrier) {
    this.#session = session;
  }

  /** Number of handlers that have not answered. */
  get size(): number {
    return this.#running.size;
  }

  /** A request came. @param trace - what came along with it. */
  begin(type: RequestType, id: number, input: unknown, trace: string | undefined): void {
    const session = this.#session;
    const { handler } = type;
    if (handler === undefined) {
      session.unhandled++;
      this.#send(type, [
        id,
        "nohandler",
        `nothing answers "${type.name}": the side that was asked has given no handler to answer()`,
      ]);
      const end = "nohandler";
      followAnswer(type, session, trace)?.ended(end);
    } else if (this.#running.get(id) !== undefined) {
      session.ignored(
        `request ${id} of "${type.name}" came while it was under way`,
        "strayrequest",
        type.name,
      );
    } else {
      const size = session.connection.decodedSize;
      const followers = followAnswer(type, session, trace);
      const end = this.#full(type, size)
        ? this.#refuse(type, id, "busy")
        : this.#run(type, handler, id, input, size, followers);
      if (end !== undefined) followers?.ended(end);
    }
  }

  /** Whether one more has no room. */
  #full({ held }: RequestType, size: number): boolean {
    const { options } = this.#session;
    return this.#running.size >= options.maxRequests || held.full(this.#holding, size, options);
  }

  /** Calls the handler. @returns how the request ended; `undefined`: it has not. */
  #run(
    type: RequestType,
    handler: AnyHandler,
    id: number,
    input: unknown,
    size: number,
    followers: RequestFollowers | undefined,
  ): RequestEnd | undefined {
    let parsed = input;
    try {
      if (type.input !== undefined) parsed = type.input.received(input);
    } catch (error) {
      return this.#misfit(type, id, error);
    }
    let result: unknown;
    this.#calledType = type;
    this.#calledId = id;
    try {
      const context = new HandlerContext(this.#session.owner);
      result =
        followers === undefined
          ? handler(parsed, context as never)
          : callFollowed(followers, handler, parsed, context);
      this.#calledType = undefined;
      if (isThenable(result)) {
        this.#await({ id, type, size, followers, context }, result);
        return undefined;
      }
    } catch (error) {
      this.#calledType = undefined;
      return this.#failed(type, id, error);
    }
    return this.#answer(type, id, result);
  }

  #await(request: RunningRequest, result: PromiseLike<unknown>): void {
    const { id, type, size, followers, context } = request;
    this.#session.changes();
    this.#running.add(request);
    this.#held = type.held;
    this.#held.add(this.#holding, size);
    // The handler itself may have ended the connection.
    if (this.#ended !== undefined) this.end(this.#ended);
    promiseOf(result).then(
      (output) => {
        const end = this.#done(request) ? this.#answer(type, id, output) : endOfGivenUp(request);
        followers?.ended(end);
      },
      (error) => {
        let end: RequestEnd;
        if (this.#done(request)) end = this.#failed(type, id, error);
        else {
          if (!isGivingUp(error, context)) type.guard.failed(error, type.name);
          end = endOfGivenUp(request);
        }
        followers?.ended(end);
      },
    );
  }

  /** A handler has ended. @returns whether somebody waits for its answer. */
  #done(request: RunningRequest): boolean {
    this.#session.changes();
    this.#running.delete(request);
    request.type.held.remove(this.#holding, request.size);
    return HandlerContext.givenUp(request.context) === undefined;
  }

  /** The caller gave up. It may have crossed the answer. */
  cancel(id: unknown): void {
    const request = this.#running.get(id as number);
    if (request === undefined) return;
    this.#unawaited ??= new AbortedError("the caller does not wait for the answer any more");
    HandlerContext.giveUp(request.context, this.#unawaited);
  }

  /** Another program goes on with the connection, and knows nothing of them: the callers learn it. */
  leave(): void {
    // A handler may be what saves the session.
    if (this.#calledType !== undefined) this.#tellLeft(this.#calledType, this.#calledId);
    const left = new ConnectionClosedError("another program goes on with the session", "saved");
    for (const { id, type, context } of this.#running.items()) {
      if (HandlerContext.givenUp(context) !== undefined) continue;
      this.#tellLeft(type, id);
      HandlerContext.giveUp(context, left);
    }
  }

  #tellLeft(type: RequestType, id: number): void {
    this.#send(type, [id, "internalerror", REFUSALS.left]);
  }

  /** The connection is closed. */
  end(info: CloseInfo): void {
    this.#ended = info;
    const { reason, error } = info;
    const running = this.#running.items();
    this.#running.clear();
    this.#held?.close(this.#holding, this.#session.options.clock.now());
    if (running.length === 0) return;
    // One for all: there may be a thousand, and each error keeps what it was called by.
    const closed = new ConnectionClosedError("the connection of the caller is closed", reason, {
      cause: error,
    });
    for (const { context } of running) HandlerContext.giveUp(context, closed);
  }

  // ---- answers ----------------------------------------------------------------------------------

  // Each of these returns how the request ended.

  #answer(type: RequestType, id: number, output: unknown): RequestEnd {
    const { connection } = this.#session;
    if (connection.closing) return "closed";
    try {
      type.output?.sent(connection.context, output);
      sendBody(this.#session, type.answerName, [id, output === undefined ? null : output]);
      return "ok";
    } catch (error) {
      // What the handler returned cannot be sent.
      return this.#failed(type, id, error);
    }
  }

  /** A handler threw. */
  #failed(type: RequestType, id: number, error: unknown): RequestEnd {
    if (!isRequestError(error)) {
      type.guard.failed(error, type.name);
      return this.#refuse(type, id, "internalerror");
    }
    const { connection } = this.#session;
    if (connection.closing) return "closed";
    try {
      const { code, message, data } = error;
      if (!isRequestCode(code)) throw new TypeError("the code of a RequestError was changed to what is none");
      type.dataOf(code)?.sent(connection.context, data);
      sendBody(this.#session, type.answerName, [id, code, message, data === undefined ? null : data]);
      return endOfCode(type, code);
    } catch (second) {
      type.guard.failed(second, type.name);
      return this.#refuse(type, id, "internalerror");
    }
  }

  /** What is asked does not fit its schema. */
  #misfit(type: RequestType, id: number, error: unknown): RequestEnd {
    // The schema failed, or is asynchronous.
    if (!isInstance(error, InvalidPayloadError)) return this.#failed(type, id, error);
    const message = describeError(error);
    this.#session.ignored(message, "invalidpayload", type.name);
    this.#send(type, [id, "badrequest", error.message]);
    return "badrequest";
  }

  #refuse(type: RequestType, id: number, code: Exclude<keyof typeof REFUSALS, "left">): RequestEnd {
    this.#send(type, [id, code, REFUSALS[code]]);
    return code;
  }

  #send(type: RequestType, body: readonly unknown[]): void {
    if (this.#session.connection.closing) return;
    try {
      sendBody(this.#session, type.answerName, body);
    } catch (error) {
      type.guard.failed(error, type.answerName);
    }
  }
}

/** Calls a handler. By itself, since whoever makes a function pays for it in each call, also where none is made. */
function callFollowed(
  followers: RequestFollowers,
  handler: AnyHandler,
  parsed: unknown,
  context: HandlerContext,
): unknown {
  return followers.run(() => handler(parsed, context as never));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<PromiseLike<unknown>>).then === "function"
  );
}

/** A promise of what a thenable comes to. Its `then` may be asynchronous, and reject by itself. */
function promiseOf(value: PromiseLike<unknown>): Promise<unknown> {
  if (isInstance(value, Promise)) return value;
  return new Promise((resolve, reject) => whenRejected(value.then(resolve, reject), reject));
}

/** Goes by what it has, so that an error of another copy of this package is known, too. */
function isRequestError(error: unknown): error is RequestError {
  if (isInstance(error, RequestError)) return true;
  try {
    return (error as Partial<RequestError> | null | undefined)?.["~peng3dnet"] === "requesterror";
  } catch {
    return false;
  }
}

/** Whether a handler ended since nobody waits for it any more, as it should. */
function isGivingUp(error: unknown, context: HandlerContext): boolean {
  const given = HandlerContext.givenUp(context);
  if (error === given || isRequestError(error) || isInstance(error, AbortedError)) return true;
  // It sent something to a caller that has left, or asked it.
  if (isInstance(given, ConnectionClosedError) && isInstance(error, ConnectionClosedError)) return true;
  try {
    return (error as Partial<Error> | null | undefined)?.name === "AbortError";
  } catch {
    return false;
  }
}
