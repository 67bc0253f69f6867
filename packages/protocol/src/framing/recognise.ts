import { NotPeng3dnetError, TlsOnPlainPortError } from "../errors/errors.js";
import { quoteText } from "../errors/quote-text.js";

const TLS_HANDSHAKE_RECORD = 0x16;
const TLS_ALERT_RECORD = 0x15;
const TLS_MAJOR_VERSION = 0x03;

/**
 * Names the protocol whose first four bytes stand at `at`, where they make no sensible length: TLS, or a
 * protocol that starts with text, as HTTP, SSH, SMTP and FTP do.
 */
export function recogniseForeigner(bytes: Uint8Array, at: number): NotPeng3dnetError | undefined {
  const head = bytes.subarray(at, at + 4);
  if (head[1] === TLS_MAJOR_VERSION && (head[0] === TLS_HANDSHAKE_RECORD || head[0] === TLS_ALERT_RECORD)) {
    return new TlsOnPlainPortError(
      "the peer speaks TLS, but this side does not; set net.ssl.enabled on both sides or on neither",
    );
  }
  if (head.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a)) {
    const text = String.fromCharCode(...head).trim();
    return new NotPeng3dnetError(`the peer does not speak peng3dnet: its first bytes are ${quoteText(text)}`);
  }
  return undefined;
}
