import type { Address, CloseInfo } from "@peng3dnet/protocol";
import type { HandlerGuard } from "../base/handler-guard.js";
import type { ConnectionHandle } from "../session/connection-handle.js";
import type {
  ObservedRequest,
  PeerObserver,
  RequestEnd,
  RequestObserver,
  ResumptionEnd,
} from "./peer-observer.js";

/** What errors of observers are reported as. */
const WHERE = "observer";
/** Longest {@link RequestObserver.trace}. */
export const MAX_TRACE = 128;

const NOBODY: readonly PeerObserver[] = [];

type Observers = readonly PeerObserver[] | undefined;

/**
 * Who looks on at a peer. What happens for each packet, request or heartbeat looks at one field here, which is `undefined` while
 * nobody wants to know of that.
 */
export class Observation {
  /** Those who want to know of each packet. */
  packets: Observers = undefined;
  /** Those who want to know of each request. */
  requests: Observers = undefined;
  /** Those who want to know of each heartbeat. */
  trips: Observers = undefined;
  /** Whether connections that begin now may carry what traces of requests need. */
  traces = false;

  readonly #guard: HandlerGuard;
  readonly #ofRuntime: (() => PeerObserver | undefined) | undefined;
  readonly #changed: () => void;
  #own: readonly { readonly observer: PeerObserver }[] = [];
  #runtime: PeerObserver | undefined = undefined;
  #all: readonly PeerObserver[] = NOBODY;

  /**
   * @param ofRuntime - who looks on from the runtime's side, asked when a connection begins or ends.
   * @param changed - others look on now.
   */
  constructor(
    guard: HandlerGuard,
    ofRuntime: (() => PeerObserver | undefined) | undefined,
    changed: () => void,
  ) {
    this.#guard = guard;
    this.#ofRuntime = ofRuntime;
    this.#changed = changed;
  }

  /** Adds one. @returns what takes it out again. */
  add(observer: PeerObserver): () => void {
    // The same one may be added twice.
    const entry = { observer };
    this.#own = [...this.#own, entry];
    this.#sort();
    return () => {
      this.#own = this.#own.filter((one) => one !== entry);
      this.#sort();
    };
  }

  #look(): void {
    const runtime = this.#ofRuntime?.();
    if (runtime === this.#runtime) return;
    this.#runtime = runtime;
    this.#sort();
  }

  #sort(): void {
    const all = this.#own.map(({ observer }) => observer);
    if (this.#runtime !== undefined) all.push(this.#runtime);
    const those = (wants: (observer: PeerObserver) => boolean): Observers => {
      const found = all.filter(wants);
      return found.length > 0 ? found : undefined;
    };
    this.#all = all;
    this.packets = those(({ received, sent }) => received !== undefined || sent !== undefined);
    this.requests = those(({ request }) => request !== undefined);
    this.trips = those(({ roundTrip }) => roundTrip !== undefined);
    this.traces = all.some(({ traces }) => traces === true);
    this.#changed();
  }

  // ---- what happens -----------------------------------------------------------------------------

  connected(connection: ConnectionHandle): void {
    this.#look();
    for (const one of this.#all) this.#guard.run(WHERE, () => one.connected?.(connection));
  }

  handshake(connection: ConnectionHandle | undefined, outcome: string): void {
    this.#look();
    for (const one of this.#all) this.#guard.run(WHERE, () => one.handshake?.(connection, outcome));
  }

  suspended(connection: ConnectionHandle, error: Error | undefined): void {
    this.#look();
    for (const one of this.#all) this.#guard.run(WHERE, () => one.suspended?.(connection, error));
  }

  resumption(connection: ConnectionHandle, end: ResumptionEnd): void {
    this.#look();
    for (const one of this.#all) this.#guard.run(WHERE, () => one.resumption?.(connection, end));
  }

  closed(connection: ConnectionHandle, info: CloseInfo): void {
    this.#look();
    for (const one of this.#all) this.#guard.run(WHERE, () => one.closed?.(connection, info));
  }

  dropped(address: Address, reason: string): void {
    this.#look();
    for (const one of this.#all) this.#guard.run(WHERE, () => one.dropped?.(address, reason));
  }

  received(packet: string, bytes: number, connection: ConnectionHandle): void {
    for (const one of this.packets ?? NOBODY) {
      try {
        one.received?.(packet, bytes, connection);
      } catch (error) {
        this.#guard.failed(error, WHERE);
      }
    }
  }

  sent(packet: string, bytes: number, connection: ConnectionHandle): void {
    for (const one of this.packets ?? NOBODY) {
      try {
        one.sent?.(packet, bytes, connection);
      } catch (error) {
        this.#guard.failed(error, WHERE);
      }
    }
  }

  roundTrip(seconds: number, connection: ConnectionHandle): void {
    for (const one of this.trips ?? NOBODY)
      this.#guard.run(WHERE, () => one.roundTrip?.(seconds, connection));
  }

  /** A request begins. @returns those who follow it, as one; `undefined`: nobody does. */
  request(request: ObservedRequest): RequestFollowers | undefined {
    const followers: RequestObserver[] = [];
    for (const one of this.requests ?? NOBODY) {
      this.#guard.run(WHERE, () => {
        const follower = one.request?.(request);
        if (follower !== undefined) followers.push(follower);
      });
    }
    return followers.length > 0 ? new RequestFollowers(followers, this.#guard) : undefined;
  }
}

/** Those who follow one request. */
export class RequestFollowers {
  readonly #followers: readonly RequestObserver[];
  readonly #guard: HandlerGuard;

  constructor(followers: readonly RequestObserver[], guard: HandlerGuard) {
    this.#followers = followers;
    this.#guard = guard;
  }

  /** What goes along with the request; `undefined`: nothing. */
  get trace(): string | undefined {
    for (const { trace } of this.#followers) {
      if (typeof trace === "string" && isTrace(trace)) return trace;
    }
    return undefined;
  }

  /** Calls the handler as they want it called. */
  run<T>(call: () => T): T {
    let outer = call;
    for (const follower of this.#followers) {
      if (follower.run === undefined) continue;
      const inner = outer;
      outer = () => follower.run?.(inner) as T;
    }
    return outer();
  }

  ended(end: RequestEnd): void {
    for (const follower of this.#followers) this.#guard.run(WHERE, () => follower.ended(end));
  }
}

/** Whether a value is what may go along with a request. */
export function isTrace(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TRACE && /^[\x20-\x7e]+$/.test(value);
}
