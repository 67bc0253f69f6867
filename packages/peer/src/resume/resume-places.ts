/** What a server knows of the servers that its clients may be led to, for {@link ClusterHost.resumeAmong}. */
export interface ResumePlaces {
  /** Stands in this server's tickets: 8 bytes by which the other servers know whose they are. It is no secret. */
  readonly mark: Uint8Array;
  /**
   * Where clients reach another server.
   *
   * @param mark - of its tickets; it may be any, as a client said it.
   * @returns `undefined`: nobody knows of such a server, or clients are not to be led there.
   */
  addressOf(mark: Uint8Array): Promise<string | undefined>;
}
