import { BusPayloadError } from "./bus-errors.js";

/** A copy of bytes, also of a `Buffer`, whose `slice` makes none. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** @throws {@link BusPayloadError} if it is longer than the broker takes. */
export function checkPayload(payload: Uint8Array, maxPayload: number): void {
  if (payload.length > maxPayload) throw new BusPayloadError(payload.length, maxPayload);
}
