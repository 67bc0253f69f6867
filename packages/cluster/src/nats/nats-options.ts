import type { OfflineOptions } from "../bus/outbox.js";

/** What a node shows the broker of who it is. */
export type NatsCredentials =
  | { readonly auth_token: string }
  | { readonly user: string; readonly pass?: string }
  | { readonly nkey: string; readonly sig: string }
  | { readonly jwt: string; readonly nkey?: string; readonly sig?: string };

/**
 * Makes credentials, for each connection anew: {@link credsAuthenticator} and the others return one.
 *
 * @param nonce - what the broker wants signed, where it does.
 */
export type NatsAuthenticator = (nonce?: string) => NatsCredentials | undefined;

/** TLS. An object without any of these asks for TLS with an authority that Node knows. */
export interface NatsTlsOptions {
  /** Begins with TLS, before the broker says anything; it has to be configured so, too. Default: false. */
  readonly handshakeFirst?: boolean | undefined;
  /** Path of the authorities that the broker's certificate may be of. */
  readonly caFile?: string | undefined;
  /** These authorities themselves, as PEM. */
  readonly ca?: string | undefined;
  /** Path of the node's certificate. */
  readonly certFile?: string | undefined;
  /** The node's certificate itself, as PEM. */
  readonly cert?: string | undefined;
  /** Path of the key of the node's certificate. */
  readonly keyFile?: string | undefined;
  /** That key itself, as PEM. */
  readonly key?: string | undefined;
}

/**
 * How to reach NATS. But for {@link OfflineOptions}, these are options of the client library,
 * [`@nats-io/transport-node`](https://www.npmjs.com/package/@nats-io/transport-node), which gets all others, too, as they are. Times are
 * milliseconds here.
 */
export interface NatsBusOptions extends OfflineOptions {
  /** Address of the broker, or of several, as `"host:port"`, without a user. Default: `"127.0.0.1:4222"`. */
  readonly servers?: string | readonly string[] | undefined;
  /** What the broker calls the connection. Default: the name of the node. */
  readonly name?: string | undefined;

  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  readonly token?: string | undefined;
  readonly authenticator?: NatsAuthenticator | readonly NatsAuthenticator[] | undefined;
  /** Asks for TLS, and fails where the broker has none; `null`: none, also where it offers it. Default: where it offers it. */
  readonly tls?: NatsTlsOptions | null | undefined;

  /** What it may take to connect, the broker's greeting included. Default: 5,000. */
  readonly timeout?: number | undefined;
  /** Whether opening the bus waits for a broker. Default: false, it fails if there is none. */
  readonly waitOnFirstConnect?: boolean | undefined;
  /** Takes `servers` in their order, and not by chance. Default: false. */
  readonly noRandomize?: boolean | undefined;
  /** Leaves alone what brokers say of others of theirs. Default: false. */
  readonly ignoreClusterUpdates?: boolean | undefined;
  /** Whether names are resolved to all their addresses. Default: true. */
  readonly resolve?: boolean | undefined;

  /** Whether it dials again. Default: true; else the bus is closed once its connection breaks. */
  readonly reconnect?: boolean | undefined;
  /** How often it dials each server in vain before it gives up, and the bus is closed. Default: -1, it never does. */
  readonly maxReconnectAttempts?: number | undefined;
  /** Time between two attempts. Default: 500. */
  readonly reconnectTimeWait?: number | undefined;
  /** Up to this much is added by chance to the time between two attempts. Default: 500. */
  readonly reconnectJitter?: number | undefined;
  /** Up to this much is added by chance to the time between two attempts with TLS. Default: 1,500. */
  readonly reconnectJitterTLS?: number | undefined;
  /** Says the time until the next attempt, in place of `reconnectTimeWait` and what is added to it. */
  readonly reconnectDelayHandler?: (() => number) | undefined;
  /** Dials on where the broker has refused the credentials twice: it may be one that is being set up. Default: true. */
  readonly ignoreAuthErrorAbort?: boolean | undefined;

  /** Time between two pings. Default: 5,000. */
  readonly pingInterval?: number | undefined;
  /** Pings that may be without answer; with one more, the connection is dead. Default: 2. */
  readonly maxPingOut?: number | undefined;
  /** Prints what goes over the wire, credentials included. Default: false. */
  readonly debug?: boolean | undefined;
}
