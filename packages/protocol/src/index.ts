/**
 * The peng3dnet protocol without I/O: framing, codec, registry, packets, connection types and the
 * connection state machine. For plugins and for other transports; programs use `@peng3dnet/core`.
 *
 * @packageDocumentation
 */
export {
  type Address,
  type AddressLike,
  normalizeAddrFormatted,
  normalizeAddrSocketstyle,
  parseAddress,
} from "./address.js";
export { CLOSE_REASONS } from "./close-reasons.js";
export { type Codec, MsgpackCodec } from "./codec.js";
export type { Compression } from "./compression.js";
export {
  Config,
  type ConfigKey,
  type ConfigOverrides,
  type ConfigReader,
  type ConfigSource,
  type ConfigValues,
  DEFAULT_CONFIG,
  type Pem,
} from "./config.js";
export { COMPRESSED, Connection } from "./connection.js";
export {
  type ConnectionContext,
  type ConnectionContextOptions,
  createConnectionContext,
} from "./connection-context.js";
export type { ConnectionHost } from "./connection-host.js";
export { ClassicConnectionType, ConnectionType } from "./connection-type.js";
export * from "./constants.js";
export { DefinedPacket } from "./defined-packet.js";
export {
  closeReasonOf,
  type DescribeErrorOptions,
  describeError,
  isInstance,
  kindOfError,
  MAX_REASON_BYTES,
  toError,
} from "./describe-error.js";
export { encodeChecked, encodePacket } from "./encode-packet.js";
export * from "./errors.js";
export type { ExtensionCodec, ExtensionValue } from "./extension-codec.js";
export { BufferPool } from "./framing/buffer-pool.js";
export { FrameDecoder } from "./framing/frame-decoder.js";
export { FrameEncoder, type FrameEncoderOptions } from "./framing/frame-encoder.js";
export type { Allocate } from "./framing/receive-buffer.js";
export * from "./internal-names.js";
export {
  CloseConnectionPacket,
  HandshakeAcceptPacket,
  HandshakePacket,
  HelloPacket,
  registerInternalPackets,
  SetTypePacket,
} from "./internal-packets.js";
export type { MapKey } from "./map-keys.js";
export { type InvalidAction, type MaybeAsync, Packet, type PacketRule, PrintPacket } from "./packet.js";
export {
  type AnyPacketDefinition,
  definePacket,
  PacketDefinition,
  type PacketDefinitionOptions,
  type PacketInput,
  type PacketOutput,
} from "./packet-definition.js";
export { isDefinition, type PacketEntry, PacketRegistry } from "./packet-registry.js";
export type { CloseInfo, PacketRef, Peer } from "./peer.js";
export type { TextReader } from "./platform-text.js";
export { escapeText, quoteText, removeUnprintable } from "./quote-text.js";
export { ReceiveKit, type ReceiveKitOptions } from "./receive-kit.js";
export { BaseRegistry, type ObjectType, type RegistryEntry } from "./registry.js";
export { Repeats } from "./repeats.js";
export { SmartPacket } from "./smart-packet.js";
export {
  payload,
  type SchemaInput,
  type SchemaOutput,
  type StandardIssue,
  type StandardResult,
  type StandardSchemaV1,
} from "./standard-schema.js";
export { isActive, nextState, type StateEvent, TRANSITIONS } from "./state.js";
export { STRUCT_HEADER, STRUCT_LENGTH32, Struct } from "./struct.js";
export * from "./tls-errors.js";
export { ValueCodec } from "./value-codec.js";
export { ValueWriter } from "./value-writer.js";
export { PROTOVERSION, RELEASE, VERSION } from "./version.js";
export { whenRejected } from "./when-rejected.js";
