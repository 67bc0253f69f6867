import * as library from "@nats-io/transport-node";
import type { NatsAuthenticator } from "./nats-options.js";

// The types say no more of the client library than users need: its own do not hold with all settings of TypeScript.

/** Shows a user with a password. */
export const usernamePasswordAuthenticator = library.usernamePasswordAuthenticator as (
  user: string | (() => string),
  pass?: string | (() => string),
) => NatsAuthenticator;

/** Shows a token. */
export const tokenAuthenticator = library.tokenAuthenticator as (
  token: string | (() => string),
) => NatsAuthenticator;

/** Signs with a seed of an nkey. */
export const nkeyAuthenticator = library.nkeyAuthenticator as (
  seed?: Uint8Array | (() => Uint8Array),
) => NatsAuthenticator;

/** Shows a JWT, and signs with a seed. */
export const jwtAuthenticator = library.jwtAuthenticator as (
  jwt: string | (() => string),
  seed?: Uint8Array | (() => Uint8Array),
) => NatsAuthenticator;

/** Shows the JWT of a file of credentials, as `nsc` makes it, and signs with its seed. */
export const credsAuthenticator = library.credsAuthenticator as (
  creds: Uint8Array | (() => Uint8Array),
) => NatsAuthenticator;
