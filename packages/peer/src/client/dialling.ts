import { type Address, type Config, InvalidStateError } from "@peng3dnet/protocol";
import type { Logger } from "../base/logger.js";
import type { Clock } from "../time/clock.js";
import type { Connector, ConnectRequest, RedirectedConnector } from "../transport/connector.js";

/** What {@link Dialling} needs of a client. */
export interface DiallingClient {
  /** Address of the server. */
  readonly addr: Address;
  readonly cfg: Config;
}

/** Says when an attempt is given up. */
export type DialEnd = Pick<ConnectRequest, "signal" | "whenGivenUp">;

/** What a connector is asked for by a client. */
class DialRequest implements ConnectRequest {
  /** Of each request's own, since a connector may copy it. Written for each, the engine would hold each to be of another kind. */
  static readonly #signal: PropertyDescriptor & ThisType<DialRequest> = {
    enumerable: true,
    get() {
      return this.end.signal;
    },
  };

  readonly address: Address;
  readonly cfg: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeout: number;
  readonly whenGivenUp: ConnectRequest["whenGivenUp"];
  readonly established: ConnectRequest["established"];
  /** Made only when it is asked for. */
  declare readonly signal: AbortSignal;
  private readonly end: DialEnd;

  constructor(
    address: Address,
    cfg: Config,
    clock: Clock,
    logger: Logger,
    end: DialEnd,
    established: ConnectRequest["established"],
  ) {
    this.address = address;
    this.cfg = cfg;
    this.clock = clock;
    this.logger = logger;
    this.timeout = cfg.get("net.timeout.handshake");
    this.whenGivenUp = end.whenGivenUp;
    this.established = established;
    this.end = end;
    Object.defineProperty(this, "signal", DialRequest.#signal);
  }
}

/** Opens transports to the server of a client, or to where that leads it. */
export class Dialling {
  /** What it connects with; `undefined`: nothing, so that somebody has to hand in transports. */
  readonly connector: Connector | undefined;
  readonly #client: DiallingClient;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(connector: Connector | undefined, client: DiallingClient, clock: Clock, logger: Logger) {
    this.connector = connector;
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
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
    await connector.connect(
      new DialRequest(to?.address ?? this.#client.addr, cfg, this.#clock, this.#logger, end, established),
    );
  }
}
