/** What a handler of requests is told beside what is asked. */
export interface RequestContext<Owner> {
  /** Who asks: the client on a server, the client itself on a client. */
  readonly client: Owner;
  /**
   * Fires when nobody waits for the answer any more: the caller's time is over, it gave up, or the connection is closed. Made
   * when it is asked for.
   */
  readonly signal: AbortSignal;
}
