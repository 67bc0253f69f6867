import { describeError, WEBSOCKET_SUBPROTOCOL, WebSocketConnectError } from "@peng3dnet/peer";
import { webSocketAnswerAdvice } from "@peng3dnet/peer/transport";

/** What else a page is kept from. */
export const PAGE_RULES =
  "a page that came by https may open wss:// only, and one with a Content-Security-Policy what connect-src names";

/** What can be the matter where the runtime does not tell. docs/guides/browsers.md has the same list, with what to do. */
const GUESSES = `the server may not be running, not be reachable, or be full; it may have no valid certificate, ask for one of the client's own, or not admit the origin of this page (its option origins); it may have nothing at this path that knows the subprotocol ${WEBSOCKET_SUBPROTOCOL} (for a bridge, set the option bridge); ${PAGE_RULES}`;

/** What to do about an error of the network or of TLS, by its code. */
const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; start the server, or correct host and port",
  ENOTFOUND: "there is no such host; correct the address",
  HPE_INVALID_CONSTANT: "what answers there is no HTTP; correct the port",
  ECONNRESET: "if the server has TLS, begin the address with wss://, or else its log may say why",
};

/** What OpenSSL says of an answer that is no TLS. Its code stands for other errors, too. */
const NO_TLS = "wrong version number";

/** What is known of an error, in one line, and what to do about it; `undefined` if it tells nothing of the cause. */
function known(error: unknown): string | undefined {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const [line = ""] = (typeof message === "string" ? message : "").split("\n", 1);
  const status = /server response: (\d{3})/.exec(line)?.[1];
  if (status === undefined && typeof code !== "string") return undefined;
  // OpenSSL writes where in its sources it was, and a line feed.
  const text = line.replace(/[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):.*/i, "$1");
  const told = status === undefined ? CODES[code as string] : webSocketAnswerAdvice(status);
  const advice = text.endsWith(NO_TLS) ? "there is no TLS on this port; begin the address with ws://" : told;
  const shown = describeError(text === "" ? String(code) : text);
  return advice === undefined ? shown : `${shown}; ${advice}`;
}

/**
 * The error for a WebSocket that did not open.
 *
 * @param event - that it was told with. Browsers tell nothing in it; on Node, it may have what went wrong.
 */
export function openFailure(shown: string, event: unknown): WebSocketConnectError {
  const { error, message } = event as { readonly error?: unknown; readonly message?: unknown };
  const cause = error ?? (typeof message === "string" && message !== "" ? message : undefined);
  // From 24 on, Node's own tells of an error that has no text. That of 22 tells a sentence, after which more follows here.
  const silent = ((cause ?? { message: "" }) as { readonly message?: unknown }).message === "";
  const told = silent ? "" : `: ${describeError(cause).replace(/\.$/, "")}`;
  const why = cause && known(cause);
  return new WebSocketConnectError(`cannot open ${shown}${why ? `: ${why}` : `${told}; ${GUESSES}`}`, {
    cause,
  });
}
