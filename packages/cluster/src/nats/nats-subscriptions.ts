import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import { describeError, type Logger } from "@peng3dnet/peer";
import type { BusReceiver, BusSubscription } from "../bus/bus.js";
import { guardedReceiver } from "../bus/bus-watch.js";
import type { BrokerLog } from "./broker-log.js";

interface Entry {
  readonly subject: string;
  readonly receive: BusReceiver;
  /** The client library's; left out if the broker does not permit it. */
  subscription: Subscription | undefined;
}

/** What is subscribed to, whatever becomes of the connection. */
export class NatsSubscriptions {
  readonly #logger: Logger;
  readonly #log: BrokerLog;
  readonly #entries = new Set<Entry>();
  readonly #connection: NatsConnection;

  /** @param log - takes what the broker does not permit. */
  constructor(connection: NatsConnection, logger: Logger, log: BrokerLog) {
    this.#connection = connection;
    this.#logger = logger;
    this.#log = log;
  }

  add(subject: string, receive: BusReceiver): BusSubscription {
    const guarded = guardedReceiver(this.#logger, subject, receive);
    const entry: Entry = { subject, receive: guarded, subscription: undefined };
    this.#entries.add(entry);
    this.#begin(entry);
    return {
      unsubscribe: () => {
        if (!this.#entries.delete(entry)) return;
        entry.subscription?.unsubscribe();
      },
    };
  }

  /** Subscribes again to what was not permitted before. The client library does so with the others when it has redialled. */
  repeat(): void {
    for (const entry of this.#entries) if (entry.subscription === undefined) this.#begin(entry);
  }

  /** Ends all of them. */
  clear(): void {
    this.#entries.clear();
  }

  #begin(entry: Entry): void {
    const callback = (error: Error | null, message: Msg): void => {
      if (!this.#entries.has(entry)) return;
      if (error === null) this.#deliver(entry, message);
      else this.#refused(entry, error);
    };
    try {
      entry.subscription = this.#connection.subscribe(entry.subject, { callback });
    } catch (error) {
      // The client library has given up, which closes the bus in a moment.
      this.#logger.debug(`no subscription to "${entry.subject}": ${describeError(error)}`);
    }
  }

  #deliver(entry: Entry, { data, subject }: Msg): void {
    // The library's is a Buffer, of which some methods do something else.
    entry.receive(new Uint8Array(data.buffer, data.byteOffset, data.length), subject);
  }

  #refused(entry: Entry, error: Error): void {
    entry.subscription = undefined;
    this.#log.error(`the broker does not permit to subscribe to "${entry.subject}": ${describeError(error)}`);
  }
}
