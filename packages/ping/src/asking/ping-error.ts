import { FailedPingError, type Peng3dnetErrorOptions } from "@peng3dnet/core";

/**
 * Why a ping failed:
 *
 * - `refused`: nothing listens at the address.
 * - `timeout`: no answer in time.
 * - `unresolvable`: the host name is unknown.
 * - `unreachable`: there is no way to the address.
 * - `notpeng3dnet`: what answers there speaks another protocol.
 * - `tls`: TLS on one side only, or it could not be established, e.g. because of the certificate.
 * - `protocol`: a peng3dnet server that this client cannot talk to, or that broke the rules.
 * - `closed`: the server closed the connection without an answer; {@link PingError.reason} may say why.
 */
export type PingFailure =
  | "refused"
  | "timeout"
  | "unresolvable"
  | "unreachable"
  | "notpeng3dnet"
  | "tls"
  | "protocol"
  | "closed";

/**
 * A ping failed. `cause` is the error behind it, if there is one.
 *
 * @reference `FailedPingError`
 */
export class PingError extends FailedPingError {
  override name = "PingError";
  /** What kind of failure it is. */
  readonly failure: PingFailure;
  /** The reason that the connection was closed with, or `null`. The server wrote it: escape it before it is shown. */
  readonly reason: string | null;

  constructor(
    failure: PingFailure,
    message: string,
    { reason = null, cause }: Peng3dnetErrorOptions & { readonly reason?: string | null } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.failure = failure;
    this.reason = reason;
  }
}
