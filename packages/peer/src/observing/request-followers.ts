import type { HandlerGuard } from "../base/handler-guard.js";
import type { Observation } from "./observation.js";
import { WHERE } from "./observer-list.js";
import type { ObservedRequest, RequestEnd, RequestObserver } from "./peer-observer.js";

/** Longest {@link RequestObserver.trace}. */
const MAX_TRACE = 128;

/**
 * A request begins. Peers without requests need nothing of this, so that they do not load it.
 *
 * @returns those who follow it, as one; `undefined`: nobody does.
 */
export function followRequest(
  observation: Observation,
  request: ObservedRequest,
): RequestFollowers | undefined {
  const followers: RequestObserver[] = [];
  observation.tell(observation.requests, (one) => {
    const follower = one.request?.(request);
    if (follower !== undefined) followers.push(follower);
    // By mistake it may be a promise, whose rejection is to end nothing.
    return follower;
  });
  return RequestFollowers.of(followers, observation.guard);
}

/** All {@link RequestObserver | observers} of one request, called as one. For `@peng3dnet/cluster`, too. */
export class RequestFollowers {
  readonly #followers: readonly RequestObserver[];
  readonly #guard: HandlerGuard;

  /** Several as one; `undefined`: nobody follows. */
  static of(followers: readonly RequestObserver[], guard: HandlerGuard): RequestFollowers | undefined {
    return followers.length > 0 ? new RequestFollowers(followers, guard) : undefined;
  }

  private constructor(followers: readonly RequestObserver[], guard: HandlerGuard) {
    this.#followers = followers;
    this.#guard = guard;
  }

  /** What goes along with the request; `undefined`: nothing. */
  get trace(): string | undefined {
    for (const follower of this.#followers) {
      try {
        // It may be a getter, and throw.
        const { trace } = follower;
        if (isTrace(trace)) return trace;
      } catch (error) {
        this.#guard.failed(error, WHERE);
      }
    }
    return undefined;
  }

  /** Calls the handler as they want it called. */
  run<T>(call: () => T): T {
    let outer = call;
    for (const follower of this.#followers) {
      if (follower.run === undefined) continue;
      const inner = outer;
      outer = () => this.#runBy(follower, inner);
    }
    return outer();
  }

  /** The request does not suffer from a follower that throws, be that before the handler or after it. */
  #runBy<T>(follower: RequestObserver, call: () => T): T {
    let threw = false;
    let given: { readonly value: T } | undefined;
    const handler = (): T => {
      try {
        given = { value: call() };
        return given.value;
      } catch (error) {
        threw = true;
        throw error;
      }
    };
    try {
      return follower.run?.(handler) as T;
    } catch (error) {
      if (threw) throw error;
      this.#guard.failed(error, WHERE);
      return given === undefined ? call() : given.value;
    }
  }

  ended(end: RequestEnd): void {
    for (const follower of this.#followers) this.#guard.run(WHERE, () => follower.ended(end));
  }
}

/** Whether a value is what may go along with a request: 128 characters of printable ASCII at most. */
export function isTrace(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TRACE && /^[\x20-\x7e]+$/.test(value);
}
