import type { Address, Peng3dnetError, SslSecLevel } from "@peng3dnet/protocol";
import type { NativeSocket } from "./native-socket.js";
import type { PeerCertificate } from "./peer-certificate.js";

/**
 * What a transport tells, in this order: `ready` or `refused` once; then any number of `data` and `drained`, and `ended` at
 * most once; then `closed` once, which may also come first. Each is called from an event of the transport's own: never
 * within a call of one of the transport's methods and never within another one of these, but for `ready` and `refused`,
 * which may be called within `start`. A transport lets nothing escape that one of them throws; it goes to `crashed`.
 *
 * `transportConformance` of `@peng3dnet/peer/testing` tests all that is said here and of {@link Transport}.
 */
export interface TransportHandler {
  /** Bytes can be exchanged: at once for TCP, after its handshake for TLS. */
  ready(): void;
  /** Instead of `ready`: bytes can be exchanged, but not with this peer, which is told why. */
  refused(error: Peng3dnetError): void;
  /**
   * Where the next bytes may be read to, which spares copying them; `undefined`: anywhere. To be asked before each read, by
   * transports that can choose where they read to. What was read is told by `data` as a part of this array that begins at
   * its beginning. The array is valid for one read: after the next `data`, it has to be asked for again.
   */
  readTarget(): Uint8Array | undefined;
  /** Bytes came, in the order in which they were sent. They may be gone after the call if `transport.reusesChunks`. */
  data(chunk: Uint8Array): void;
  /**
   * The transport holds so many bytes that it has read and has not told, e.g. since they wait for their turn: they count as input
   * that is not worked off (`net.limits.unprocessed.total`). The connection may be broken off within this call.
   */
  holds?(bytes: number): void;
  /**
   * The other end has ended its stream, and all of it was told; no more data follows. This end can write on. While paused,
   * this may be told only if no data is held back.
   */
  ended(): void;
  /** All that was written is with the kernel, after the transport was `busy`, which it is no more. */
  drained(): void;
  /**
   * It is over; nothing else is called after this but `crashed`, if this throws. Told once both ends have ended their
   * streams, after `destroy` and `destroyAfterWrite`, and when the connection breaks.
   *
   * @param error - what broke it. `undefined` if both ends have ended, and on the end that broke it off.
   */
  closed(error: Error | undefined): void;
  /**
   * One of the others threw, or what leads to it did, which has no right to: nothing may escape from a socket's event,
   * for that would end the process. Never throws.
   */
  crashed(error: unknown): void;
}

/**
 * One end of a stream of bytes both ways: a TCP or TLS socket, or a link in memory. No method throws, in whatever state the
 * transport is: after it is closed they do nothing.
 */
export interface Transport {
  /** Address of the other end; it stays the same after `closed`. */
  readonly remoteAddress: Address;
  /** The socket, for events and for applications that want to look at it; `undefined` for a link in memory. */
  readonly socket: NativeSocket | undefined;
  /**
   * Bytes that came before the stream begins, e.g. for a handshake of its own; left out: there are none. A peer that sends
   * such bytes at the last moment is given a little longer.
   */
  readonly bytesBeforeStream?: number | undefined;
  /** Whether chunks passed to `data` are overwritten by later ones, or freed. If not, a chunk stays as it is for good. */
  readonly reusesChunks: boolean;
  /**
   * Whether each write is a message of its own, which costs both ends more than a piece of a stream does: then output that is
   * short waits for the end of its tick, and leaves before the end of a batch only if as much is left as is worth another message.
   * Asked for once, when the transport is handed over. Default: false, and some of it leaves early, so that the other end has work.
   */
  readonly inMessages?: boolean | undefined;
  /** What TLS established. Asked for at `ready` and `refused`, and later. */
  readonly sslSeclevel: SslSecLevel;
  /** On a client: what the server's first packet proves in addition. Default: nothing. */
  readonly sslSeclevelOnHello?: SslSecLevel | undefined;
  /** The peer's certificate, if it showed one; it stays the same after `closed`. */
  readonly peerCertificate?: PeerCertificate | undefined;
  /**
   * Whether bytes written before are still on their way to the kernel. Only `write` makes a transport busy. It is busy until
   * `drained` is told, which has to follow, unless the transport closes before.
   */
  readonly busy: boolean;
  /** How many bytes these are at most: 0 while it is not `busy`. Without a `write`, the number only falls. */
  readonly backlog: number;
  /** Whether some of what was written waits for another line, or is being sent again over one. Left out: it never does. */
  readonly sendsAgain?: boolean | undefined;
  /**
   * How many bytes wait in the kernel until the peer's has taken them; `undefined` where that is not known. Never rejects.
   * Left out: it is never known.
   *
   * The answer is no older than the question. It may take its time: whoever implements it takes care that the system is not asked too often.
   */
  unacknowledged?(): Promise<number | undefined>;

  /**
   * Starts telling `handler`. It is called once, within the event that hands the transport over, so that nothing that comes is
   * missed. A transport that was destroyed before tells `closed`, and nothing else.
   */
  start(handler: TransportHandler): void;
  /**
   * Writes bytes. It is called after `ready` or `refused`, before `end`, and only while the transport is not `busy`. After
   * `destroy`, or when the connection is broken, the bytes are thrown away.
   *
   * @returns whether their buffer may be reused, since they are with the kernel or were copied. They may be on
   * their way yet: then the transport is `busy`, and `drained` will tell. If false, the buffer is not written to any more.
   */
  write(bytes: Uint8Array): boolean;
  /**
   * The connection closes, for that reason: told once, before `end`, `destroyAfterWrite` or `destroy`, and maybe long before, as
   * writing goes on. For a transport whose own closing handshake has room for a text. It is for logs and tools: the reason
   * travels in the stream, too, where that is possible. A peer may have chosen it, and it may be of any length; cut and escape
   * it. A transport that is closed, or never came into the hands of a connection, is not told. Left out: nobody wants to know.
   *
   * @param reason - `null`: there is none.
   */
  closing?(reason: string | null): void;
  /** Ends the stream once all is written. What the other end sends is told as before. */
  end(): void;
  /**
   * Ends the stream once all is written, and breaks off without waiting for the peer's end. What was written arrives, unless
   * the other end has sent something that was not told here: a network may give up the one because of the other.
   */
  destroyAfterWrite(): void;
  /** Breaks it off at once, in any state. From the return of this call on, `closed` is told and nothing else. */
  destroy(): void;
  /** Stops `data` until `resume`, from the return of this call on. What comes meanwhile is kept, or not read. */
  pause(): void;
  /** Lets `data` go on, however often `pause` was called. It tells nothing itself, but in an event that follows. */
  resume(): void;
  /**
   * How many signs of life the other end's runtime has given beside the stream, as answers to {@link Transport.ping}. They
   * count as bytes received do where a peer is silent: the program may stand still, e.g. a page that its browser has frozen,
   * and can go on later. Left out: there is no such thing.
   */
  readonly signsOfLife?: number | undefined;
  /** Asks the other end's runtime for a sign of life beside the stream. Called now and then, of a peer that is silent. */
  ping?(): void;
  /**
   * Finds out whether the other end is gone, which `closed` tells then, be it after some calls. It is called now and then while
   * paused, and may be for two seconds after that. Left out where it is told anyway.
   */
  probe?(): void;
}
