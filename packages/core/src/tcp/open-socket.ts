import type { OnReadOpts, Socket } from "node:net";
import type { Address, ConnectRequest } from "@peng3dnet/peer";
import { prepareTlsSocket } from "../tls/tls.js";
import type { EstablishedTls } from "../tls/tls-client.js";
import { dial, handOver } from "./dial.js";

/** A socket of a client that has connected. */
export interface OpenedSocket {
  readonly socket: Socket;
  /** When TCP had connected, by the request's clock. */
  readonly connected: number;
  /** What TLS established; `undefined`: there is none. */
  readonly tls: EstablishedTls | undefined;
}

/** What an opened socket is to be like. */
export interface OpenOptions {
  /** Name of the protocol that is spoken over TLS. Default: no TLS. */
  readonly alpn?: string | undefined;
  /** What reads it where there is no TLS, as the option `onread` of `connect` of `node:net`. Default: its `data` events. */
  readonly reader?: OnReadOpts | undefined;
}

/**
 * Connects a socket as clients over TCP and TLS do, with their time-outs, their errors and all of the options `net.ssl.*` but
 * `net.ssl.enabled`: for clients that speak another protocol at first, e.g. HTTP.
 *
 * @param address - the server's; that of the request does not count.
 * @param opened - gets the socket, within the event, so that nothing that follows is missed. It may be half open.
 * @throws {@link ConnectError} or a subclass, {@link TlsConfigError}, {@link TimedOutError}, {@link AbortedError}; what `opened` throws.
 * The socket is gone then.
 */
export async function openSocket(
  address: Address,
  request: Omit<ConnectRequest, "address" | "established">,
  { alpn, reader }: OpenOptions,
  opened: (socket: OpenedSocket) => void,
): Promise<void> {
  const { cfg, clock } = request;
  // Files are read before anything is opened.
  const secure = alpn === undefined ? undefined : await prepareTlsSocket(cfg, alpn);
  // TLS reads a socket by itself.
  const onread = secure === undefined ? reader : undefined;
  const socket = await dial(address, request, cfg.get("net.tcp.keepalive"), onread);
  const connected = clock.now();
  if (secure === undefined) {
    handOver(socket, () => opened({ socket, connected, tls: undefined }));
    return;
  }
  await secure(socket, address, request, (secured, tls) => opened({ socket: secured, connected, tls }));
}
