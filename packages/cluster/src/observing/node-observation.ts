import {
  type ClusterHost,
  type NodeObserver,
  type ObservedNodeRequest,
  ObserverList,
  RequestFollowers,
  type RequestObserver,
  thoseWho,
} from "@peng3dnet/peer";
import type { BusState } from "../bus/bus.js";
import { aboutOf } from "../wire/messages.js";

type Observers = readonly NodeObserver[] | undefined;

/**
 * Who looks on at a node. What happens for each message or request looks at one field here, which is `undefined` while nobody wants to
 * know of that.
 */
export class NodeObservation extends ObserverList<NodeObserver> {
  /** Those who want to know of each message of the bus. */
  messages: Observers = undefined;
  /** Those who want to know of each request to a client of another node. */
  requests: Observers = undefined;
  readonly #node: string;

  /** @param node - its id. */
  constructor(node: string, { guard, nodeObserver }: ClusterHost) {
    super(guard, nodeObserver);
    this.#node = node;
    this.look();
  }

  protected override sorted(all: readonly NodeObserver[]): void {
    this.messages = thoseWho(
      all,
      ({ published, arrived }) => published !== undefined || arrived !== undefined,
    );
    this.requests = thoseWho(all, ({ request }) => request !== undefined);
  }

  /** A beat is over: somebody may look on from the runtime's side now. */
  ticked(): void {
    this.look();
  }

  // ---- what happens -----------------------------------------------------------------------------

  /** @param kind - of the message. */
  published(kind: number, bytes: number): void {
    this.tell(this.messages, (one) => one.published?.(aboutOf(kind), bytes, this.#node));
  }

  /** @param kind - of the message, as the other node says. */
  arrived(kind: number, bytes: number): void {
    this.tell(this.messages, (one) => one.arrived?.(aboutOf(kind), bytes, this.#node));
  }

  gap(group: string, missed: number | undefined, from: string): void {
    this.tellAll((one) => one.gap?.(group, missed, from, this.#node));
  }

  busChanged(state: BusState, unconfirmed: number): void {
    this.tellAll((one) => one.busChanged?.(state, unconfirmed, this.#node));
  }

  joined(other: string): void {
    this.tellAll((one) => one.joined?.(other, this.#node));
  }

  gone(other: string, lost: boolean): void {
    this.tellAll((one) => one.gone?.(other, lost, this.#node));
  }

  /** A request begins. @returns those who follow it, as one; `undefined`: nobody does. */
  request(request: Omit<ObservedNodeRequest, "node">): RequestFollowers | undefined {
    const followers: RequestObserver[] = [];
    this.tell(this.requests, (one) => {
      const follower = one.request?.({ ...request, node: this.#node });
      if (follower !== undefined) followers.push(follower);
    });
    return RequestFollowers.of(followers, this.guard);
  }
}
