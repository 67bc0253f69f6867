import type { Address, Peng3dnetError, SslSecLevel } from "@peng3dnet/protocol";
import type { NativeSocket } from "./native-socket.js";
import type { PeerCertificate } from "./peer-certificate.js";

/** What a transport tells. */
export interface TransportHandler {
  /** Bytes can be exchanged: at once for TCP, after its handshake for TLS. */
  ready(): void;
  /** Instead of `ready`: bytes can be exchanged, but not with this peer, which is told why. */
  refused(error: Peng3dnetError): void;
  /** Where the next bytes may be read to, which spares copying them; `undefined`: anywhere. */
  readTarget(): Uint8Array | undefined;
  /** Bytes came. They may be overwritten after the call if `transport.reusesChunks`. */
  data(chunk: Uint8Array): void;
  /** The peer ended its stream; no more data follows. */
  ended(): void;
  /** All that was written is with the kernel, after the transport was `busy`. */
  drained(): void;
  /** It is over; nothing else is called after this. @param error - what broke it, if anything did. */
  closed(error: Error | undefined): void;
  /**
   * One of the others threw, or what leads to it did, which has no right to: nothing may escape from a socket's event,
   * for that would end the process. Never throws.
   */
  crashed(error: unknown): void;
}

/** A stream of bytes both ways: a TCP or TLS socket, or a link in memory. */
export interface Transport {
  /** Address of the other end. */
  readonly remoteAddress: Address;
  /** The socket, for events and for applications that want to look at it; `undefined` for a link in memory. */
  readonly socket: NativeSocket | undefined;
  /**
   * Bytes that came before the stream begins, e.g. for a handshake of its own; left out: there are none. A peer that sends
   * such bytes at the last moment is given a little longer.
   */
  readonly bytesBeforeStream?: number | undefined;
  /** Whether chunks passed to `data` are overwritten by later ones. */
  readonly reusesChunks: boolean;
  /** What TLS established. */
  readonly sslSeclevel: SslSecLevel;
  /** On a client: what the server's first packet proves in addition. Default: nothing. */
  readonly sslSeclevelOnHello?: SslSecLevel | undefined;
  /** The peer's certificate, if it showed one. */
  readonly peerCertificate?: PeerCertificate | undefined;
  /** Whether bytes written before are still on their way to the kernel. */
  readonly busy: boolean;
  /** How many bytes these are at most. */
  readonly backlog: number;
  /** How many bytes wait in the kernel until the peer's has taken them; `undefined` where that is not known. */
  unacknowledged?(): Promise<number | undefined>;

  /** Starts telling `handler`. */
  start(handler: TransportHandler): void;
  /**
   * Writes bytes.
   *
   * @returns whether their buffer may be reused, since they are with the kernel or were copied. They may be on
   * their way yet: then the transport is `busy`, and `drained` will tell.
   */
  write(bytes: Uint8Array): boolean;
  /** Ends the stream once all is written. */
  end(): void;
  /** Ends the stream once all is written, and breaks off without waiting for the peer's end. */
  destroyAfterWrite(): void;
  /** Breaks it off at once. */
  destroy(): void;
  /** Stops `data` until `resume`. */
  pause(): void;
  /** Lets `data` go on. */
  resume(): void;
  /**
   * While paused: finds out whether the other end is gone, which `closed` tells then. Left out where it is told anyway.
   */
  probe?(): void;
}
