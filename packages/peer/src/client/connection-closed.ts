import {
  type CloseInfo,
  ConnectionClosedError,
  escapeText,
  MAX_REASON_BYTES,
  TlsHandshakeError,
} from "@peng3dnet/protocol";

/** What a caller is told for whom the connection ended too early. */
export function connectionClosed({ reason, error }: CloseInfo): Error {
  if (error instanceof TlsHandshakeError) return error;
  const why = reason === null ? "" : ` (${escapeText(reason, MAX_REASON_BYTES)})`;
  // Who sees the message alone has to learn what to do, too.
  const what = error === undefined ? "" : `: ${error.message}`;
  return new ConnectionClosedError(`the connection is closed${why}${what}`, reason, { cause: error });
}
