import { ConfigError } from "../errors/errors.js";
import { LEAST_BEAT_INTERVAL } from "../handshake/heartbeat.js";
import { type AddressLike, normalizeAddrFormatted } from "./address.js";
import type { ConfigKey, ConfigValues } from "./options.js";

/** What the values of an option have to be. */
interface Rule {
  /** The values that are allowed, for error messages. */
  readonly allowed: string;
  /** Whether a value is allowed. */
  accepts(value: unknown): boolean;
}

const MAX_UINT32 = 0xffffffff;
/** A day: longest time for which a session may wait, in seconds. */
const MAX_WINDOW = 86_400;

const flag: Rule = { allowed: "true or false", accepts: (value) => typeof value === "boolean" };
const text: Rule = { allowed: "a string", accepts: (value) => typeof value === "string" && value !== "" };
const seconds: Rule = {
  allowed: "a number of seconds from 0 (off), fractions and Infinity (off) included",
  accepts: (value) => typeof value === "number" && value >= 0,
};
const address: Rule = {
  allowed: 'null, "host:port", [host, port] or { host, port }',
  accepts(value) {
    if (value === null) return true;
    try {
      normalizeAddrFormatted(value as AddressLike);
      return true;
    } catch {
      return false;
    }
  },
};
const isPem = (value: unknown): boolean =>
  (typeof value === "string" && value !== "") || value instanceof Uint8Array;
const pem: Rule = {
  allowed: "null, or PEM or DER material as string, Uint8Array, or an array of these",
  accepts: (value) =>
    value === null || isPem(value) || (Array.isArray(value) && value.length > 0 && value.every(isPem)),
};

function orNull(rule: Rule): Rule {
  return { allowed: `null or ${rule.allowed}`, accepts: (value) => value === null || rule.accepts(value) };
}

function integer(low: number, high: number): Rule {
  return {
    allowed: `an integer from ${low} to ${high}`,
    accepts: (value) => Number.isInteger(value) && (value as number) >= low && (value as number) <= high,
  };
}

function oneOf(...values: readonly unknown[]): Rule {
  return {
    allowed: values.map((value) => JSON.stringify(value)).join(" or "),
    accepts: (value) => values.includes(value),
  };
}

const textOrNull = orNull(text);
const port = integer(0, 65535);
const size = integer(0, MAX_UINT32);
const count = integer(1, MAX_UINT32);
const packetLength = integer(6, MAX_UINT32);

