import { EnvironmentError } from "./families.js";

/**
 * Something took longer than it may.
 *
 * @reference `TimedOutError`
 */
export class TimedOutError extends EnvironmentError {
  override name = "TimedOutError";
  readonly code: string = "P3D_ERR_TIMED_OUT";
}

/** TLS and handshake were not finished within `net.timeout.handshake`. */
export class HandshakeTimeoutError extends TimedOutError {
  override name = "HandshakeTimeoutError";
  override readonly code = "P3D_ERR_HANDSHAKE_TIMEOUT";
  override readonly closeReason = "handshaketimeout";
}

/** Nothing but heartbeats was received for `net.timeout.idle`. */
export class IdleTimeoutError extends TimedOutError {
  override name = "IdleTimeoutError";
  override readonly code = "P3D_ERR_IDLE_TIMEOUT";
  override readonly closeReason = "timeout";
}

/** The peer gave no sign of life for `net.heartbeat.timeout`, although it had agreed to. */
export class HeartbeatTimeoutError extends TimedOutError {
  override name = "HeartbeatTimeoutError";
  override readonly code = "P3D_ERR_HEARTBEAT_TIMEOUT";
  override readonly closeReason = "heartbeattimeout";
}

/** The peer does not read what is sent to it: too many bytes unsent, or no progress for too long. */
export class SlowConsumerError extends EnvironmentError {
  override name = "SlowConsumerError";
  readonly code = "P3D_ERR_SLOW_CONSUMER";
  override readonly closeReason = "slowconsumer";
}

/** The server has as many connections, or handshakes pending, as it may. */
export class ServerFullError extends EnvironmentError {
  override name = "ServerFullError";
  readonly code = "P3D_ERR_SERVER_FULL";
  override readonly closeReason = "serverfull";
}

/** The server lets nobody in any more, while those who are there may stay: it is about to shut down. */
export class ServerDrainingError extends EnvironmentError {
  override name = "ServerDrainingError";
  readonly code = "P3D_ERR_SERVER_DRAINING";
  override readonly closeReason = "serverdraining";
}

/** The connection ended without a closing packet: reset, aborted, or cut within a packet. */
export class ConnectionLostError extends EnvironmentError {
  override name = "ConnectionLostError";
  readonly code = "P3D_ERR_CONNECTION_LOST";
  override readonly closeReason = "socketclose";
}

/** A wait was given up because its `AbortSignal` fired. */
export class AbortedError extends EnvironmentError {
  override name = "AbortedError";
  readonly code = "P3D_ERR_ABORTED";
}

/** A server could not listen on its address. */
export class ListenError extends EnvironmentError {
  override name = "ListenError";
  readonly code = "P3D_ERR_LISTEN";
}

/** A client could not connect. Subclasses say why. */
export class ConnectError extends EnvironmentError {
  override name = "ConnectError";
  readonly code: string = "P3D_ERR_CONNECT";
}

/** Nothing listens at the address. */
export class ConnectionRefusedError extends ConnectError {
  override name = "ConnectionRefusedError";
  override readonly code = "P3D_ERR_CONNECTION_REFUSED";
}

/** The host name cannot be resolved. */
export class UnresolvableHostError extends ConnectError {
  override name = "UnresolvableHostError";
  override readonly code = "P3D_ERR_UNRESOLVABLE_HOST";
}

/** There is no route to the address. */
export class UnreachableHostError extends ConnectError {
  override name = "UnreachableHostError";
  override readonly code = "P3D_ERR_UNREACHABLE_HOST";
}

/**
 * A ping got no answer.
 *
 * @reference `FailedPingError`
 */
export class FailedPingError extends TimedOutError {
  override name = "FailedPingError";
  override readonly code: string = "P3D_ERR_FAILED_PING";
}
