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
import type { RequestFollowers } from "../observing/observation.js";
import type { RequestEnd } from "../observing/peer-observer.js";
import { endOfCode, followAnswer } from "./observed-requests.js";
import { type RequestCarrier, sendBody } from "./request-carrier.js";
import type { RequestContext } from "./request-definition.js";
import { RequestTable } from "./request-table.js";
import type { AnyHandler, RequestType } from "./request-type.js";

/** A request of the other side that a handler works on. */
class RunningRequest implements RequestContext<unknown> {
  readonly client: unknown;
  readonly id: number;
  /** What was asked, decoded, in bytes: a handler holds it as long as it runs. */
  readonly size: number;
  readonly #type: RequestType;
  /** Who follows it; `undefined`: nobody. */
  readonly #followers: RequestFollowers | undefined;
  /** Why nobody waits for the answer any more. */
  #given: Error | undefined = undefined;
  #controller: AbortController | undefined = undefined;

  constructor(
    type: RequestType,
    client: unknown,
    id: number,
    size: number,
    followers: RequestFollowers | undefined,
  ) {
    this.#type = type;
    this.client = client;
    this.id = id;
    this.size = size;
    this.#followers = followers;
  }

  /** Handlers see the request, but not that. */
  static typeOf(request: RunningRequest): RequestType {
    return request.#type;
  }

  /** It ended. */
  ended(end: RequestEnd): void {
    this.#followers?.ended(end);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#given !== undefined) this.#controller.abort(this.#given);
    }
    return this.#controller.signal;
  }

  /** Why nobody waits for the answer any more; `undefined`: somebody does. */
  get givenUp(): Error | undefined {
    return this.#given;
  }

  /** How it ended that nobody waits for it any more. */
  get givenUpAs(): RequestEnd {
    return isInstance(this.#given, ConnectionClosedError) ? "closed" : "aborted";
  }

  giveUp(error: Error): void {
    if (this.#given !== undefined) return;
    this.#given = error;
    this.#controller?.abort(error);
  }
}

/** What a request is told that no handler can answer, by code. */
const REFUSALS = {
  busy: "as many requests are under way as may be (net.limits.requests), or as large ones (net.limits.unprocessed.bytes)",
  nohandler: "nothing answers this request",
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
  /** What was asked of all of them, decoded, in bytes. */
  #bytes = 0;

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
      const end = this.#refuse(type, id, "nohandler");
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
      if (this.#full(size)) {
        const end = this.#refuse(type, id, "busy");
        followers?.ended(end);
      } else this.#run(type, handler, id, input, size, followers);
    }
  }

  /** Whether one more has no room. A large one is let in where it is alone. */
  #full(size: number): boolean {
    const { maxRequests, maxQueuedBytes } = this.#session.options;
    return this.#running.size >= maxRequests || (this.#bytes > 0 && this.#bytes + size > maxQueuedBytes);
  }

  #run(
    type: RequestType,
    handler: AnyHandler,
    id: number,
    input: unknown,
    size: number,
    followers: RequestFollowers | undefined,
  ): void {
    let parsed = input;
    try {
      if (type.input !== undefined) parsed = type.input.received(input);
    } catch (error) {
      const end = this.#misfit(type, id, error);
      followers?.ended(end);
      return;
    }
    const request = new RunningRequest(type, this.#session.owner, id, size, followers);
    let result: unknown;
    try {
      result =
        followers === undefined
          ? handler(parsed, request as never)
          : callFollowed(followers, handler, parsed, request);
      if (isThenable(result)) {
        this.#await(type, request, result);
        return;
      }
    } catch (error) {
      request.ended(this.#failed(type, id, error));
      return;
    }
    request.ended(this.#answer(type, id, result));
  }

  #await(type: RequestType, request: RunningRequest, result: PromiseLike<unknown>): void {
    this.#running.add(request);
    this.#bytes += request.size;
    promiseOf(result).then(
      (output) => {
        request.ended(this.#done(request) ? this.#answer(type, request.id, output) : request.givenUpAs);
      },
      (error) => {
        if (this.#done(request)) {
          request.ended(this.#failed(type, request.id, error));
          return;
        }
        if (!isGivingUp(error, request)) type.guard.failed(error, type.name);
        request.ended(request.givenUpAs);
      },
    );
  }

  /** A handler has ended. @returns whether somebody waits for its answer. */
  #done(request: RunningRequest): boolean {
    this.#running.delete(request);
    this.#bytes -= request.size;
    return request.givenUp === undefined;
  }

  /** The caller gave up. It may have crossed the answer. */
  cancel(id: unknown): void {
    const request = this.#running.get(id as number);
    request?.giveUp(new AbortedError("the caller does not wait for the answer any more"));
  }

  /** Another program goes on with the connection, and knows nothing of them: the callers learn it. */
  leave(): void {
    for (const request of this.#running.items()) {
      if (request.givenUp !== undefined) continue;
      this.#send(RunningRequest.typeOf(request), [request.id, "internalerror", REFUSALS.left]);
      request.giveUp(new ConnectionClosedError("another program goes on with the session", "saved"));
    }
  }

  /** The connection is closed. */
  end({ reason, error }: CloseInfo): void {
    const running = this.#running.items();
    this.#running.clear();
    for (const request of running) {
      request.giveUp(
        new ConnectionClosedError("the connection of the caller is closed", reason, { cause: error }),
      );
    }
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
  request: RunningRequest,
): unknown {
  return followers.run(() => handler(parsed, request as never));
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
function isGivingUp(error: unknown, { givenUp }: RunningRequest): boolean {
  if (error === givenUp || isRequestError(error) || isInstance(error, AbortedError)) return true;
  try {
    return (error as Partial<Error> | null | undefined)?.name === "AbortError";
  } catch {
    return false;
  }
}
