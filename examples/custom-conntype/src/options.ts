/** Options of a server that asks for tokens. */
export interface TokenServerOptions {
  /**
   * Decides about a token, at once or later; `net.timeout.handshake` bounds the time. If it throws or rejects,
   * that is reported as the failure of a handler, and the connection is closed with `tokenerror`.
   *
   * @param token - what the client sent. Never longer than `maxLength`.
   * @param cid - the client's id.
   */
  readonly check: (token: string, cid: number) => boolean | Promise<boolean>;
  /** Text for the client, e.g. what the token is for. Default `""`. */
  readonly realm?: string | undefined;
  /** Longest token that is accepted, in characters. Default 1024. */
  readonly maxLength?: number | undefined;
}

/** Options of a client that has a token. */
export interface TokenClientOptions {
  /**
   * The token, or how to get it once the server asks for it.
   *
   * @param realm - what the server says that the token is for.
   */
  readonly token: string | ((realm: string) => string);
}
