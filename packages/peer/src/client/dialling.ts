import { type Address, type Config, InvalidStateError } from "@peng3dnet/protocol";
import type { PeerSetup } from "../base/peer-setup.js";
import type { Connector, ConnectRequest, RedirectedConnector } from "../transport/connector.js";

/** What {@link Dialling} needs of a client. */
export interface DiallingClient {
  /** Address of the server. */
  readonly addr: Address;
  readonly cfg: Config;
}

/** Says when an attempt is given up. */
export type DialEnd = Pick<ConnectRequest, "signal" | "whenGivenUp">;

/**
 * The signal of a request, made only when it is asked for. A property of the request's own, since a connector may copy that. A
 * getter that is written with an object would be another one for each request, and the engine hold each for another kind of object.
 */
const SIGNAL: PropertyDescriptor & ThisType<{ readonly end: DialEnd }> = {
  enumerable: true,
  get() {
    return this.end.signal;
  },
};

/** Opens transports to the server of a client, or to where that leads it. */
export class Dialling {
  readonly #client: DiallingClient;
  readonly #setup: Pick<PeerSetup, "connector" | "clock" | "log">;

  constructor(client: DiallingClient, setup: Pick<PeerSetup, "connector" | "clock" | "log">) {
    this.#client = client;
    this.#setup = setup;
  }

  /** What it connects with; `undefined`: nothing, so that somebody has to hand in transports. */
  get connector(): Connector | undefined {
    return this.#setup.connector;
  }

  /**
   * Opens one. @param end - gives it up. @param to - what goes to another address than the client's own.
   *
   * @throws what the connector does; {@link InvalidStateError} without one.
   */
  async dial(
    end: DialEnd,
    established: ConnectRequest["established"],
    to?: RedirectedConnector,
  ): Promise<void> {
    const connector = to ?? this.connector;
    if (connector === undefined)
      throw new InvalidStateError(
        "the client has nothing to connect with; hand in a connector, or a transport with attach()",
      );
    const { cfg } = this.#client;
    const { clock, log } = this.#setup;
    const request: Partial<ConnectRequest> & { readonly end: DialEnd } = {
      address: to?.address ?? this.#client.addr,
      cfg,
      clock,
      logger: log,
      timeout: cfg.get("net.timeout.handshake"),
      end,
      whenGivenUp: end.whenGivenUp,
      established,
    };
    await connector.connect(Object.defineProperty(request, "signal", SIGNAL) as ConnectRequest);
  }
}
