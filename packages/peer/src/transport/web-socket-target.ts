import { type Address, InvalidAddressError, UnsupportedAddressError } from "@peng3dnet/protocol";

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
      'the option addr takes a URL such as "wss://game.example/play", or a WebSocket; [host, port] and { host, port } are addresses of TCP',
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
