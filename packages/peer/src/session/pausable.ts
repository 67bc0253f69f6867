/** A connection that can be told to take up no more packets for a while. */
export interface Pausable {
  /** Stops taking up packets until as many calls of `resume`. */
  pause(): void;
  /** Takes up packets again. */
  resume(): void;
}
