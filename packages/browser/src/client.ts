import {
  type AddressLike,
  type AnyPacketDefinition,
  CLIENT_OPTIONS,
  ConfigError,
  type Connector,
  checkKnownOptions,
  InvalidStateError,
  type OptionNames,
  Client as PeerClient,
  type ClientOptions as PeerClientOptions,
} from "@peng3dnet/peer";
import { browserPlatform } from "./runtime/browser-platform.js";
import { type WebSocketAddress, type WebSocketOptions, webSocketConnector } from "./websocket/connector.js";

/** Options of a `Client`. */
export interface ClientOptions<D extends AnyPacketDefinition = AnyPacketDefinition>
  extends Omit<PeerClientOptions<D>, "addr">,
    WebSocketOptions {
  /**
   * Where to connect to: `"wss://host/path"`, a `URL`, in a page or worker also a path such as `"/play"`; or a WebSocket that
   * was made elsewhere and connects or is open. With a `connector` of your own: an address for that.
   */
  readonly addr?: WebSocketAddress | AddressLike | undefined;
}

const OPTIONS: OptionNames<ClientOptions> = {
  ...CLIENT_OPTIONS,
  WebSocket: true,
  bridge: true,
  maxHeld: true,
};

/** For those who name no address, and may hand in a transport by `attach`. */
const nowhere: Connector = {
  async connect() {
    throw new InvalidStateError(
      'the client has no address to connect to; name it in the option addr, as in "wss://game.example/play" (net.client.addr is for TCP)',
    );
  },
};

/** @throws {@link ConfigError} for options that a connector of one's own would not get to know. */
function checkUnused(options: WebSocketOptions): void {
  for (const key of ["WebSocket", "bridge", "maxHeld"] as const) {
    if (options[key] === undefined) continue;
    throw new ConfigError(
      key,
      `option "${key}": it means nothing beside a connector of your own; hand it to webSocketConnector, or leave the option connector out`,
    );
  }
}

function withConnector<D extends AnyPacketDefinition>(options: ClientOptions<D>): PeerClientOptions<D> {
  // Those of a page alone end here: a client of any runtime does not know them.
  const { addr, connector, WebSocket, bridge, maxHeld, ...others } = options;
  if (connector !== undefined) checkUnused(options);
  if (addr === undefined) return { ...others, connector: connector === undefined ? nowhere : connector };
  if (connector !== undefined) return { ...others, connector, addr: addr as AddressLike };
  const made = webSocketConnector(addr as WebSocketAddress, { WebSocket, bridge, maxHeld });
  return { ...others, addr: made.address, connector: made };
}

/**
 * Connects to one server over WebSocket, in a page, in a worker, and on Node: once, or with the option `reconnect` again and again.
 *
 * @typeParam D - packets that were declared; follows from `packets`.
 * @reference `Client`
 */
export class Client<out D extends AnyPacketDefinition = AnyPacketDefinition> extends PeerClient<D> {
  /**
   * @throws {@link ConfigError} if an option is not allowed, {@link InvalidAddressError} for `addr`,
   * {@link InvalidStateError} for a WebSocket that is closed.
   */
  constructor(options: ClientOptions<D> = {}) {
    if (new.target === Client) checkKnownOptions("a Client", options, OPTIONS);
    super(withConnector(options), { platform: browserPlatform, exact: new.target === Client });
  }
}
