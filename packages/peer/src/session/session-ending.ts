import type { CloseInfo } from "@peng3dnet/protocol";
import type { Deferred } from "../time/deferred.js";

/** How a connection comes to its end. Made when something first points to that: an idle connection has none. */
export class SessionEnding {
  /** What the close was called, by whichever side began it. */
  reason: string | null = null;
  /** What went wrong. */
  error: Error | undefined = undefined;
  /** This side announced the close, to a peer that will answer with its end. */
  told = false;
  /** The peer announced the close. */
  announced = false;
  /** The peer ended its stream after all was handed over, the closing packet included. */
  answered = false;
  /** What the peer sends cannot be cut into packets any more. */
  deaf = false;
  /** The transport ended with an error. */
  broken = false;
  /** The peer ended its stream. */
  peerEnded = false;
  /** All is written, and the stream was ended. */
  streamEnded = false;
  /** The transport is gone, but packets that came before may wait for `process`. */
  gone = false;
  /** For those who wait until it is closed. */
  deferred: Deferred<CloseInfo> | undefined = undefined;
  /** What it came to, once it is closed. */
  info: CloseInfo | undefined = undefined;
}