/** All options: the default of each, and what its values have to be. */
const OPTIONS: { readonly [K in ConfigKey]: readonly [value: ConfigValues[K], rule: Rule] } = {
  "net.server.addr": [null, address],
  "net.server.addr.host": ["0.0.0.0", text],
  "net.server.addr.port": [8080, port],
  "net.client.addr": [null, address],
  "net.client.addr.host": ["localhost", text],
  "net.client.addr.port": [8080, port],
  "net.compress.enabled": [true, flag],
  "net.compress.threshold": [8192, size],
  "net.compress.level": [6, integer(-1, 9)],
  "net.compress.accept": [true, flag],
  "net.encrypt.enabled": [
    false,
    {
      allowed: "false, since encryption of packets is reserved",
      accepts: (v) => v === false,
    },
  ],
  "net.ssl.enabled": [false, flag],
  "net.ssl.force": [true, flag],
  "net.ssl.cafile": [null, textOrNull],
  "net.ssl.ca": [null, pem],
  "net.ssl.minversion": ["TLSv1.2", oneOf("TLSv1.2", "TLSv1.3")],
  "net.ssl.resumption": [false, flag],
  "net.ssl.server.force_verify": [true, flag],
  "net.ssl.server.certfile": [null, textOrNull],
  "net.ssl.server.keyfile": [null, textOrNull],
  "net.ssl.server.cert": [null, pem],
  "net.ssl.server.key": [null, pem],
  "net.ssl.client.check_hostname": [true, flag],
  "net.ssl.client.force_verify": [true, flag],
  "net.ssl.client.certfile": [null, textOrNull],
  "net.ssl.client.keyfile": [null, textOrNull],
  "net.ssl.client.cert": [null, pem],
  "net.ssl.client.key": [null, pem],
  "net.ssl.server_hostname": [null, textOrNull],
  "net.events.enable": ["auto", oneOf("auto", true, false)],
  "net.debug.print.recv": [false, flag],
  "net.debug.print.send": [false, flag],
  "net.debug.print.connect": [false, flag],
  "net.debug.print.close": [false, flag],
  "net.registry.autosync": [true, flag],
  "net.registry.missingpacketaction": ["closeconnection", oneOf("closeconnection", "ignore")],
  "net.registry.unknownpacketaction": ["closeconnection", oneOf("closeconnection", "ignore")],
  "net.limits.packetlength": [1024 * 1024, packetLength],
  "net.limits.packetlength.handshake": [4 * 1024, packetLength],
  "net.limits.inflated": [4 * 1024 * 1024, count],
  "net.limits.inflated.handshake": [64 * 1024, count],
  "net.limits.inflated.rate": [64 * 1024 * 1024, count],
  "net.limits.depth": [512, integer(1, 512)],
  "net.limits.elements": [64 * 1024, count],
  "net.limits.elements.handshake": [256, count],
  "net.limits.connections": [4096, count],
  "net.limits.connections.address": [1024, count],
  "net.limits.pending": [1024, count],
  "net.limits.pending.address": [256, count],
  "net.limits.unsent.highwater": [1024 * 1024, size],
  "net.limits.unsent": [16 * 1024 * 1024, count],
  "net.limits.unsent.total": [24 * 1024 * 1024, count],
  "net.limits.unsent.policy": ["close", oneOf("close", "drop")],
  "net.limits.unprocessed.packets": [1024, count],
  "net.limits.unprocessed.bytes": [4 * 1024 * 1024, count],
  "net.limits.unprocessed.total": [64 * 1024 * 1024, count],
  "net.limits.buffered": [16 * 1024 * 1024, count],
  "net.limits.requests": [1024, count],
  "net.limits.registry.names": [4096, count],
  "net.limits.registry.namelength": [256, count],
  "net.limits.strikes": [64, size],
  "net.timeout.handshake": [10, seconds],
  "net.timeout.idle": [0, seconds],
  "net.timeout.unsent": [30, seconds],
  "net.timeout.close": [5, seconds],
  "net.heartbeat.interval": [
    5,
    {
      allowed: "0 (off), or a number of seconds from 0.1, fractions and Infinity (off) included",
      accepts: (value) => value === 0 || (typeof value === "number" && value >= LEAST_BEAT_INTERVAL),
    },
  ],
  "net.heartbeat.timeout": [15, seconds],
  "net.tcp.keepalive": [30, seconds],
  "net.resume.window": [
    0,
    {
      allowed: "a number of seconds from 0 (off) to 86400, fractions included",
      accepts: (value) => typeof value === "number" && value >= 0 && value <= MAX_WINDOW,
    },
  ],
  "net.resume.bytes": [1024 * 1024, count],
  "net.resume.sessions": [1024, count],
  "net.resume.sessions.address": [64, count],
  "net.latency.poll": [
    0.0005,
    {
      allowed: "a number of seconds from 0 (off) to 0.001",
      accepts: (value) => typeof value === "number" && value >= 0 && value <= 0.001,
    },
  ],
};

/**
 * Default of every option.
 *
 * @reference `DEFAULT_CONFIG`
 */
export const DEFAULT_CONFIG: Readonly<ConfigValues> = Object.freeze(
  Object.fromEntries(
    Object.entries(OPTIONS).map(([key, [value]]) => [key, value]),
  ) as unknown as ConfigValues,
);

/** Whether there is an option of this name. */
export function isConfigKey(key: string): key is ConfigKey {
  return Object.hasOwn(OPTIONS, key);
}

/** The options that a mistyped name may mean: those that share its longest dotted beginning. */
function similar(key: string): string {
  const parts = key.split(".");
  for (let length = parts.length - 1; length > 0; length--) {
    const prefix = `${parts.slice(0, length).join(".")}.`;
    const found = Object.keys(OPTIONS).filter((known) => known.startsWith(prefix));
    if (found.length > 0) return found.join(", ");
  }
  return "see DEFAULT_CONFIG";
}

/** A value that an application gave by mistake, for the message of an error. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return Array.isArray(value)
    ? "an array"
    : typeof value === "object" && value !== null
      ? "an object"
      : String(value);
}

/**
 * Checks an option and its value.
 *
 * @throws {@link ConfigError} if there is no such option, or the value is not one that it may have.
 */
export function checkOption(key: string, value: unknown): asserts key is ConfigKey {
  if (!isConfigKey(key)) throw new ConfigError(key, `unknown config option "${key}"; known: ${similar(key)}`);
  const [, { allowed, accepts }] = OPTIONS[key];
  if (!accepts(value)) {
    throw new ConfigError(key, `config option "${key}" cannot be ${describe(value)}; allowed: ${allowed}`);
  }
}
