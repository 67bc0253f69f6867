import type { Address, CloseInfo } from "@peng3dnet/protocol";
import type { HandlerGuard } from "../base/handler-guard.js";
import type { ConnectionHandle } from "../session/connection-handle.js";
import { ObserverList, thoseWho, WHERE } from "./observer-list.js";
import type { PeerObserver, ResumptionEnd } from "./peer-observer.js";

const NOBODY: readonly PeerObserver[] = [];

/** Who has to know who looks on. */
interface Watcher {
  lookWhoWatches(): void;
}

type Observers = readonly PeerObserver[] | undefined;

/**
 * Who looks on at a peer. What happens for each packet, request or heartbeat looks at one field here, which is `undefined` while
 * nobody wants to know of that.
 */
export class Observation extends ObserverList<PeerObserver> {
  /** Observers of packets; `undefined`: there are none. */
  packets: Observers = undefined;
  /** Observers of requests; `undefined`: there are none. */
  requests: Observers = undefined;
  /** Observers of heartbeats; `undefined`: there are none. */
  trips: Observers = undefined;
  /** Whether nobody looks on. */
  nobody = true;
  /** Whether connections that begin now may carry what traces of requests need. */
  traces = false;

  readonly #watcher: Watcher;

  /**
   * @param ofRuntime - who looks on from the runtime's side, asked when a connection begins or ends.
   * @param watcher - is told when others look on.
   */
  constructor(
    guard: HandlerGuard,
    ofRuntime: (() => PeerObserver | undefined) | undefined,
    watcher: Watcher,
  ) {
    super(guard, ofRuntime);
    this.#watcher = watcher;
  }

  protected override sorted(all: readonly PeerObserver[]): void {
    this.nobody = all.length === 0;
    this.packets = thoseWho(all, ({ received, sent }) => received !== undefined || sent !== undefined);
    this.requests = thoseWho(all, ({ request }) => request !== undefined);
    this.trips = thoseWho(all, ({ roundTrip }) => roundTrip !== undefined);
    this.traces = all.some(({ traces }) => traces === true);
    this.#watcher.lookWhoWatches();
  }

  // ---- what happens -----------------------------------------------------------------------------

  connected(connection: ConnectionHandle): void {
    this.tellAll((one) => one.connected?.(connection));
  }

  handshake(connection: ConnectionHandle | undefined, outcome: string): void {
    this.tellAll((one) => one.handshake?.(connection, outcome));
  }

  suspended(connection: ConnectionHandle, error: Error | undefined): void {
    this.tellAll((one) => one.suspended?.(connection, error));
  }

  resumption(connection: ConnectionHandle, end: ResumptionEnd): void {
    this.tellAll((one) => one.resumption?.(connection, end));
  }

  closed(connection: ConnectionHandle, info: CloseInfo): void {
    this.tellAll((one) => one.closed?.(connection, info));
  }

  dropped(address: Address, reason: string): void {
    this.tellAll((one) => one.dropped?.(address, reason));
  }

  received(packet: string, bytes: number, connection: ConnectionHandle): void {
    for (const one of this.packets ?? NOBODY) {
      try {
        const result: unknown = one.received?.(packet, bytes, connection);
        if (result !== undefined) this.guard.watch(result, WHERE);
      } catch (error) {
        this.failed(error);
      }
    }
  }

  sent(packet: string, bytes: number, connection: ConnectionHandle): void {
    for (const one of this.packets ?? NOBODY) {
      try {
        const result: unknown = one.sent?.(packet, bytes, connection);
        if (result !== undefined) this.guard.watch(result, WHERE);
      } catch (error) {
        this.failed(error);
      }
    }
  }

  roundTrip(seconds: number, connection: ConnectionHandle): void {
    this.tell(this.trips, (one) => one.roundTrip?.(seconds, connection));
  }
}
