import { ConfigError, type OptionNames, optionComplaint } from "@peng3dnet/peer";
import type { BusFactory } from "../bus/bus.js";
import { Outbox } from "../bus/outbox.js";
import { NatsBusConnection } from "./nats-bus-connection.js";
import type { NatsBusOptions, NatsTlsOptions } from "./nats-options.js";

const OPTIONS: OptionNames<NatsBusOptions> = {
  offline: true,
  maxKept: true,
  servers: true,
  name: true,
  user: true,
  pass: true,
  token: true,
  authenticator: true,
  tls: true,
  timeout: true,
  waitOnFirstConnect: true,
  noRandomize: true,
  ignoreClusterUpdates: true,
  resolve: true,
  reconnect: true,
  maxReconnectAttempts: true,
  reconnectTimeWait: true,
  reconnectJitter: true,
  reconnectJitterTLS: true,
  reconnectDelayHandler: true,
  ignoreAuthErrorAbort: true,
  pingInterval: true,
  maxPingOut: true,
  debug: true,
};

const TLS_OPTIONS: OptionNames<NatsTlsOptions> = {
  handshakeFirst: true,
  caFile: true,
  ca: true,
  certFile: true,
  cert: true,
  keyFile: true,
  key: true,
};

/**
 * A bus over [NATS](https://nats.io): core NATS alone, of servers from 2.9 on. It loses nothing that the broker confirmed, redials for
 * as long as it takes, and subscribes again by itself.
 *
 * @throws ConfigError, also for an option that looks like a mistyped one.
 *
 * @example
 * ```ts no-run
 * const bus = natsBus({ servers: "nats.example.org:4222", user: "game", pass: secret, tls: {} });
 * const node = await joinCluster(server, { bus });
 * ```
 */
export function natsBus(options: NatsBusOptions = {}): BusFactory {
  if (typeof options !== "object" || options === null)
    throw new TypeError('natsBus takes an object of options, such as { servers: "127.0.0.1:4222" }');
  // What is wrong with the options is said at once.
  // The client library gets others as they are, and may have them: what looks mistyped is refused alone.
  const found =
    optionComplaint("natsBus", options, OPTIONS, false) ??
    optionComplaint("the option tls", options.tls ?? {}, TLS_OPTIONS, false);
  if (found !== undefined) throw new ConfigError(...found);
  checkServers(options.servers);
  new Outbox(options);
  return { connect: (context) => NatsBusConnection.open(options, context) };
}

/** The client library takes an empty list for its default, and passes over who is named in an address. */
function checkServers(servers: unknown): void {
  if (servers === undefined) return;
  const all: readonly unknown[] = [servers].flat();
  if (all.length === 0 || !all.every((one) => typeof one === "string" && one !== ""))
    throw new ConfigError(
      "servers",
      'the option "servers" is the address of a broker, as "host:port", or a list of at least one',
    );
  if (all.some((one) => String(one).includes("@")))
    throw new ConfigError(
      "servers",
      'the option "servers" has addresses without a user; say who connects by the options "user" and "pass", "token" or "authenticator"',
    );
}
