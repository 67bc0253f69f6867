import { type ConnectionOptions, connect, type NatsConnection } from "@nats-io/transport-node";
import { describeError } from "@peng3dnet/peer";
import type { BusContext } from "../bus/bus.js";
import { libraryOptions, type NatsBusOptions } from "./nats-options.js";

/** Makes connections to NATS. */
export class NatsDialler {
  readonly #options: ConnectionOptions;
  readonly #context: BusContext;
  #stopped = false;
  #wake: () => void = () => undefined;

  constructor(options: NatsBusOptions, context: BusContext) {
    this.#options = libraryOptions(options, context.name);
    this.#context = context;
  }

  /** Makes the first one. */
  dial(): Promise<NatsConnection> {
    return connect(this.#options);
  }

  /** Makes one in place of a dead one. @returns `undefined` if it was stopped meanwhile, or the options allow no more attempts. */
  async redial(): Promise<NatsConnection | undefined> {
    const { reconnect, maxReconnectAttempts = -1 } = this.#options;
    const most = reconnect === false ? 0 : maxReconnectAttempts;
    for (let attempt = 0; most < 0 || attempt < most; attempt++) {
      if (this.#stopped) return undefined;
      try {
        const connection = await connect({ ...this.#options, waitOnFirstConnect: false });
        if (!this.#stopped) return connection;
        await connection.close();
        return undefined;
      } catch (error) {
        this.#context.logger.debug(`no connection to NATS: ${describeError(error)}`);
      }
      await this.#pause();
    }
    return undefined;
  }

  /** Ends a {@link redial} that is under way. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  #pause(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    const { clock } = this.#context;
    const { reconnectTimeWait = 0, reconnectJitter = 0 } = this.#options;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, reconnectTimeWait + Math.random() * reconnectJitter);
      this.#wake = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });
  }
}
