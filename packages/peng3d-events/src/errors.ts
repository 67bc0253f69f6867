import { UsageError } from "@peng3dnet/peer";

/** Events were asked of a peer that sends them nowhere, or to an engine that nobody can listen to. */
export class NoEventBusError extends UsageError {
  override name = "NoEventBusError";
  readonly code = "P3D_ERR_NO_EVENT_BUS";
}

/** A listener was to be removed that is not there. Reference: `NameError`. */
export class UnknownListenerError extends UsageError {
  override name = "UnknownListenerError";
  readonly code = "P3D_ERR_UNKNOWN_LISTENER";
}

/** Whoever reads an event iterator was too slow for its buffer. What was buffered could still be read. */
export class EventOverflowError extends UsageError {
  override name = "EventOverflowError";
  readonly code = "P3D_ERR_EVENT_OVERFLOW";
}
