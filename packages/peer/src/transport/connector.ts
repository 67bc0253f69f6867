import type { Address, Config } from "@peng3dnet/protocol";
import type { Logger } from "../base/logger.js";
import type { Clock } from "../time/clock.js";
import type { Transport } from "./transport.js";

/** What a {@link Connector} is asked for. */
export interface ConnectRequest {
  /** Address of the server. */
  readonly address: Address;
  /** The client's options, e.g. those of TLS. */
  readonly cfg: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Seconds until the attempt is given up (`net.timeout.handshake`). */
  readonly timeout: number;
  /** Gives the attempt up when it fires. Made when it is first asked for, so that copying the request makes it. */
  readonly signal: AbortSignal;
  /**
   * Calls `call` with the reason when the attempt is given up, at once if it is already: as `signal` would tell, which takes a
   * client much more to make. `undefined` where there is nothing but the signal.
   *
   * @returns what ends that.
   */
  readonly whenGivenUp?: ((call: (reason: unknown) => void) => () => void) | undefined;
  /**
   * Takes the transport over. To be called within the event that says that it is there, so that nothing that follows is
   * missed.
   *
   * @param connected - when the network was reached, by the clock: what came after that counts as a part of the handshake.
   * Default: now.
   * @throws what the client was closed with meanwhile; `connect` passes that on.
   */
  established(transport: Transport, connected?: number): void;
}

/** Opens transports for clients: the option `connector` of a `Client`. */
export interface Connector {
  /** Host and port that it connects to, whatever is asked for: the client's `addr`. Default: it connects to where the request says. */
  readonly address?: Address | undefined;
  /**
   * Connects to a server and hands over one transport.
   *
   * @throws {@link ConnectError} or a subclass, {@link TimedOutError}, {@link AbortedError}. Nothing is left open then.
   */
  connect(request: ConnectRequest): Promise<void>;
  /**
   * Makes what connects to another address, in just the same way: what a server names where a session is that a client
   * comes back for. Without this method, a client goes to no other address.
   *
   * @param address - may be any text.
   * @throws an error if it is no address for this, or if what goes there would be less secure.
   */
  redirected?(address: string): RedirectedConnector;
}

/** What connects to an address that a server has named. */
export interface RedirectedConnector extends Connector {
  /** Host and port. */
  readonly address: Address;
}
