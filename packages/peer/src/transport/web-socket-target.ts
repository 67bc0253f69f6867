import {
  type Address,
  type Config,
  InvalidAddressError,
  TlsConfigError,
  UnsupportedAddressError,
} from "@peng3dnet/protocol";

/** A `URL` object, whatever platform it comes from. */
export interface UrlLike {
  readonly href: string;
}

/** Where a WebSocket leads to. */
export interface WebSocketTarget {
  /** As a WebSocket takes it. */
  readonly url: string;
  readonly address: Address;
  /** Whether it goes over TLS. */
  readonly secure: boolean;
  /** The URL without what may be secret, for messages. */
  readonly shown: string;
}

const SCHEMES: Readonly<Record<string, string>> = {
  "http:": "ws:",
  "https:": "wss:",
  "ws:": "ws:",
  "wss:": "wss:",
};

/** `127.0.0.1:8080` and `[::1]:8080`, with a path or without. */
const HOST_AND_PORT = /^(?:\d+(?:\.\d+){3}|\[[^\]]*\]):\d+(?:[/?#]|$)/;

function parsed(text: string, base: string | undefined): URL {
  try {
    return new URL(text, base);
  } catch (error) {
    throw new InvalidAddressError(
      `the address is no URL; give one such as "wss://game.example/play" (in a page, "/play" will do)`,
      { cause: error },
    );
  }
}

/**
 * Takes a URL apart. `http` and `https` stand for `ws` and `wss`.
 *
 * @param base - what a relative one goes by; default: there is none.
 * @throws {@link InvalidAddressError}, {@link UnsupportedAddressError} for another scheme.
 */
export function webSocketTarget(addr: string | UrlLike, base?: string): WebSocketTarget {
  const text: unknown = typeof addr === "string" ? addr.trim() : addr?.href;
  if (typeof text !== "string") {
    throw new InvalidAddressError(
      'where a WebSocket leads to is a URL such as "wss://game.example/play"; [host, port] and { host, port } are addresses of TCP',
    );
  }
  // In a page it would be a path of the page's own server: a URL's scheme does not begin with a digit or a bracket.
  if (HOST_AND_PORT.test(text)) {
    throw new UnsupportedAddressError(
      "an address of a host by number and a port is one of TCP; for a WebSocket, begin it with wss:// or ws://",
    );
  }
  const url = parsed(text, base);
  const scheme = SCHEMES[url.protocol];
  if (scheme === undefined) {
    throw new UnsupportedAddressError(
      `an address that begins with "${url.protocol}" is none of a WebSocket; begin it with wss:// or ws://`,
    );
  }
  url.protocol = scheme;
  url.hash = "";
  const secure = scheme === "wss:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return { url: url.href, address: [host, port], secure, shown: `${scheme}//${url.host}${url.pathname}` };
}

/**
 * Refuses a target without TLS where the client's options want TLS: what is to be encrypted is never sent as it is.
 *
 * @throws {@link TlsConfigError}
 */
export function checkEncrypted(cfg: Config, { secure, shown }: WebSocketTarget): void {
  if (secure || !cfg.get("net.ssl.enabled")) return;
  throw new TlsConfigError(
    "net.ssl.enabled",
    `TLS is enabled (net.ssl.enabled), but ${shown} is not encrypted; begin the address with wss://`,
  );
}

/**
 * Takes apart the URL that a server has named, where a session goes on.
 *
 * @param from - where the client came from: what is encrypted stays so.
 * @throws {@link UnsupportedAddressError}, {@link InvalidAddressError}.
 */
export function redirectedTarget(address: string, from: WebSocketTarget): WebSocketTarget {
  // A page would take anything else for an address of its own server.
  if (!/^wss?:\/\//i.test(address))
    throw new UnsupportedAddressError("an address to go on at begins with wss:// or ws://");
  const target = webSocketTarget(address);
  if (from.secure && !target.secure)
    throw new UnsupportedAddressError(
      `${from.shown} is encrypted, and an address to go on at has to be, too`,
    );
  return target;
}
