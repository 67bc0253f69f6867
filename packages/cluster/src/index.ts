/**
 * Several peng3dnet servers as one.
 *
 * @packageDocumentation
 */

export type {
  Bus,
  BusChange,
  BusContext,
  BusFactory,
  BusListener,
  BusReceiver,
  BusState,
  BusSubscription,
} from "./bus/bus.js";
export {
  BusAwayError,
  BusClosedError,
  BusConnectError,
  BusError,
  BusFullError,
  BusPayloadError,
  BusSubjectError,
} from "./bus/bus-errors.js";
export type { MemoryBusOptions } from "./bus/memory-broker.js";
export { memoryBus } from "./bus/memory-bus.js";
export type { OfflineOptions } from "./bus/outbox.js";
export type { ClusterNode } from "./cluster-node.js";
export type { Gap, NodeEvents, NodeInfo } from "./events.js";
export {
  type ClusterBroadcastOptions,
  ClusterGroup,
  type ClusterGroupStore,
} from "./groups/cluster-group.js";
export { joinCluster } from "./join-cluster.js";
export type { NodeMetrics } from "./metrics.js";
export {
  credsAuthenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "./nats/authenticators.js";
export { natsBus } from "./nats/nats-bus.js";
export type {
  NatsAuthenticator,
  NatsBusOptions,
  NatsCredentials,
  NatsTlsOptions,
} from "./nats/nats-options.js";
export { NodeConflictError } from "./nodes/node-errors.js";
export type { ClusterOptions } from "./options.js";
export type {
  GroupMember,
  GroupMembers,
  MemberEvent,
  MemberListener,
  MembersOptions,
} from "./presence/member.js";
