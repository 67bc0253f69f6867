import type { Address, Cid, CloseInfo, SslSecLevel } from "@peng3dnet/protocol";
import type { RoundTrip } from "../liveness/round-trip.js";
import type { WaitOptions } from "../time/wait-options.js";
import type { NativeSocket } from "../transport/native-socket.js";
import type { PeerCertificate } from "../transport/peer-certificate.js";
import type { Metrics } from "./metrics.js";

/** A connection as applications and plugins see it: `conn` of a client, and of a client on a server. */
export interface ConnectionHandle {
  /** Client id on a server, `null` on a client. */
  readonly cid: Cid;
  /** Address of the other end. */
  readonly remoteAddress: Address;
  /** What moves the bytes, for those who want to look at it; `undefined` for a link in memory. */
  readonly socket: NativeSocket | undefined;
  /** State of the connection; once active, the application may set `STATE_ACTIVE` to 127. */
  state: number;
  /** Mode of the connection, one of the `MODE_*` constants or the application's own numbers. */
  mode: number;
  /** Name of the connection type; `""` on a server until the client has named it. */
  readonly conntype: string;
  /** What TLS established. */
  readonly sslSeclevel: SslSecLevel;
  /** The certificate that the peer showed; `undefined` without TLS, or if it showed none. */
  readonly peerCertificate: PeerCertificate | undefined;
  /** Whether packets can still be exchanged: no side has closed it. */
  readonly open: boolean;
  /** Whether it is open and its handshake complete. */
  readonly active: boolean;
  /** Whether the line broke and the session waits for another one: it is open, and what is sent leaves later. */
  readonly suspended: boolean;
  /** How long heartbeats take, there and back; `undefined` until that is known, and where the other side takes part in none. */
  readonly rtt: RoundTrip | undefined;
  /** Counters of this connection. */
  readonly metrics: Metrics;

  /**
   * Resolves once everything accepted so far is with the operating system.
   *
   * @throws {@link ConnectionLostError} if the connection ends before, {@link TimedOutError}, {@link AbortedError}.
   */
  flush(options?: WaitOptions): Promise<void>;
  /**
   * Closes it: what was accepted is delivered, then the reason. Resolves when it is closed; further calls return the first
   * one's result.
   *
   * @param reason - what the peer is told; of a long one, the first 256 bytes. Default `null`.
   */
  close(reason?: string | null, options?: WaitOptions): Promise<CloseInfo>;
  /** Takes up no more packets until as many calls of `resume`; the peer is held back. */
  pause(): void;
  /** Takes up packets again. */
  resume(): void;
}

/**
 * @deprecated Use {@link ConnectionHandle}: the class that was exported under this name is internal now.
 * @typeParam _Owner - not used any more; programs that gave it go on to compile.
 */
export type Session<_Owner = unknown> = ConnectionHandle;
