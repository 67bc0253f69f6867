/**
 * The peng3dnet server and client over TCP and TLS. Everything of `@peng3dnet/protocol` is exported here, too.
 *
 * @packageDocumentation
 */
export * from "@peng3dnet/protocol";
export { onAbort } from "./time/abort-signals.js";
export { Client } from "./client/client.js";
export { type ClientClass, type ClientConnection, ClientOnServer } from "./server/client-on-server.js";
export type { ClientEvents, ClientOptions } from "./client/client-options.js";
export { type Clock, systemClock } from "./time/clock.js";
export { type EngineLike, EVENT_SIZE } from "./base/engine.js";
export type { HandlerErrorContext } from "./base/handler-guard.js";
export { type Logger, silentLogger } from "./base/logger.js";
export type { Message, MessageStream, MessageStreamOptions } from "./messages/message-stream.js";
export type { Metrics } from "./session/metrics.js";
export type { PeerOptions } from "./base/options.js";
export type { ProcessOptions } from "./turns/packet-processor.js";
export { type ConnectionOwner, type EventListener, PeerBase, type PeerEvents } from "./base/peer-base.js";
export type { DistinguishedName, PeerCertificate } from "./transport/peer-certificate.js";
export type { SendOutcome } from "./base/send-outcome.js";
export { Server } from "./server/server.js";
export type {
  BroadcastOptions,
  ServerEvents,
  ServerOptions,
  ShutdownOptions,
  ShutdownReport,
} from "./server/server-options.js";
export { Session } from "./session/session.js";
export { checkTimeout } from "./time/timeout-option.js";
export type { Transport, TransportHandler } from "./transport/transport.js";
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
} from "./messages/typed-packet.js";
export { Outcome, type WaitOptions } from "./time/waiting.js";
