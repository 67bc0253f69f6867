/**
 * The peng3dnet server and client over any transport. Everything of `@peng3dnet/protocol` is exported here, too.
 *
 * @packageDocumentation
 */
export * from "@peng3dnet/protocol";
export type { ConnectionOwner } from "./base/connection-owner.js";
export { type EngineLike, EVENT_SIZE } from "./base/engine.js";
export type { HandlerErrorContext } from "./base/handler-guard.js";
export { type Logger, silentLogger } from "./base/logger.js";
export type { PeerOptions } from "./base/options.js";
export type { EventListener, PeerBase, PeerEvents } from "./base/peer-base.js";
export type { SendOutcome } from "./base/send-outcome.js";
export { Client } from "./client/client.js";
export { CLIENT_OPTIONS, type ClientEvents, type ClientOptions } from "./client/client-options.js";
export { isFinalClose } from "./client/final-close.js";
export type { ReconnectOptions, RetryInfo, SessionInfo } from "./client/reconnect-options.js";
export {
  Group,
  type GroupBroadcastOptions,
  type GroupEvent,
  type Member,
  type Receiver,
} from "./groups/group.js";
export { GroupMap } from "./groups/group-map.js";
export type { RoundTrip } from "./liveness/round-trip.js";
export type { ServerTime } from "./liveness/server-clock.js";
export { ENCODED, type PacketForMany } from "./messages/encoded-packet.js";
export type { Message, MessageStream, MessageStreamOptions } from "./messages/message-stream.js";
export type {
  KnowsPackets,
  MessageContext,
  MessageHandler,
  NameSentTo,
  PayloadOf,
  ReceivedBy,
  SentTo,
  UntypedPacket,
} from "./messages/typed-packet.js";
export type { Census } from "./observing/census.js";
export type {
  BusMessageKind,
  NodeCensus,
  NodeObserver,
  ObservedNodeRequest,
} from "./observing/node-observer.js";
export {
  OBSERVED,
  type Observable,
  type ObservableNode,
  type ObservationPoint,
  type Observing,
  observe,
} from "./observing/observe.js";
export { ObserverList, thoseWho } from "./observing/observer-list.js";
export type {
  ObservedRequest,
  PeerObserver,
  RequestEnd,
  RequestObserver,
  ResumptionEnd,
} from "./observing/peer-observer.js";
export { isTrace, RequestFollowers } from "./observing/request-followers.js";
export type { Platform, Poll } from "./platform/platform.js";
export { standardPlatform } from "./platform/standard-platform.js";
export type { RequestContext } from "./requests/request-context.js";
export {
  type AnsweredBy,
  type AnyRequestDefinition,
  defineRequest,
  type ErrorSchemas,
  isRequestDefinition,
  type RequestAnswer,
  RequestDefinition,
  type RequestDefinitionOptions,
  type RequestErrorArguments,
  type RequestHandler,
  type RequestInput,
  type RequestOutput,
  type RequestReceived,
  type RequestTypes,
} from "./requests/request-definition.js";
export type { BackOffOptions } from "./resume/back-off.js";
export type { ResumeOptions } from "./resume/client-resumption.js";
export { MOST_REDIRECTS, type RedirectOptions } from "./resume/redirects.js";
export type { SentAgain } from "./resume/resumable-host.js";
export type { ResumeAttempt } from "./resume/resume-admission.js";
export type { ResumeInfo, SuspendInfo } from "./resume/resume-events.js";
export type { ResumePlaces } from "./resume/resume-places.js";
export { SessionKeeper } from "./resume/session-keeper.js";
export type { ClientOf, KnowsGroups } from "./server/client-of.js";
export { type ClientClass, type ClientConnection, ClientOnServer } from "./server/client-on-server.js";
export { CLUSTER_HOST, type ClusterHost, type SharedPacket } from "./server/cluster-host.js";
export { Server } from "./server/server.js";
export type {
  BroadcastOptions,
  ServerEvents,
  ServerOptions,
  ShutdownOptions,
  ShutdownReport,
} from "./server/server-options.js";
export type { ConnectionHandle, Session } from "./session/connection-handle.js";
export type { Metrics } from "./session/metrics.js";
export { onAbort } from "./time/abort-signals.js";
export type { Clock } from "./time/clock.js";
export { Deferred } from "./time/deferred.js";
export { Outcome } from "./time/outcome.js";
export { type Tick, type Ticker, type TickerOptions, type Ticking, ticker } from "./time/ticker.js";
export { checkWait, type WaitOptions } from "./time/wait-options.js";
export type { Acceptor, Listening, ListenRequest } from "./transport/acceptor.js";
export type { Connector, ConnectRequest, RedirectedConnector } from "./transport/connector.js";
// All of it, so that packages with transports can add their sockets by declaration merging.
export * from "./transport/native-socket.js";
export type { DistinguishedName, PeerCertificate } from "./transport/peer-certificate.js";
export type { Transport, TransportHandler } from "./transport/transport.js";
export { WebSocketConnectError, WebSocketSubprotocolError } from "./transport/web-socket-errors.js";
export { Fifo } from "./turns/fifo.js";
export type { ProcessOptions } from "./turns/packet-processor.js";
