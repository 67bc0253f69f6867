import { ProtocolError } from "./families.js";

/** The length prefix is too small for a header. */
export class MalformedPacketError extends ProtocolError {
  override name = "MalformedPacketError";
  readonly code = "P3D_ERR_MALFORMED_PACKET";
  readonly closeReason = "malformedpacket";
}

/** A body is not one well-formed msgpack value of the kinds that are accepted. */
export class BadDataError extends ProtocolError {
  override name = "BadDataError";
  readonly code = "P3D_ERR_BAD_DATA";
  readonly closeReason = "baddata";
}

/** A compressed body inflates to more than the limit. */
export class DecompressLimitError extends ProtocolError {
  override name = "DecompressLimitError";
  readonly code = "P3D_ERR_DECOMPRESS_LIMIT";
  readonly closeReason = "decompresslimit";
}

/** A packet carries flags that are reserved, or compression where none is available. */
export class UnsupportedFlagsError extends ProtocolError {
  override name = "UnsupportedFlagsError";
  readonly code = "P3D_ERR_UNSUPPORTED_FLAGS";
  readonly closeReason = "unsupportedflags";
}

/** A packet's id is registered under no name. */
export class UnknownPacketError extends ProtocolError {
  override name = "UnknownPacketError";
  readonly code = "P3D_ERR_UNKNOWN_PACKET";
  readonly closeReason = "unknownpacket";
}

/** A packet came in a state or from a side in which it may not. */
export class UnexpectedPacketError extends ProtocolError {
  override name = "UnexpectedPacketError";
  readonly code = "P3D_ERR_UNEXPECTED_PACKET";
  readonly closeReason = "unexpectedpacket";
}

/** The peer speaks another version of the protocol. */
export class ProtocolVersionMismatchError extends ProtocolError {
  override name = "ProtocolVersionMismatchError";
  readonly code = "P3D_ERR_PROTOVERSION_MISMATCH";
  readonly closeReason = "protoversionmismatch";
}

/** The client asked for a connection type that the server does not have. */
export class UnknownConnectionTypeError extends ProtocolError {
  override name = "UnknownConnectionTypeError";
  readonly code = "P3D_ERR_UNKNOWN_CONNTYPE";
  readonly closeReason = "unknownconntype";
}

/** The packet names of both sides differ, or the server's registry is not acceptable. */
export class PacketRegistryMismatchError extends ProtocolError {
  override name = "PacketRegistryMismatchError";
  readonly code = "P3D_ERR_PACKETREG_MISMATCH";
  readonly closeReason = "packetregmismatch";
  /** Names that the server has and this client lacks. */
  readonly missing: readonly string[];
  /** Names that this client has and the server lacks. */
  readonly extra: readonly string[];

  constructor(message: string, missing: readonly string[] = [], extra: readonly string[] = []) {
    super(message);
    this.missing = missing;
    this.extra = extra;
  }
}

/** The peer speaks another protocol, e.g. HTTP. */
export class NotPeng3dnetError extends ProtocolError {
  override name = "NotPeng3dnetError";
  readonly code: string = "P3D_ERR_NOT_PENG3DNET";
  readonly closeReason: string = "notpeng3dnet";
}

/** The peer started a TLS handshake on a port without TLS. */
export class TlsOnPlainPortError extends NotPeng3dnetError {
  override name = "TlsOnPlainPortError";
  override readonly code = "P3D_ERR_TLS_ON_PLAIN_PORT";
  override readonly closeReason = "tlsonplainport";
}
