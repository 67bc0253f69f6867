/**
 * The peng3dnet server and client over TCP and TLS. Everything of `@peng3dnet/protocol` is exported here, too.
 *
 * @packageDocumentation
 */
export * from "@peng3dnet/protocol";
export { onAbort } from "./abort-signals.js";
export { Client } from "./client.js";
export { type ClientClass, type ClientConnection, ClientOnServer } from "./client-on-server.js";
export type { ClientEvents, ClientOptions } from "./client-options.js";
export { type Clock, systemClock } from "./clock.js";
export { type EngineLike, EVENT_SIZE } from "./engine.js";
export type { HandlerErrorContext } from "./handler-guard.js";
export { type Logger, silentLogger } from "./logger.js";
export type { Message, MessageStream, MessageStreamOptions } from "./message-stream.js";
export type { Metrics } from "./metrics.js";
export type { PeerOptions } from "./options.js";
export type { ProcessOptions } from "./packet-processor.js";
export { type ConnectionOwner, type EventListener, PeerBase, type PeerEvents } from "./peer-base.js";
export type { DistinguishedName, PeerCertificate } from "./peer-certificate.js";
export type { SendOutcome } from "./send-outcome.js";
export { Server } from "./server.js";
export type {
  BroadcastOptions,
  ServerEvents,
  ServerOptions,
  ShutdownOptions,
  ShutdownReport,
} from "./server-options.js";
export { Session } from "./session.js";
export { checkTimeout } from "./timeout-option.js";
export type { Transport, TransportHandler } from "./transport.js";
export type {
  ClientOf,
  KnowsPackets,
  MessageContext,
  MessageHandler,
  NameSentTo,
  PayloadOf,
  ReceivedBy,
  SentTo,
  UntypedPacket,
} from "./typed-packet.js";
export { Outcome, type WaitOptions } from "./waiting.js";
