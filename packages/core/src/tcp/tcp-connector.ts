import { type Connector, type ConnectRequest, normalizeAddrSocketstyle } from "@peng3dnet/peer";
import { prepareTlsClient, tlsWanted } from "../tls/tls.js";
import { dial, handOver } from "./dial.js";
import { socketReader } from "./socket-reader.js";
import { ReadSocketTransport } from "./socket-transport.js";

async function connectSocket(request: ConnectRequest): Promise<void> {
  const { address, cfg, clock, logger, established } = request;
  // Without TLS there is nothing to wait for.
  const secure = tlsWanted(cfg, logger) ? await prepareTlsClient(cfg) : undefined;
  // TLS reads a socket by itself.
  const reader = secure === undefined ? socketReader() : undefined;
  const socket = await dial(address, request, cfg.get("net.tcp.keepalive"), reader);
  const connected = clock.now();
  if (reader !== undefined)
    handOver(socket, () => established(new ReadSocketTransport(socket, reader), connected));
  else await secure?.(socket, address, request, (transport) => established(transport, connected));
}

/** Connects to a TCP port, with TLS where `net.ssl.enabled` says so. */
export const tcpConnector: Connector = {
  connect: connectSocket,
  // TLS is as the client's options say, and asks for the new host's certificate.
  redirected: (address) => ({ connect: connectSocket, address: normalizeAddrSocketstyle(address) }),
};
