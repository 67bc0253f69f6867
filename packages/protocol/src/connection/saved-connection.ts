import type { Extensions } from "../handshake/extensions.js";

/** What a connection that is active has come to, without its bytes, for another program to go on with. */
export interface SavedConnection {
  /** Name of the connection type. */
  readonly conntype: string;
  /** One of the states of an active connection. */
  readonly state: number;
  readonly mode: number;
  /** What this side declared of extensions. */
  readonly declared: Extensions;
  /** What the other side did. */
  readonly peerExtensions: Extensions;
}
