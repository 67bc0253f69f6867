/**
 * Every error that this library throws or reports. `code` is stable: match on it, or on the class.
 *
 * Three families: a caller's mistake ({@link UsageError}), a peer's fault ({@link ProtocolError}), and
 * what the surroundings did ({@link EnvironmentError}: time, network, operating system).
 *
 * @packageDocumentation
 */

import { escapeText } from "./quote-text.js";

/** Options common to all errors: the error that led to this one. */
export interface Peng3dnetErrorOptions {
  /** The original error. */
  cause?: unknown;
}

/** Base of all errors of this library. */
export abstract class Peng3dnetError extends Error {
  /** Stable, documented identifier of this kind of error. */
  abstract readonly code: string;
  /** Reason that the peer is told when this error ends a connection; `undefined` where it ends none. */
  readonly closeReason: string | undefined = undefined;

  constructor(message: string, options?: Peng3dnetErrorOptions) {
    super(message, options);
    // For subclasses of the application's; the ones here have a name that a minifier leaves alone.
    this.name = new.target.name;
  }
}

/** Something this program did: a wrong argument, a call at the wrong time. */
export abstract class UsageError extends Peng3dnetError {}

/** Something the peer did that the protocol does not allow. Ends that one connection with `closeReason`. */
export abstract class ProtocolError extends Peng3dnetError {
  abstract override readonly closeReason: string;
}

/** Something that neither side did: the network, the operating system, or time. */
export abstract class EnvironmentError extends Peng3dnetError {}

// ---- a caller's mistake -------------------------------------------------------------------------

/** An address cannot be used. Reference: `InvalidAddressError`. */
export class InvalidAddressError extends UsageError {
  override name = "InvalidAddressError";
  readonly code: string = "P3D_ERR_INVALID_ADDRESS";
}

/** A port is not an integer from 0 to 65535. Reference: `InvalidPortError`. */
export class InvalidPortError extends InvalidAddressError {
  override name = "InvalidPortError";
  override readonly code = "P3D_ERR_INVALID_PORT";
}

/** A host is empty, or neither a name nor an IP address. Reference: `InvalidHostError`. */
export class InvalidHostError extends InvalidAddressError {
  override name = "InvalidHostError";
  override readonly code = "P3D_ERR_INVALID_HOST";
}

/** An address may be valid, but is of no kind that is supported. Reference: `UnsupportedAddressError`. */
export class UnsupportedAddressError extends InvalidAddressError {
  override name = "UnsupportedAddressError";
  override readonly code = "P3D_ERR_UNSUPPORTED_ADDRESS";
}

/**
 * A config key is unknown, or its value, or that of a call's `timeout`, has the wrong type or range; names the key and
 * what is allowed.
 */
export class ConfigError extends UsageError {
  override name = "ConfigError";
  readonly code: string = "P3D_ERR_CONFIG";
  /** The key in question; for an option of a call, its name. */
  readonly key: string;

  constructor(key: string, message: string, options?: Peng3dnetErrorOptions) {
    super(message, options);
    this.key = key;
  }
}

/** A SmartPacket's `invalidAction` is none of those allowed. Reference: `InvalidSmartPacketActionError`. */
export class InvalidSmartPacketActionError extends UsageError {
  override name = "InvalidSmartPacketActionError";
  readonly code = "P3D_ERR_INVALID_SMARTPACKET_ACTION";
}

/** A registry refused something. Reference: `RegistryError`. */
export class RegistryError extends UsageError {
  override name = "RegistryError";
  readonly code: string = "P3D_ERR_REGISTRY";
}

/** A name, id or object is registered already. Reference: `AlreadyRegisteredError`. */
export class AlreadyRegisteredError extends RegistryError {
  override name = "AlreadyRegisteredError";
  override readonly code = "P3D_ERR_ALREADY_REGISTERED";
}

/** A name, id or object is not registered. */
export class NotRegisteredError extends RegistryError {
  override name = "NotRegisteredError";
  override readonly code = "P3D_ERR_NOT_REGISTERED";
}

/** A method was called when it cannot be, e.g. after close, or a transition that the state table lacks. */
export class InvalidStateError extends UsageError {
  override name = "InvalidStateError";
  readonly code = "P3D_ERR_INVALID_STATE";
}

/** What an {@link EncodeError} tells beside its message. */
export interface EncodeErrorOptions extends Peng3dnetErrorOptions {
  /** Where in the value it is that cannot be sent. */
  path?: string | undefined;
  /** Name of the packet. */
  packet?: string | undefined;
}

/** A value cannot be sent: not representable in msgpack, or nested too deep. Nothing was sent. */
export class EncodeError extends UsageError {
  override name = "EncodeError";
  readonly code = "P3D_ERR_ENCODE";
  /** What is wrong: the message without path and packet. */
  readonly problem: string;
  /**
   * Where in the value it is that cannot be sent, e.g. `players[3].born`: at most some 200 characters. Empty for the value
   * itself; `undefined` where nobody looked.
   */
  readonly path: string | undefined;
  /** Name of the packet that was to be sent; `undefined` where a value alone was encoded. */
  readonly packet: string | undefined;

