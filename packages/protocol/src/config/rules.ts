import { ConfigError } from "../errors/errors.js";
import { LEAST_BEAT_INTERVAL } from "../handshake/heartbeat.js";
import { type AddressLike, normalizeAddrFormatted } from "./address.js";
import type { ConfigKey } from "./options.js";

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

const port = integer(0, 65535);
const size = integer(0, MAX_UINT32);
const count = integer(1, MAX_UINT32);
const packetLength = integer(6, MAX_UINT32);

const RULES: Readonly<Record<ConfigKey, Rule>> = {
  "net.server.addr": address,
  "net.server.addr.host": text,
  "net.server.addr.port": port,
  "net.client.addr": address,
  "net.client.addr.host": text,
  "net.client.addr.port": port,
  "net.compress.enabled": flag,
  "net.compress.threshold": size,
  "net.compress.level": integer(-1, 9),
  "net.compress.accept": flag,
  "net.encrypt.enabled": {
    allowed: "false, since encryption of packets is reserved",
    accepts: (v) => v === false,
  },
  "net.ssl.enabled": flag,
  "net.ssl.force": flag,
  "net.ssl.cafile": orNull(text),
  "net.ssl.ca": pem,
  "net.ssl.minversion": oneOf("TLSv1.2", "TLSv1.3"),
  "net.ssl.resumption": flag,
  "net.ssl.server.force_verify": flag,
  "net.ssl.server.certfile": orNull(text),
  "net.ssl.server.keyfile": orNull(text),
  "net.ssl.server.cert": pem,
  "net.ssl.server.key": pem,
  "net.ssl.client.check_hostname": flag,
  "net.ssl.client.force_verify": flag,
  "net.ssl.client.certfile": orNull(text),
  "net.ssl.client.keyfile": orNull(text),
  "net.ssl.client.cert": pem,
  "net.ssl.client.key": pem,
  "net.ssl.server_hostname": orNull(text),
  "net.events.enable": oneOf("auto", true, false),
  "net.debug.print.recv": flag,
  "net.debug.print.send": flag,
  "net.debug.print.connect": flag,
  "net.debug.print.close": flag,
  "net.registry.autosync": flag,
  "net.registry.missingpacketaction": oneOf("closeconnection", "ignore"),
  "net.registry.unknownpacketaction": oneOf("closeconnection", "ignore"),
  "net.limits.packetlength": packetLength,
  "net.limits.packetlength.handshake": packetLength,
  "net.limits.inflated": count,
  "net.limits.inflated.handshake": count,
  "net.limits.inflated.rate": count,
  "net.limits.depth": integer(1, 512),
  "net.limits.elements": count,
  "net.limits.elements.handshake": count,
  "net.limits.connections": count,
  "net.limits.connections.address": count,
  "net.limits.pending": count,
  "net.limits.pending.address": count,
  "net.limits.unsent.highwater": size,
  "net.limits.unsent": count,
  "net.limits.unsent.total": count,
  "net.limits.unsent.policy": oneOf("close", "drop"),
  "net.limits.unprocessed.packets": count,
  "net.limits.unprocessed.bytes": count,
  "net.limits.unprocessed.total": count,
  "net.limits.buffered": count,
  "net.limits.requests": count,
  "net.limits.registry.names": count,
  "net.limits.registry.namelength": count,
  "net.limits.strikes": size,
  "net.timeout.handshake": seconds,
  "net.timeout.idle": seconds,
  "net.timeout.unsent": seconds,
  "net.timeout.close": seconds,
  "net.heartbeat.interval": {
    allowed: "0 (off), or a number of seconds from 0.1, fractions and Infinity (off) included",
    accepts: (value) => value === 0 || (typeof value === "number" && value >= LEAST_BEAT_INTERVAL),
  },
  "net.heartbeat.timeout": seconds,
  "net.tcp.keepalive": seconds,
  "net.resume.window": {
    allowed: "a number of seconds from 0 (off) to 86400, fractions included",
    accepts: (value) => typeof value === "number" && value >= 0 && value <= MAX_WINDOW,
  },
  "net.resume.bytes": count,
  "net.resume.sessions": count,
  "net.resume.sessions.address": count,
  "net.latency.poll": {
    allowed: "a number of seconds from 0 (off) to 0.001",
    accepts: (value) => typeof value === "number" && value >= 0 && value <= 0.001,
  },
};

/** Whether there is an option of this name. */
export function isConfigKey(key: string): key is ConfigKey {
  return Object.hasOwn(RULES, key);
}

/** The options that a mistyped name may mean: those that share its longest dotted beginning. */
function similar(key: string): string {
  const parts = key.split(".");
  for (let length = parts.length - 1; length > 0; length--) {
    const prefix = `${parts.slice(0, length).join(".")}.`;
    const found = Object.keys(RULES).filter((known) => known.startsWith(prefix));
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
  if (!RULES[key].accepts(value)) {
    throw new ConfigError(
      key,
      `config option "${key}" cannot be ${describe(value)}; allowed: ${RULES[key].allowed}`,
    );
  }
}
