import type { Clock, Logger, WaitOptions } from "@peng3dnet/peer";

/**
 * Whether messages get through: `"connected"`, `"disconnected"` while the broker cannot be reached, `"closed"` once and for all.
 *
 * While a bus is disconnected, and for as long before as it took to notice, what was published may not arrive, and what others
 * published does not arrive here.
 */
export type BusState = "connected" | "disconnected" | "closed";

/** What goes with a {@link BusState}. */
export interface BusChange {
  /**
   * With `"disconnected"`: how many publications the broker had not confirmed when the connection broke. So many at most are
   * lost; nobody knows which. Else 0.
   */
  readonly unconfirmed: number;
}

/** Is told of changes. What it throws is logged, and changes nothing. */
export type BusListener = (state: BusState, change: BusChange) => void;

/** What {@link Bus.subscribe} returns. */
export interface BusSubscription {
  /** Ends it: nothing is received any more, from this call on. Further calls do nothing. */
  unsubscribe(): void;
}

/** Gets what was published, in the order of each publisher. What it throws is logged, and changes nothing. */
export type BusReceiver = (payload: Uint8Array, subject: string) => void;

/**
 * Carries messages between the nodes of a cluster: to all who subscribed to a subject, at most once each, in the order of each
 * publisher. It promises no delivery.
 *
 * A subject is made of tokens with dots between them, of printable ASCII without spaces, of 255 characters at most.
 */
export interface Bus {
  /** The longest payload that can be published now, in bytes. */
  readonly maxPayload: number;
  /** Whether messages get through now. */
  readonly connected: boolean;

  /**
   * Publishes to all who have subscribed to the subject, this bus's own subscriptions included, unless {@link BusContext.echo} is
   * false. They receive it after this call, never within it.
   *
   * @param subject - without wildcards.
   * @param payload - copied where it is not sent at once: the caller may change it afterwards.
   * @throws {@link BusSubjectError}; {@link BusPayloadError} if it is longer than `maxPayload`; {@link BusAwayError} if the
   * bus is disconnected and keeps nothing; {@link BusFullError} if it keeps as much as it may; {@link BusClosedError}. All
   * are a {@link BusError}. Then nothing was published.
   */
  publish(subject: string, payload: Uint8Array): void;

  /**
   * Receives what is published from now on. It holds before whatever this bus publishes afterwards: who answers that is heard.
   * It outlives disconnections.
   *
   * @param subject - may have wildcards: `*` in place of one token, and `>` in place of the last ones, of which there is one at
   * least.
   * @param receive - gets bytes of its own, that nobody else has or changes.
   * @throws {@link BusSubjectError}, {@link BusClosedError}.
   */
  subscribe(subject: string, receive: BusReceiver): BusSubscription;

  /**
   * Calls a listener with each change of state from now on.
   *
   * @returns what ends that.
   */
  watch(listener: BusListener): () => void;

  /**
   * Resolves once the broker has what was published and subscribed to before this call. While the bus is disconnected, it waits.
   *
   * @throws {@link BusClosedError}, TimedOutError, AbortedError; {@link BusAwayError} if the connection broke meanwhile, so that
   * nobody knows.
   */
  flush(options?: WaitOptions): Promise<void>;

  /** Hands over what was published, as far as that can be done within a few seconds, and ends. Further calls do nothing. */
  close(): Promise<void>;
}

/** What a bus is told about the node that opens it. */
export interface BusContext {
  /** Name of the node, for what the broker shows and logs. */
  readonly name: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /**
   * Whether what this bus publishes has to reach its own subscriptions. Nodes say false: they pass that over, and a bus that can spare it
   * saves work. It must reach those of other nodes in any case, also where they share a connection. Default true.
   */
  readonly echo?: boolean | undefined;
  /**
   * Calls something once, before the node's server writes to its own clients what gathers now, and within this turn. A bus that gathers
   * what is published writes it there: to hundreds of clients a server writes for milliseconds, for which the other nodes would have
   * nothing to do. Left out: there is no server, and `process.nextTick` does.
   */
  readonly beforeOutput?: ((call: () => void) => void) | undefined;
}

/** What `joinCluster` is given: opens the bus. {@link natsBus} and {@link memoryBus} make one. */
export interface BusFactory {
  /** @throws {@link BusConnectError} if the broker cannot be reached, or refuses. */
  connect(context: BusContext): Promise<Bus>;
}
