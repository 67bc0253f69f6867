import { EnvironmentError } from "@peng3dnet/peer";

/**
 * More came than may be held back (the option `maxHeld`) while packets waited to be processed: a browser's WebSocket cannot
 * pause its input.
 */
export class InputOverflowError extends EnvironmentError {
  override name = "InputOverflowError";
  readonly code = "P3D_ERR_INPUT_OVERFLOW";
  override readonly closeReason = "inputoverflow";
}
