import { Peng3dnetError, type Peng3dnetErrorOptions } from "./families.js";
import { escapeText } from "./quote-text.js";

/** Whether a packet came from the peer, who is at fault then, or was to be sent by this program. */
export type PacketDirection = "in" | "out";

/** What a {@link SmartPacketInvalidError} tells beside its message. */
export interface SmartPacketInvalidErrorOptions extends Peng3dnetErrorOptions {
  /** Whether the packet came from the peer or was to be sent. Default `"out"`. */
  direction?: PacketDirection | undefined;
}

/**
 * A SmartPacket's condition does not hold for this connection. With `direction` `"in"` the peer sent the packet; it ends
 * the connection with `smartpacketinvalid`, or is reported as a handler's failure, as the packet says. With `"out"`
 * `sendMessage` throws it, and nothing is sent.
 */
export class SmartPacketInvalidError extends Peng3dnetError {
  override name = "SmartPacketInvalidError";
  readonly code = "P3D_ERR_SMARTPACKET_INVALID";
  override readonly closeReason = "smartpacketinvalid";
  /** Whether the packet came from the peer or was to be sent. */
  readonly direction: PacketDirection;

  constructor(message: string, { direction = "out", ...options }: SmartPacketInvalidErrorOptions = {}) {
    super(message, options);
    this.direction = direction;
  }
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
  readonly direction: PacketDirection;
  /** Length as announced or encoded, in bytes. */
  readonly length: number;
  /** The limit, in bytes. */
  readonly limit: number;
  /** The config option that the limit comes from. */
  readonly option: string;

  /** @param option - the config option that the limit comes from; default `"net.limits.packetlength"`. */
  constructor(direction: PacketDirection, length: number, limit: number, option = "net.limits.packetlength") {
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

/** Most issues of a payload that an error tells. */
export const MAX_ISSUES = 20;
/** Most characters of an issue's path that are shown. */
const MAX_PATH_LENGTH = 200;
/** Most characters of an issue's message that are shown. */
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
  /** Whether the payload came from the peer or was to be sent. The library sets it to `"out"` on sending. */
  direction: PacketDirection = "in";
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
