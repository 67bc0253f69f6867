/**
 * The peng3dnet protocol without I/O: framing, codec, registry, packets, connection types and the
 * connection state machine. For plugins and for other transports; programs use `@peng3dnet/core`.
 *
 * @packageDocumentation
 */

export type { Codec } from "./codec/codec.js";
export type { Compression } from "./codec/compression.js";
export type { ExtensionCodec, ExtensionValue } from "./codec/extension-codec.js";
export { MsgpackCodec } from "./codec/msgpack-codec.js";
export type { TextReader } from "./codec/platform-text.js";
export type { MapKey } from "./codec/reading/map-keys.js";
export { ValueCodec } from "./codec/value-codec.js";
export { ValueWriter } from "./codec/writing/value-writer.js";
export {
  type Address,
  type AddressLike,
  normalizeAddrFormatted,
  normalizeAddrSocketstyle,
  parseAddress,
} from "./config/address.js";
export { Config, type ConfigOverrides, type ConfigReader, type ConfigSource } from "./config/config.js";
export { checkKnownOptions, type OptionNames, optionComplaint } from "./config/known-options.js";
export type { ConfigKey, ConfigValues, Pem } from "./config/options.js";
export { DEFAULT_CONFIG } from "./config/rules.js";
export { Connection } from "./connection/connection.js";
export {
  type CommonContext,
  type ConnectionContext,
  type ConnectionContextOptions,
  contextFor,
  createCommonContext,
  createConnectionContext,
  type ResumeLimits,
} from "./connection/connection-context.js";
export type { ConnectionHooks } from "./connection/connection-hooks.js";
export type { ConnectionHost } from "./connection/connection-host.js";
export { ClassicConnectionType, ConnectionType } from "./connection/connection-type.js";
export type { PacketSender } from "./connection/packet-sender.js";
export { COMPRESSED, type PacketStream } from "./connection/packet-stream.js";
export type { CloseInfo, PacketRef, Peer } from "./connection/peer.js";
export type { PluginConnection } from "./connection/plugin-connection.js";
export type { SavedConnection } from "./connection/saved-connection.js";
export { isActive, nextState, type StateEvent, TRANSITIONS } from "./connection/state.js";
export * from "./constants.js";
export { CLOSE_REASONS } from "./errors/close-reasons.js";
export {
  closeReasonOf,
  type DescribeErrorOptions,
  describeError,
  isInstance,
  kindOfError,
  MAX_REASON_BYTES,
  toError,
} from "./errors/describe-error.js";
export * from "./errors/errors.js";
export { escapeText, quoteText, removeUnprintable } from "./errors/quote-text.js";
export { Repeats } from "./errors/repeats.js";
export * from "./errors/tls-errors.js";
export { whenRejected } from "./errors/when-rejected.js";
export { BufferPool } from "./framing/buffer-pool.js";
export { FrameDecoder } from "./framing/frame-decoder.js";
export { FrameEncoder, type FrameEncoderOptions } from "./framing/frame-encoder.js";
export type { Allocate, Free } from "./framing/receive-buffer.js";
export {
  /** @deprecated Use {@link ReceiveResources}: the name goes with the next version. */
  ReceiveResources as ReceiveKit,
  ReceiveResources,
  type ReceiveResourcesOptions,
  /** @deprecated Use {@link ReceiveResourcesOptions}: the name goes with the next version. */
  type ReceiveResourcesOptions as ReceiveKitOptions,
} from "./framing/receive-resources.js";
export { STRUCT_HEADER, STRUCT_LENGTH32, Struct } from "./framing/struct.js";
export { WEBSOCKET_CLOSE_CODES, WEBSOCKET_SUBPROTOCOL } from "./framing/websocket.js";
export { encodeAcknowledgement } from "./handshake/acknowledgement.js";
export type { CompressParameters, Extensions, HeartbeatParameters } from "./handshake/extensions.js";
export type { HandshakeConnection, HandshakePeer } from "./handshake/handshake-connection.js";
export {
  BEAT_ANSWER_ID,
  BEAT_ID,
  type Beat,
  LEAST_BEAT_INTERVAL,
  MAX_BEAT_BODY,
  readBeat,
  readBeatAnswer,
} from "./handshake/heartbeat.js";
export * from "./handshake/internal-names.js";
export {
  CloseConnectionPacket,
  HandshakeAcceptPacket,
  HandshakePacket,
  HelloPacket,
  registerInternalPackets,
  SetTypePacket,
} from "./handshake/internal-packets.js";
export {
  ACKNOWLEDGE_ID,
  MAX_RESUME_BODY,
  MAX_TICKET,
  MIN_TICKET,
  RESUMED_ID,
  type Resumed,
  type ResumeParameters,
  type ResumeRequest,
  type ResumeTicket,
  readAcknowledgement,
  readResumed,
  readTicket,
  TICKET_ID,
} from "./handshake/resume.js";
export {
  encodeResumed,
  ResumeHandshake,
  type ResumeHandshakeOptions,
  type ResumeResult,
} from "./handshake/resume-handshake.js";
export { type CheckingContext, checkSent } from "./packets/check-sent.js";
export { DefinedPacket } from "./packets/defined-packet.js";
export {
  bodyOf,
  type EncodedBody,
  type EncodingContext,
  encodeChecked,
  encodePacket,
  packetOf,
} from "./packets/encode-packet.js";
export { type MaybeAsync, Packet, PrintPacket } from "./packets/packet.js";
export {
  type AnyPacketDefinition,
  definePacket,
  PacketDefinition,
  type PacketDefinitionOptions,
  type PacketInput,
  type PacketOutput,
} from "./packets/packet-definition.js";
export type { InvalidAction, PacketRule } from "./packets/packet-rule.js";
export { SmartPacket } from "./packets/smart-packet.js";
export {
  payload,
  type SchemaInput,
  type SchemaOutput,
  type StandardIssue,
  type StandardResult,
  type StandardSchemaV1,
} from "./packets/standard-schema.js";
export { isDefinition, type PacketEntry, PacketRegistry } from "./registry/packet-registry.js";
export { BaseRegistry, type ObjectType, type RegistryEntry } from "./registry/registry.js";
export { PROTOVERSION, RELEASE, VERSION } from "./version.js";
