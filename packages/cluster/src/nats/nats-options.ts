import type { ConnectionOptions } from "@nats-io/transport-node";
import type { OfflineOptions } from "../bus/outbox.js";

/**
 * How to reach NATS: the options of [`@nats-io/transport-node`](https://www.npmjs.com/package/@nats-io/transport-node), such as
 * `servers`, `tls`, `authenticator`, `user`, `pass`, `token` and `reconnectTimeWait`, as they are there, times in milliseconds, with
 * these defaults in place of its own:
 *
 * - `maxReconnectAttempts: -1`: it never gives up. For the same end, `ignoreAuthErrorAbort: true`: a broker that refuses the
 *   credentials may be one that is being set up.
 * - `reconnectTimeWait: 500` and `reconnectJitter: 500`, `reconnectJitterTLS: 1500`: it dials every 0.5 to 1 s (2 s with TLS),
 *   and the nodes of a cluster not all at once.
 * - `timeout: 5000`: a broker that does not answer is given up after 5 s.
 * - `pingInterval: 5000` and `maxPingOut: 2`: a connection on which nothing comes is taken for dead after 15 s.
 * - `name`: the name of the node.
 */
export interface NatsBusOptions extends Omit<ConnectionOptions, "noEcho">, OfflineOptions {}

/** What is asked of the client library. */
export function libraryOptions(
  { offline, maxKept, ...given }: NatsBusOptions,
  name: string,
): ConnectionOptions {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    name,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 500,
    reconnectJitter: 500,
    reconnectJitterTLS: 1500,
    timeout: 5000,
    pingInterval: 5000,
    maxPingOut: 2,
    ...set,
    // A node receives what it publishes, as every bus has it.
    noEcho: false,
  };
}
