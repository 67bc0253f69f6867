import { EnvironmentError } from "@peng3dnet/peer";

/** Something is wrong with the bus of a cluster, or with what was to be published. */
export class BusError extends EnvironmentError {
  override name = "BusError";
  readonly code: string = "P3D_ERR_BUS";
}

/** The broker could not be reached, or refused; `cause` says why. */
export class BusConnectError extends BusError {
  override name = "BusConnectError";
  override readonly code = "P3D_ERR_BUS_CONNECT";
}

/** The broker cannot be reached at the moment. What was to be published was not, and is not kept. */
export class BusAwayError extends BusError {
  override name = "BusAwayError";
  override readonly code = "P3D_ERR_BUS_AWAY";
}

/** The bus keeps as much as it may of what the broker has not taken yet. What was to be published was not. */
export class BusFullError extends BusError {
  override name = "BusFullError";
  override readonly code = "P3D_ERR_BUS_FULL";
}

/** A payload is longer than the broker takes. It was not published. */
export class BusPayloadError extends BusError {
  override name = "BusPayloadError";
  override readonly code = "P3D_ERR_BUS_PAYLOAD";

  constructor(length: number, maxPayload: number) {
    super(
      `a payload of ${length} bytes is too long: the broker takes ${maxPayload}, by its option "max_payload"`,
    );
  }
}

/** A subject is not one. */
export class BusSubjectError extends BusError {
  override name = "BusSubjectError";
  override readonly code = "P3D_ERR_BUS_SUBJECT";
}

/** The bus is closed. */
export class BusClosedError extends BusError {
  override name = "BusClosedError";
  override readonly code = "P3D_ERR_BUS_CLOSED";
}
