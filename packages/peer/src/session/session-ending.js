/** How a connection comes to its end. Made when something first points to that: an idle connection has none. */
export class SessionEnding {
  /** What the close was called, by whichever side began it. */
  reason = null;
  /** What went wrong. */
  error = undefined;
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
  deferred = undefined;
  /** What it came to, once it is closed. */
  info = undefined;
}
//# sourceMappingURL=session-ending.js.map
