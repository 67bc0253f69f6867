import type { Platform } from "../platform/platform.js";
import type { Clock } from "../time/clock.js";
import type { Connector } from "../transport/connector.js";
import { guardedLogger, type Logger } from "./logger.js";
import type { PeerOptions } from "./options.js";

/** Options of a peer that are kept as they are given. */
export interface GivenSetup extends Pick<PeerOptions, "print" | "codec" | "extensions" | "validateSent"> {
  readonly platform: Platform;
  readonly clock: PeerOptions["clock"];
  readonly logger: PeerOptions["logger"];
  /** On a client: what connects. */
  readonly connector?: Connector | undefined;
  /** On a client: its connection type. */
  readonly conntype?: string | undefined;
}

/** What a peer is made with, beside its packets, its address and its config. Nothing in it belongs to one peer alone. */
export interface PeerSetup extends GivenSetup {
  readonly clock: Clock;
  /** As it was given. */
  readonly logger: Logger | undefined;
  /** Where diagnostics go. It never throws. */
  readonly log: Logger;
}

/** That of the peer that was made last. A process may have thousands of clients with the same options. */
let last: WeakRef<PeerSetup> | undefined;

/** The setup of a peer: the same object for the same options in a row. */
export function setupOf(given: GivenSetup): PeerSetup {
  const { platform, clock = platform.clock } = given;
  const known = last?.deref();
  if (known !== undefined && known.clock === clock && isSame(given, known)) return known;
  const setup: PeerSetup = { ...given, clock, log: guardedLogger(given.logger) };
  last = new WeakRef(setup);
  return setup;
}

function isSame(one: GivenSetup, other: GivenSetup): boolean {
  return (
    one.platform === other.platform &&
    one.logger === other.logger &&
    one.print === other.print &&
    one.codec === other.codec &&
    one.extensions === other.extensions &&
    one.validateSent === other.validateSent &&
    one.connector === other.connector &&
    one.conntype === other.conntype
  );
}
