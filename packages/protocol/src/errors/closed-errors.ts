import { ClosedError, type Peng3dnetErrorOptions } from "./families.js";

/** The connection is closed or closing, so that nothing can be sent or awaited on it. */
export class ConnectionClosedError extends ClosedError {
  override name = "ConnectionClosedError";
  readonly code: string = "P3D_ERR_CONNECTION_CLOSED";
  /** Why it was closed, if known. */
  readonly reason: string | null;

  constructor(message: string, reason: string | null, options?: Peng3dnetErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
