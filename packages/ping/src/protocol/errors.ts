import { ProtocolError, UsageError } from "@peng3dnet/peer";

/** A ping came to a client, or a pong to a server. Closes the connection with `pinginvalidside`. */
export class PingInvalidSideError extends ProtocolError {
  override name = "PingInvalidSideError";
  readonly code = "P3D_ERR_PING_INVALID_SIDE";
  readonly closeReason = "pinginvalidside";
}

/**
 * What came on a ping connection is no ping or pong that is acceptable there: another id, no map, too long, one
 * ping too many, a pong that nobody asked for. Closes the connection with `invalidpingpacket`.
 */
export class InvalidPingPacketError extends ProtocolError {
  override name = "InvalidPingPacketError";
  readonly code = "P3D_ERR_INVALID_PING_PACKET";
  readonly closeReason = "invalidpingpacket";
}

/** Data for a ping or a pong cannot be sent: too long, or no map. Nothing was sent. */
export class PingDataError extends UsageError {
  override name = "PingDataError";
  readonly code = "P3D_ERR_PING_DATA";
}
