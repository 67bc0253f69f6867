import {
  InvalidAddressError,
  InvalidHostError,
  InvalidPortError,
  UnsupportedAddressError,
} from "../errors/errors.js";

/** An address as the calls accept it: `"host:port"`, `"[::1]:8080"`, `[host, port]` or `{ host, port }`. */
export type AddressLike =
  | string
  | readonly [host: string, port?: number]
  | { readonly host: string; readonly port?: number | undefined };

/**
 * A normalised address.
 *
 * @reference a 2-tuple
 */
export type Address = [host: string, port: number];

/** Port that is taken where none is given. */
export const DEFAULT_PORT = 8080;

interface Parts {
  host: string;
  port: number | undefined;
}

const ZONE = /%[\w.-]+$/;
const HEXTET = /^[0-9a-f]{1,4}$/i;
const HOSTNAME =
  /^(?=.{1,253}\.?$)[\p{L}\p{N}_]([\p{L}\p{N}_-]*[\p{L}\p{N}_])?(\.[\p{L}\p{N}_]([\p{L}\p{N}_-]*[\p{L}\p{N}_])?)*\.?$/u;
const NUMERIC = /^[\d.]+$/;
/** Up to three digits, which may begin with zeros. */
const OCTET = "(?:25[0-5]|2[0-4]\\d|[01]?\\d?\\d)";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

function isIPv4(host: string): boolean {
  return IPV4.test(host);
}

function isIPv6(host: string): boolean {
  const halves = host.replace(ZONE, "").split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = halves.at(-1) === "" ? undefined : groups.at(-1);
  // The last 32 bits may be written as an IPv4 address.
  const mapped = last?.includes(".") === true;
  if (mapped && !isIPv4(last)) return false;
  const hextets = mapped ? groups.slice(0, -1) : groups;
  const size = groups.length + (mapped ? 1 : 0);
  return hextets.every((hextet) => HEXTET.test(hextet)) && (halves.length === 2 ? size < 8 : size === 8);
}

function checkHost(host: string): string {
  if (host.includes(":")) {
    if (!isIPv6(host)) throw new InvalidHostError(`"${host}" is not an IPv6 address`);
    return host;
  }
  if (host === "")
    throw new InvalidHostError('the host is empty; give a name or an IP address, e.g. "127.0.0.1"');
  if (NUMERIC.test(host)) {
    if (!isIPv4(host)) throw new InvalidHostError(`"${host}" is not an IPv4 address`);
  } else if (!HOSTNAME.test(host)) {
    throw new InvalidHostError(`"${host}" is neither a host name nor an IP address`);
  }
  return host;
}

function checkPort(port: number | string): number {
  const value = typeof port === "number" ? port : /^\d{1,5}$/.test(port) ? Number(port) : Number.NaN;
  if (!Number.isInteger(value) || value < 0 || value > 65535) {
    throw new InvalidPortError(`"${port}" is not a port; use an integer from 0 to 65535`);
  }
  return value;
}

function split(addr: string): Parts {
  if (addr.includes("://") || addr.startsWith("/")) {
    const hint = /^(?:wss?|https?):/i.test(addr)
      ? "; for a WebSocket, take the Client of @peng3dnet/browser, or its webSocketConnector as the option connector"
      : "";
    throw new UnsupportedAddressError(`"${addr}" is a URL or a path; give "host:port"${hint}`);
  }
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(addr);
  if (bracketed !== null) {
    const host = bracketed[1] as string;
    if (!host.includes(":")) throw new InvalidHostError(`"${host}" in brackets is not an IPv6 address`);
    return { host: checkHost(host), port: bracketed[2] === undefined ? undefined : checkPort(bracketed[2]) };
  }
  const [host = "", port, ...more] = addr.split(":");
  // More than one colon without brackets: an IPv6 address, which then carries no port.
  if (port === undefined || more.length > 0) return { host: checkHost(addr), port: undefined };
  return { host: checkHost(host), port: checkPort(port) };
}

function toParts(addr: AddressLike): Parts {
  if (typeof addr === "string") return split(addr.trim());
  const [host, port]: readonly unknown[] = Array.isArray(addr)
    ? addr
    : typeof addr === "object" && addr !== null && "host" in addr
      ? [addr.host, addr.port]
      : [];
  if (typeof host !== "string") {
    throw new InvalidAddressError('an address is "host:port", [host, port] or { host, port }');
  }
  if (port === undefined || port === null) return { host: checkHost(host), port: undefined };
  if (typeof port !== "number")
    throw new InvalidPortError(`${JSON.stringify(port)} is not a port; use an integer`);
  return { host: checkHost(host), port: checkPort(port) };
}

/**
 * Parses `"host"`, `"host:port"`, `"[ipv6]"`, `"[ipv6]:port"` or a bare IPv6 address.
 *
 * @param addr - the address.
 * @param defaultPort - port where the address has none; default 8080.
 * @throws {@link InvalidPortError} if the port is not an integer from 0 to 65535.
 * @throws {@link UnsupportedAddressError} if it is a URL or a path.
 * @throws {@link InvalidHostError} if the host is empty or neither a name nor an IP address.
 * @reference `parse_address`, with IPv6 and host names in addition
 */
export function parseAddress(addr: string, defaultPort: number = DEFAULT_PORT): Address {
  const { host, port } = split(addr.trim());
  return [host, port ?? checkPort(defaultPort)];
}

/**
 * Brings an address of any accepted form into `[host, port]`.
 *
 * @param addr - the address.
 * @param defaultPort - port where the address has none; default 8080.
 * @throws {@link InvalidAddressError} or a subclass, if the address cannot be used.
 * @reference `normalize_addr_socketstyle`
 */
export function normalizeAddrSocketstyle(addr: AddressLike, defaultPort: number = DEFAULT_PORT): Address {
  const { host, port } = toParts(addr);
  return [host, port ?? checkPort(defaultPort)];
}

/**
 * Brings an address of any accepted form into a string: `"127.0.0.1"`, or `"127.0.0.1:8080"` where the
 * address has a port; IPv6 as `"::1"` and `"[::1]:8080"`.
 *
 * @throws {@link InvalidAddressError} or a subclass, if the address cannot be used.
 * @reference `normalize_addr_formatted`, which is not implemented there
 */
export function normalizeAddrFormatted(addr: AddressLike): string {
  const { host, port } = toParts(addr);
  if (port === undefined) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
