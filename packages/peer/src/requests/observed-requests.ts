import {
  AbortedError,
  isInstance,
  RequestClosedError,
  RequestError,
  TimedOutError,
  TooManyRequestsError,
} from "@peng3dnet/protocol";
import type { RequestEnd } from "../observing/peer-observer.js";
import { followRequest, type RequestFollowers } from "../observing/request-followers.js";
import type { WaitOptions } from "../time/wait-options.js";
import type { AskedRequests } from "./asked-requests.js";
import type { RequestCarrier } from "./request-carrier.js";
import type { RequestType } from "./request-type.js";

/** Codes that the library gives, beside those that a definition declares. */
const OWN_CODES: ReadonlySet<string> = new Set(["internalerror", "badrequest", "nohandler", "busy"]);

/** What counts as the end of a request that was answered with a code: what a peer makes up is no key. */
export function endOfCode(type: RequestType, code: string): RequestEnd {
  return OWN_CODES.has(code) || type.declares(code) ? code : "error";
}

/** Sends a request while somebody looks on. @param relayed - as for {@link AskedRequests.ask}. */
export function askObserved(
  asked: AskedRequests,
  type: RequestType,
  input: unknown,
  options: WaitOptions | undefined,
  connection: RequestCarrier,
  relayed = false,
): Promise<unknown> {
  const followers = followRequest(type.observation, {
    name: type.name,
    way: "asked",
    connection,
    trace: undefined,
  });
  if (followers === undefined) return asked.ask(type, input, options, undefined, relayed);
  const trace = connection.connection.agreed("trace") ? followers.trace : undefined;
  const promise = asked.ask(type, input, options, trace, relayed);
  promise.then(
    () => followers.ended("ok"),
    (error) => followers.ended(endOf(type, error)),
  );
  return promise;
}

/** How a request ended that was rejected. @param type - `undefined`: it is not known. */
export function endOf(type: RequestType | undefined, error: unknown): RequestEnd {
  if (isInstance(error, RequestError)) return type === undefined ? "error" : endOfCode(type, error.code);
  if (isInstance(error, TimedOutError)) return "timeout";
  if (isInstance(error, AbortedError)) return "aborted";
  if (isInstance(error, RequestClosedError)) return "closed";
  if (isInstance(error, TooManyRequestsError)) return "toomany";
  return "failed";
}

/** Begins to follow a request that a handler is about to work on; `undefined`: nobody looks on. */
export function followAnswer(
  type: RequestType,
  connection: RequestCarrier,
  trace: string | undefined,
): RequestFollowers | undefined {
  const { observation } = type;
  if (observation.requests === undefined) return undefined;
  return followRequest(observation, { name: type.name, way: "answered", connection, trace });
}
