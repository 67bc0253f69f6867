import {
  AbortedError,
  type Address,
  type Clock,
  ConfigError,
  type Connector,
  type ConnectRequest,
  checkKnownOptions,
  describeError,
  InvalidStateError,
  type OptionNames,
  onAbort,
  TimedOutError,
  WEBSOCKET_SUBPROTOCOL,
  WebSocketConnectError,
  WebSocketSubprotocolError,
} from "@peng3dnet/peer";
import {
  checkEncrypted,
  Deadline,
  redirectedTarget,
  type UrlLike,
  type WebSocketTarget,
} from "@peng3dnet/peer/transport";
import { openFailure, PAGE_RULES } from "./failure.js";
import { checkMaxHeld } from "./held-input.js";
import { offlineCheck } from "./offline-check.js";
import { resolveTarget, targetOf } from "./target.js";
import { CONNECTING, OPEN, ownWebSocket, type WebSocketClass, type WebSocketLike } from "./web-socket.js";
import { WebSocketTransport, type WebSocketTransportOptions } from "./web-socket-transport.js";

/** Where to connect to: a URL, or a WebSocket that was made elsewhere and connects or is open. */
export type WebSocketAddress = string | UrlLike | WebSocketLike;

/** Options of {@link webSocketConnector}. */
export interface WebSocketOptions extends Pick<WebSocketTransportOptions, "bridge" | "maxHeld"> {
  /**
   * Class that opens WebSockets, e.g. that of the package `ws` on Node 20. Default: the runtime's own. It has to verify the
   * certificate of the server, for what it opens by `wss:` counts as `SSLSEC_SERVERAUTH`.
   */
  readonly WebSocket?: WebSocketClass | undefined;
}

const OPTIONS: OptionNames<WebSocketOptions> = { WebSocket: true, bridge: true, maxHeld: true };

/** Opens WebSockets, and knows where to. */
export interface WebSocketConnector extends Connector {
  /** Host and port that it connects to. */
  readonly address: Address;
}

/** @throws {@link InvalidStateError} if it is closed. */
function checkUsable(socket: WebSocketLike): void {
  if (socket.readyState === CONNECTING || socket.readyState === OPEN) return;
  throw new InvalidStateError("the WebSocket is closed already; hand it in while it connects or is open");
}

function open(
  { url, shown }: WebSocketTarget,
  { WebSocket = ownWebSocket(), bridge }: WebSocketOptions,
): WebSocketLike {
  if (WebSocket === undefined) {
    throw new InvalidStateError(
      "this runtime has no WebSocket of its own; hand in a class as the option WebSocket, e.g. that of the package ws",
    );
  }
  try {
    return bridge === true ? new WebSocket(url) : new WebSocket(url, WEBSOCKET_SUBPROTOCOL);
  } catch (error) {
    throw new WebSocketConnectError(`cannot open ${shown}: ${describeError(error)}; ${PAGE_RULES}`, {
      cause: error,
    });
  }
}

/** Resolves once the WebSocket is open. @throws as {@link Connector.connect}. */
function opened(
  socket: WebSocketLike,
  shown: string,
  { clock, timeout, signal }: { clock: Clock; timeout: number; signal: AbortSignal },
  use: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let over = false;
    const leave = (settle: () => void): void => {
      if (over) return;
      over = true;
      deadline?.cancel();
      stopListening();
      settle();
    };
    const fail = (error: Error): void => leave(() => reject(error));
    const deadline = Deadline.start(clock, timeout, () =>
      fail(new TimedOutError(`${shown} did not answer within ${timeout} s (net.timeout.handshake)`)),
    );
    const stopListening = onAbort(signal, () =>
      fail(new AbortedError("connecting was aborted", { cause: signal.reason })),
    );
    const failed = (event: unknown): void => fail(openFailure(shown, event));
    socket.addEventListener("error", failed);
    socket.addEventListener("close", failed);
    socket.addEventListener("open", () =>
      leave(() => {
        try {
          use();
          resolve();
        } catch (error) {
          reject(error);
        }
      }),
    );
  });
}

/**
 * Connects to a peng3dnet server over WebSocket: the option `connector` of any `Client`.
 *
 * @param addr - a URL (`wss:`, `ws:`; in a page or worker it may be relative), or a WebSocket. What a WebSocket receives before
 * it is handed in is lost: hand it in before the server's first message can have come.
 * @throws {@link InvalidAddressError}, {@link UnsupportedAddressError}, {@link InvalidStateError} for a WebSocket that is closed;
 * {@link ConfigError} for `maxHeld` and for options that do not exist; TypeError if the option `WebSocket` is no class.
 */
export function webSocketConnector(
  addr: WebSocketAddress,
  options: WebSocketOptions = {},
): WebSocketConnector {
  checkKnownOptions("webSocketConnector", options, OPTIONS);
  const { bridge, maxHeld, WebSocket } = options;
  if (WebSocket !== undefined && typeof WebSocket !== "function") {
    throw new TypeError(
      "the option WebSocket takes a class, such as that of the package ws; a WebSocket that was made already is handed in as addr",
    );
  }
  if (bridge !== undefined && typeof bridge !== "boolean")
    throw new ConfigError("bridge", 'option "bridge": it is true or false');
  checkMaxHeld(maxHeld);
  const given = typeof addr === "object" && addr !== null && "readyState" in addr ? addr : undefined;
  if (given !== undefined) checkUsable(given);
  const target = given === undefined ? resolveTarget(addr as string | UrlLike) : targetOf(given);
  // From now on, so that nothing that comes until it connects is lost.
  const early = given && new WebSocketTransport(given, { bridge, maxHeld });

  const checkOnline = offlineCheck(target);

  const connect = async ({ cfg, established, ...request }: ConnectRequest): Promise<void> => {
    const { clock, signal } = request;
    let transport = early;
    try {
      checkEncrypted(cfg, target);
      if (signal.aborted) throw new AbortedError("connecting was aborted", { cause: signal.reason });
      if (given !== undefined) checkUsable(given);
      else checkOnline(clock);
      const socket = given ?? open(target, options);
      const made = early ?? new WebSocketTransport(socket, { bridge, maxHeld, clock, verified: true });
      transport = made;
      const use = (): void => {
        if (bridge !== true && socket.protocol !== WEBSOCKET_SUBPROTOCOL) {
          throw new WebSocketSubprotocolError(
            `${target.shown} did not select the subprotocol ${WEBSOCKET_SUBPROTOCOL}, so that it may be no peng3dnet server; for a bridge from WebSocket to TCP, set the option bridge`,
          );
        }
        established(made);
      };
      if (socket.readyState === OPEN) use();
      else await opened(socket, target.shown, request, use);
    } catch (error) {
      // Also one that was handed in: nobody else closes it.
      transport?.destroy();
      throw error;
    }
  };
  if (given !== undefined) return { address: target.address, connect };
  const redirected = (address: string): WebSocketConnector => {
    redirectedTarget(address, target);
    return webSocketConnector(address, options);
  };
  return { address: target.address, connect, redirected };
}
