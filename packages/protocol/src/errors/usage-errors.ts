import { type Peng3dnetErrorOptions, UsageError } from "./families.js";

/**
 * An address cannot be used.
 *
 * @reference `InvalidAddressError`
 */
export class InvalidAddressError extends UsageError {
  override name = "InvalidAddressError";
  readonly code: string = "P3D_ERR_INVALID_ADDRESS";
}

/**
 * A port is not an integer from 0 to 65535.
 *
 * @reference `InvalidPortError`
 */
export class InvalidPortError extends InvalidAddressError {
  override name = "InvalidPortError";
  override readonly code = "P3D_ERR_INVALID_PORT";
}

/**
 * A host is empty, or neither a name nor an IP address.
 *
 * @reference `InvalidHostError`
 */
export class InvalidHostError extends InvalidAddressError {
  override name = "InvalidHostError";
  override readonly code = "P3D_ERR_INVALID_HOST";
}

/**
 * An address may be valid, but is of no kind that is supported.
 *
 * @reference `UnsupportedAddressError`
 */
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

/**
 * A SmartPacket's `invalidAction` is none of those allowed.
 *
 * @reference `InvalidSmartPacketActionError`
 */
export class InvalidSmartPacketActionError extends UsageError {
  override name = "InvalidSmartPacketActionError";
  readonly code = "P3D_ERR_INVALID_SMARTPACKET_ACTION";
}

/**
 * A registry refused something.
 *
 * @reference `RegistryError`
 */
export class RegistryError extends UsageError {
  override name = "RegistryError";
  readonly code: string = "P3D_ERR_REGISTRY";
}

/**
 * A name, id or object is registered already.
 *
 * @reference `AlreadyRegisteredError`
 */
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
