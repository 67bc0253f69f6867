/**
 * The peng3dnet server and client over TCP and TLS, on Node. Everything of `@peng3dnet/peer` and of `@peng3dnet/protocol` is
 * exported here, too.
 *
 * @packageDocumentation
 */
import "./tcp/native-socket.js";

export * from "@peng3dnet/peer";
export { Client } from "./client.js";
export type {
  BusMessageMessage,
  BusStateMessage,
  ClusterDiagnosticsChannels,
  NodeGapMessage,
  NodeJoinMessage,
  NodeLeaveMessage,
  NodeMessage,
  NodeRequestEndMessage,
  NodeRequestMessage,
} from "./runtime/cluster-diagnostics.js";
export type {
  ConnectionCloseMessage,
  ConnectionDropMessage,
  ConnectionMessage,
  ConnectionResumptionMessage,
  ConnectionSuspendMessage,
  DiagnosticsChannels,
  HandshakeMessage,
  HeartbeatMessage,
  PacketMessage,
  RequestEndMessage,
  RequestMessage,
} from "./runtime/diagnostics.js";
export { nodePlatform, systemClock } from "./runtime/node-platform.js";
export { Server } from "./server.js";
export { freeRead } from "./tcp/free-read.js";
export { type KeepAliveOptions, keepAliveOptions } from "./tcp/keep-alive.js";
export { unacknowledged } from "./tcp/kernel-queue.js";
export { listenDenied } from "./tcp/listen-denied.js";
export { type OpenedSocket, type OpenOptions, openSocket } from "./tcp/open-socket.js";
export { readFirst, tellFailure } from "./tcp/read-first.js";
export { tcpAcceptor } from "./tcp/tcp-acceptor.js";
export { tcpConnector } from "./tcp/tcp-connector.js";
export { ShownCertificate } from "./tls/shown-certificate.js";
export type { EstablishedTls } from "./tls/tls-client.js";
export { type TlsContext, tlsServerContext } from "./tls/tls-context.js";
export { clientTlsError, tlsAlertError } from "./tls/tls-errors.js";
