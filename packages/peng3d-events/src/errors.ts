import { UsageError } from "@peng3dnet/peer";

/** There is no bus to listen to: the peer has none, sends no events, or has an engine without listeners. */
export class NoEventBusError extends UsageError {
  override name = "NoEventBusError";
  readonly code = "P3D_ERR_NO_EVENT_BUS";
}

/**
 * The listener that was to be removed does not listen.
 *
 * @reference `NameError`
 */
export class UnknownListenerError extends UsageError {
  override name = "UnknownListenerError";
  readonly code = "P3D_ERR_UNKNOWN_LISTENER";
}

/** Events came faster than an event iterator was read. Those that were buffered can be read before this is thrown. */
export class EventOverflowError extends UsageError {
  override name = "EventOverflowError";
  readonly code = "P3D_ERR_EVENT_OVERFLOW";
}
