import { type ClusterHost, describeError, isInstance, NotRegisteredError, quoteText } from "@peng3dnet/peer";
import type { Bus, BusSubscription } from "./bus/bus.js";
import type { Counters, NodeMetrics } from "./metrics.js";
import type { NodeObservation } from "./observing/node-observation.js";
import { kindOf, type Message, OtherVersionError, readMessage } from "./wire/form.js";

/** Where the header of each message says who sent it. */
const FROM = 1;
/** Kinds of things that are warned of. */
const MOST_WARNINGS = 100;

/** What a node does with the bus: it counts, and nothing that comes over the bus makes it throw. */
export class Link {
  readonly #id: string;
  readonly #bus: Bus;
  readonly #counters: Counters;
  readonly #guard: ClusterHost["guard"];
  readonly #observation: NodeObservation;
  readonly #warned = new Set<string>();

  /** @param id - of this node: what it says itself comes back where it listens, and is passed over. */
  constructor(
    id: string,
    bus: Bus,
    counters: Counters,
    guard: ClusterHost["guard"],
    observation: NodeObservation,
  ) {
    this.#id = id;
    this.#bus = bus;
    this.#counters = counters;
    this.#guard = guard;
    this.#observation = observation;
  }

  /** Publishes. @throws {@link BusError} if nothing was. */
  publish(subject: string, message: Uint8Array): void {
    const result: unknown = this.#bus.publish(subject, message);
    // One that is async, which its type allows, is not to end the process.
    if (result !== undefined) this.#guard.watch(result, "publish of the bus");
    this.#counters.messagesOut++;
    this.#counters.bytesOut += message.length;
    if (this.#observation.messages !== undefined)
      this.#observation.published(kindOf(message), message.length);
  }

  /** Publishes what is said again if it is lost: it does not throw. */
  tell(subject: string, message: Uint8Array): void {
    try {
      this.publish(subject, message);
    } catch (error) {
      this.#counters.unpublished++;
      this.#warn(
        "unpublished",
        () => `the bus did not take a message: ${describeError(error)}`,
        "unpublished",
      );
    }
  }

  /**
   * Hears what is published to a subject.
   *
   * @param take - gets what is a message of another node. @returns whether it is one that concerns it.
   * @param own - gets what says that it is of this one.
   * @throws {@link BusError}
   */
  subscribe(
    subject: string,
    take: (message: Message) => boolean,
    own?: (message: Message) => void,
  ): BusSubscription {
    let ended = false;
    const subscription = this.#bus.subscribe(subject, (payload) => {
      try {
        const message = readMessage(payload);
        if (message.header[FROM] === this.#id) {
          own?.(message);
          return;
        }
        this.#counters.messagesIn++;
        this.#counters.bytesIn += payload.length;
        if (this.#observation.messages !== undefined) this.#observation.arrived(message.kind, payload.length);
        // Who looks on may have ended it.
        if (ended) return;
        if (!take(message)) this.refused(undefined, `kind ${message.kind}`);
      } catch (error) {
        this.refused(error, "message");
      }
    });
    // A bus of one's own may throw anything: what else ends with the subscription goes on.
    return {
      unsubscribe: () => {
        ended = true;
        this.#guard.run("unsubscribe of the bus", () => subscription.unsubscribe());
      },
    };
  }

  /** Something that came over the bus is of no use here. @param what - a packet, or what it is else. */
  refused(error: unknown, what: string): void {
    this.#counters.refused++;
    if (isInstance(error, OtherVersionError)) this.#warn(`version ${error.version}`, () => error.message);
    else if (isInstance(error, NotRegisteredError)) {
      this.#warn(
        `unknown ${what}`,
        () =>
          `another node sent ${quoteText(what)}, which this server does not know, so that no client here gets it; register the same packets on all nodes`,
      );
    } else {
      const { code = "" } = Object(error) as { readonly code?: unknown };
      const why = error === undefined ? "nobody knows what that is" : describeError(error);
      this.#warn(
        `${String(code)} ${what}`,
        () => `what came over the bus (${quoteText(what)}) was dropped: ${why}`,
      );
    }
  }

  /** Says something once. @param counter - where all are counted. */
  #warn(kind: string, text: () => string, counter: keyof NodeMetrics = "refused"): void {
    if (this.#warned.has(kind) || this.#warned.size >= MOST_WARNINGS) return;
    this.#warned.add(kind);
    const further = `further ones are counted only, in node.metrics.${counter}`;
    this.#guard.notice(`cluster: ${text()}; ${further}`, `cluster ${kind}`);
  }
}
