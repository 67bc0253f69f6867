import type { WebSocketClass } from "@peng3dnet/browser";
import {
  type AddressLike,
  Client,
  type ClientOptions,
  CONNTYPE_PING,
  ConfigError,
  type ConfigOverrides,
  ConnectionClosedError,
  type ConnectionHandle,
  type Connector,
  checkKnownOptions,
  checkWait,
  type EngineLike,
  type OptionNames,
  STRUCT_HEADER,
  TimedOutError,
  UsageError,
} from "@peng3dnet/core";
import { MAX_PONG_LENGTH, REASON_COMPLETE } from "../protocol/constants.js";
import type { PingData } from "../protocol/data.js";
import { type PingableClient, PingableClientMixin, type Pong } from "../protocol/mixins.js";
import { connectionEnded, type FailedAttempt, foreignServer, noAnswer } from "./failure.js";
import { type Foreigner, probe } from "./probe.js";
import { webSocketTo, webSocketUrl } from "./web-socket.js";

/**
 * Class of the client that {@link pingServer} uses if it is given none.
 *
 * @reference `_PingClient`
 */
export const PingClient: new (options?: ClientOptions) => Client & PingableClient =
  PingableClientMixin(Client);

/** Options of {@link pingServer}. */
export interface PingServerOptions {
  /**
   * Engine or event bus of the client.
   *
   * @reference `peng`
   */
  readonly peng?: EngineLike | undefined;
  /**
   * Address of the server; default: what the config says, `localhost:8080`. A URL that begins with `wss:` or `ws:` is
   * pinged over WebSocket.
   *
   * @reference `addr`
   */
  readonly addr?: AddressLike | URL | undefined;
  /**
   * Class that opens WebSockets, e.g. that of the package `ws`, with options of your own. Default: the runtime's own, and where
   * there is none, as on Node 20, that of `ws`, which has to be installed.
   */
  readonly WebSocket?: WebSocketClass | undefined;
  /** Connects over another transport. `addr` is an address for it, and in messages, then. */
  readonly connector?: Connector | undefined;
  /**
   * Data for the server, at most {@link MAX_PING_LENGTH} bytes.
   *
   * @reference `data`
   */
  readonly data?: PingData | undefined;
  /**
   * Config of the client, e.g. for TLS.
   *
   * @reference `cfg`
   */
  readonly cfg?: ConfigOverrides | undefined;
  /**
   * Seconds until the ping is given up; fractions are allowed. 0 gives up at once, `null` and `Infinity` never. Default 10.
   *
   * @reference `timeout`
   */
  readonly timeout?: number | null | undefined;
  /**
   * Class of the client, made with {@link PingableClientMixin}. Default: {@link PingClient}.
   *
   * @reference `clientcls`
   */
  readonly clientcls?: (new (options: ClientOptions) => Client & PingableClient) | undefined;
  /** The ping is given up when it fires. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: OptionNames<PingServerOptions> = {
  peng: true,
  addr: true,
  data: true,
  cfg: true,
  timeout: true,
  clientcls: true,
  WebSocket: true,
  connector: true,
  signal: true,
};

/** Seconds of silence after which a server is asked what it speaks. */
const SILENCE = 1;
/** Seconds that the end of the connection may take. */
const CLOSE = 1;

/** The lesser of `most` seconds and a quarter of the time-out, so that time is left to report the outcome. */
function share(most: number, timeout: number | null): number {
  return timeout === null ? most : Math.min(most, timeout / 4);
}

/** Config of a client that only pings. What the caller's `cfg` has replaces it. */
function pingConfig(timeout: number | null): ConfigOverrides {
  return {
    "net.limits.packetlength": STRUCT_HEADER.size + MAX_PONG_LENGTH,
    "net.limits.inflated": MAX_PONG_LENGTH,
    // For these two options 0 means no limit. A handshake without a time-out has none, and a ping that is given up at once needs
    // neither.
    "net.timeout.handshake": timeout ?? 0,
    // Ended after one question, it has no use for more.
    "net.heartbeat.interval": 0,
    "net.timeout.close": share(CLOSE, timeout) || CLOSE,
  };
}

/**
 * Asks a server what it speaks if it stays silent on the client's connection.
 *
 * @param seconds - how long it may be silent.
 * @param found - called if it speaks something else.
 * @returns a function that ends this, and resolves when nothing is left of it.
 */
function watchSilence(
  client: Client,
  seconds: number,
  found: (foreigner: Foreigner) => void,
): () => Promise<void> {
  const probing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let probed: Promise<void> | undefined;
  const ask = async ({ metrics, remoteAddress }: ConnectionHandle): Promise<void> => {
    if (metrics.bytesIn > 0) return;
    const foreigner = await probe(remoteAddress, probing.signal);
    if (foreigner !== undefined && client.conn?.metrics.bytesIn === 0) found(foreigner);
  };
  client.once("connect", () => {
    const { conn } = client;
    // With TLS, the handshake has shown already what the server speaks.
    if (conn === undefined || client.cfg.get("net.ssl.enabled")) return;
    timer = setTimeout(() => {
      probed = ask(conn);
    }, seconds * 1000);
  });
  return async () => {
    clearTimeout(timer);
    probing.abort();
    await probed;
  };
}

/**
 * Asks a server for its status.
 *
 * When the promise settles, the connection is gone, whatever came of it. A server that is silent for a second, or a
 * quarter of the time-out, is asked on a second connection what it speaks, so that HTTP and TLS can be named.
 *
 * @returns the server's data, with `recvtime` and `delay` added; see {@link Pong}.
 * @throws {@link PingError}, whose `failure` tells what went wrong. {@link AbortedError} if `signal` fires.
 * {@link InvalidAddressError}, {@link ConfigError}, {@link PingDataError} or {@link EncodeError} if an option is wrong.
 * {@link InvalidStateError} for an address of a WebSocket where nothing is installed that opens one.
 * @reference `pingServer`
 */
export async function pingServer(options: PingServerOptions = {}): Promise<Pong> {
  checkKnownOptions("pingServer", options, OPTIONS);
  const { peng, addr, data, cfg = {}, timeout = 10, clientcls = PingClient, signal, connector } = options;
  checkWait({ timeout: timeout ?? undefined, signal });
  const url = connector === undefined ? webSocketUrl(addr) : undefined;
  if (url === undefined && options.WebSocket !== undefined) {
    throw new ConfigError("WebSocket", 'option "WebSocket": it is for an addr that begins with wss: or ws:');
  }
  const made = url === undefined ? undefined : await webSocketTo(url, options.WebSocket);
  const connects = made ?? connector;
  const client = new clientcls({
    peng,
    addr: made === undefined ? (addr as AddressLike | undefined) : made.address,
    // Left out, and not undefined, for classes that have a connector of their own.
    ...(connects !== undefined && { connector: connects }),
    conntype: CONNTYPE_PING,
    // What is no config is refused by the client.
    cfg: typeof cfg === "object" && cfg !== null ? { ...pingConfig(timeout), ...cfg } : cfg,
  });
  if (typeof client.setPingData !== "function")
    throw new TypeError("the option clientcls takes a class that PingableClientMixin has made");
  if (data !== undefined) client.setPingData(data);
  /** The error to report, where something else than the end of the connection tells better what went wrong. */
  let verdict: Error | undefined;
  const giveUp = (error: Error): void => {
    verdict ??= error;
    client.stop();
  };
  const attempt = (): FailedAttempt => ({
    address: client.addr,
    timeout,
    handshake: client.cfg.get("net.timeout.handshake"),
    conn: client.conn,
  });

  // A transport of another kind has shown already what the server speaks, or leads to no port that could be asked.
  const endWatch =
    made === undefined && connector === undefined
      ? watchSilence(client, share(SILENCE, timeout), (foreigner) =>
          giveUp(foreignServer(foreigner, attempt())),
        )
      : undefined;

  try {
    client.start({ signal }).catch((error: unknown) => {
      // `waitForPong` reports all others; a mistake of the caller's would be lost.
      if (error instanceof UsageError && !(error instanceof ConnectionClosedError)) giveUp(error);
    });
    const pong = await client.waitForPong({ timeout: timeout ?? undefined, signal });
    await client.close(REASON_COMPLETE);
    return pong;
  } catch (error) {
    if (verdict !== undefined) throw verdict;
    if (error instanceof TimedOutError && client.conn?.open !== false) throw noAnswer(attempt(), error);
    if (!(error instanceof TimedOutError || error instanceof ConnectionClosedError)) throw error;
    client.stop();
    const info = await client.waitForClose();
    // An option that is wrong, e.g. a certificate that cannot be read, is no failure of the server.
    throw info.error instanceof ConfigError ? info.error : connectionEnded(attempt(), info);
  } finally {
    client.stop();
    await client.join();
    await endWatch?.();
  }
}
