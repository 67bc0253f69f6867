import type { BusFactory } from "../bus/bus.js";
import { Outbox } from "../bus/outbox.js";
import { NatsBusConnection } from "./nats-bus-connection.js";
import type { NatsBusOptions } from "./nats-options.js";

/**
 * A bus over [NATS](https://nats.io): core NATS alone, of servers from 2.9 on. It loses nothing that the broker confirmed, redials for
 * as long as it takes, and subscribes again by itself.
 *
 * @throws ConfigError
 *
 * @example
 * ```ts no-run
 * const bus = natsBus({ servers: "nats.example.org:4222", user: "game", pass: secret, tls: {} });
 * const node = await joinCluster(server, { bus });
 * ```
 */
export function natsBus(options: NatsBusOptions = {}): BusFactory {
  // What is wrong with the options is said at once.
  new Outbox(options);
  return { connect: (context) => NatsBusConnection.open(options, context) };
}