  constructor(problem: string, { path, packet, ...options }: EncodeErrorOptions = {}) {
    const place = [path === "" ? undefined : path, packet === undefined ? undefined : `"${packet}"`]
      .filter((part) => part !== undefined)
      .join(" of ");
    super(place === "" ? problem : `${problem} (${place})`, options);
    this.problem = problem;
    this.path = path;
    this.packet = packet;
  }

  /** The same error of a packet. */
  of(packet: string): EncodeError {
    const { problem, path, cause } = this;
    return new EncodeError(problem, cause === undefined ? { path, packet } : { path, packet, cause });
  }
}

/** The connection is closed or closing, so that nothing can be sent or awaited on it. */
export class ConnectionClosedError extends UsageError {
  override name = "ConnectionClosedError";
  readonly code = "P3D_ERR_CONNECTION_CLOSED";
  /** Why it was closed, if known. */
  readonly reason: string | null;

  constructor(message: string, reason: string | null, options?: Peng3dnetErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** A SmartPacket's condition does not hold for this connection. */
export class SmartPacketInvalidError extends UsageError {
  override name = "SmartPacketInvalidError";
  readonly code = "P3D_ERR_SMARTPACKET_INVALID";
  override readonly closeReason = "smartpacketinvalid";
}

/**
 * A packet is longer than the limit. With `direction` `"in"` a peer announced it and the connection
 * closes with `packettoolong`; with `"out"` `sendMessage` throws it and nothing is sent.
 */
export class PacketTooLargeError extends Peng3dnetError {
  override name = "PacketTooLargeError";
  readonly code = "P3D_ERR_PACKET_TOO_LARGE";
  override readonly closeReason = "packettoolong";
  /** Whether the packet came from the peer or was to be sent. */
  readonly direction: "in" | "out";
  /** Length as announced or encoded, in bytes. */
  readonly length: number;
  /** The limit, in bytes. */
  readonly limit: number;

  /** The config option that the limit comes from. */
  readonly option: string;

  /** @param option - the config option that the limit comes from; default `"net.limits.packetlength"`. */
  constructor(direction: "in" | "out", length: number, limit: number, option = "net.limits.packetlength") {
    const when = option === "net.limits.inflated" ? " before compression" : "";
    super(
      direction === "in"
        ? `the peer announced a packet of ${length} bytes, more than the ${limit} allowed; raise ${option} if such packets are expected`
        : `the packet would be ${length} bytes long${when}, more than the ${limit} allowed; split it, or raise ${option} on both sides`,
    );
    this.option = option;
    this.direction = direction;
    this.length = length;
    this.limit = limit;
  }
}

/** Issues of a payload that are told, and characters of each. */
export const MAX_ISSUES = 20;
const MAX_PATH_LENGTH = 200;
const MAX_ISSUE_LENGTH = 300;

/**
 * A payload does not fit the schema of its packet. Received, it is ignored or ends the connection with
 * `invalidpayload`, as the packet declares; `sendMessage` throws it where payloads are validated on sending.
 */
export class InvalidPayloadError extends Peng3dnetError {
  override name = "InvalidPayloadError";
  readonly code = "P3D_ERR_INVALID_PAYLOAD";
  override readonly closeReason = "invalidpayload";
  /** Name of the packet. */
  readonly packet: string;
  /**
   * What does not fit, and where: keys from the outside in, joined by dots. The first 20; both texts are escaped and
   * cut, as they may have keys and values of a peer in them.
   */
  readonly issues: readonly { readonly path: string; readonly message: string }[];

  /** @param more - how many issues there are beyond those. */
  constructor(
    packet: string,
    issues: readonly { readonly path: string; readonly message: string }[],
    more = 0,
  ) {
    const shown = issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
      path: escapeText(path, MAX_PATH_LENGTH),
      message: escapeText(message, MAX_ISSUE_LENGTH),
    }));
    const texts = shown.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
    const left = more + issues.length - shown.length;
    if (left > 0) texts.push(`and ${left} more`);
    super(`the payload of "${packet}" does not fit its schema: ${texts.join("; ")}`);
    this.packet = packet;
    this.issues = shown;
  }
}

// ---- a peer's fault -----------------------------------------------------------------------------

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

// ---- the surroundings ---------------------------------------------------------------------------

/** Something took longer than it may. Reference: `TimedOutError`. */
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

/** Nothing was received for `net.timeout.idle`. */
export class IdleTimeoutError extends TimedOutError {
  override name = "IdleTimeoutError";
  override readonly code = "P3D_ERR_IDLE_TIMEOUT";
  override readonly closeReason = "timeout";
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

/** A ping got no answer. Reference: `FailedPingError`. */
export class FailedPingError extends TimedOutError {
  override name = "FailedPingError";
  override readonly code: string = "P3D_ERR_FAILED_PING";
}
