/** Options common to all errors: the error that led to this one. */
export interface Peng3dnetErrorOptions {
  /** The original error. */
  cause?: unknown;
}

/** Base of all errors of this library. */
export abstract class Peng3dnetError extends Error {
  /** Stable, documented identifier of this kind of error. */
  abstract readonly code: string;
  /** Reason that the peer is told when this error ends a connection; `undefined` where it ends none. */
  readonly closeReason: string | undefined = undefined;

  constructor(message: string, options?: Peng3dnetErrorOptions) {
    super(message, options);
    // For subclasses of the application's; the ones here have a name that a minifier leaves alone.
    this.name = new.target.name;
  }
}

/** Local misuse: a wrong argument, or a call at the wrong time. It is thrown to the caller and harms no connection. */
export abstract class UsageError extends Peng3dnetError {}

/** A remote fault: the peer did what the protocol does not allow. It ends that one connection with `closeReason`. */
export abstract class ProtocolError extends Peng3dnetError {
  abstract override readonly closeReason: string;
}

/** The environment: what the network, the operating system or time did, and neither side. */
export abstract class EnvironmentError extends Peng3dnetError {}

/**
 * The connection is closed, whoever closed it, so that a call comes too late. No program can rule that out: the peer may
 * close at any time.
 *
 * For one more version it is a {@link UsageError}, as it was before it had a family of its own. Catch it first.
 */
export abstract class ClosedError extends UsageError {}
