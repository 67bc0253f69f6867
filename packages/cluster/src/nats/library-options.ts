import type { ConnectionOptions } from "@nats-io/transport-node";
import type { BusContext } from "../bus/bus.js";
import type { NatsBusOptions } from "./nats-options.js";

/** Options without those that are set to `undefined`. */
type Defined<Options> = { [Key in keyof Options]?: Exclude<Options[Key], undefined> };

function withoutUndefined<Options extends object>(options: Options): Defined<Options> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Defined<Options>;
}

/** What is asked of the client library. */
export function libraryOptions(
  options: NatsBusOptions,
  { name, echo }: Pick<BusContext, "name" | "echo">,
): ConnectionOptions {
  const { offline, maxKept, servers, authenticator, tls, ...given } = options;
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
    ...withoutUndefined(given),
    ...(servers !== undefined && { servers: [servers].flat() }),
    ...(authenticator !== undefined && { authenticator: [authenticator].flat() }),
    ...(tls !== undefined && { tls: tls && withoutUndefined(tls) }),
    // Each bus has a connection of its own.
    noEcho: echo === false,
  };
}
