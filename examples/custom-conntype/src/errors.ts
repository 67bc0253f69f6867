import { ProtocolError } from "@peng3dnet/protocol";

/** Reason that a connection is closed with when its token was not accepted. */
export const REASON_DENIED = "tokendenied";
/** Reason that a connection is closed with when the server could not check its token. */
export const REASON_ERROR = "tokenerror";

/** What came in place of a token, or of the request for one, is none. Closes with `invalidtokenpacket`. */
export class InvalidTokenPacketError extends ProtocolError {
  readonly code = "EXAMPLE_ERR_INVALID_TOKEN_PACKET";
  readonly closeReason = "invalidtokenpacket";
}

/** The check did not accept the token. Closes with {@link REASON_DENIED}. */
export class TokenDeniedError extends ProtocolError {
  readonly code = "EXAMPLE_ERR_TOKEN_DENIED";
  readonly closeReason = REASON_DENIED;
}
