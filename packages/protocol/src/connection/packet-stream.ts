import { InvalidStateError } from "../errors/errors.js";
import type { FrameDecoder } from "../framing/frame-decoder.js";
import type { FrameEncoder } from "../framing/frame-encoder.js";
import { LENGTH_SIZE } from "../framing/packet-header.js";
import type { ConnectionContext } from "./connection-context.js";
import type { ConnectionHost } from "./connection-host.js";
import {
  FIRST_FLUSH_AFTER,
  FIRST_MESSAGE_AFTER,
  FLUSH_AT,
  nextFlushAfter,
  worthFlushing,
  worthMessage,
} from "./flush-policy.js";

/**
 * Unsent bytes that droppable packets of one turn may make up, whatever the high-water mark is: a transport that has taken all
 * may say so in a later turn only, as one with TLS does.
 */
const TURN_ALLOWANCE = 64 * 1024;

/** Stands for the length of a packet that has flags, e.g. that is compressed: nobody knows yet how much it holds. */
export const COMPRESSED = 0x3fff_ffff;

/**
 * The bytes of a connection, without what its packets mean. It cuts what was received into packets, and gathers packets that
 * are to be sent until somebody takes them. {@link PacketSender} extends it, and {@link Connection} that: each packet passes
 * through them, and to look at one object more would cost time ("Look at few objects" in docs/performance). Their methods are private
 * to the compiler only: for those of the language, each connection would have a field for each class.
 */
export abstract class PacketStream {
  /** Moves its bytes and calls the application. */
  readonly host: ConnectionHost;
  /** Whether the handshake is complete and the connection not closed. Until it is, packets have to be shorter. */
  abstract readonly active: boolean;
  /** Bytes that were taken from {@link PacketStream.output} and have not reached the kernel. The driver sets it. */
  backlog = 0;
  /** Bytes that count towards the high-water mark beside those that are unsent. The driver sets it. */
  reserved = 0;
  /** Of the unsent bytes, those that have waited since an earlier turn. The driver sets it; infinite: nothing is taken at all. */
  waiting = 0;
  /** Whether each hand-over of output is a message of its own, which costs more than a piece of a stream does. The driver sets it. */
  inMessages = false;
  /** Packets received. */
  packetsIn = 0;
  /** Packets accepted for sending. */
  packetsOut = 0;

  #context: ConnectionContext;
  /** Decodes what is received. It is borrowed from the context while received bytes are not worked off. */
  #decoder: FrameDecoder | undefined = undefined;
  /** Encodes what is sent. It is borrowed from the context while there is output. */
  #encoder: FrameEncoder | undefined = undefined;
  /** Whether the host was told that there is output, and has not taken it. */
  #pending = false;
  /** Packets that have gathered since output was handed over. */
  #gathered = 0;
  /** Number of gathered packets from which the flush policy is asked. */
  #flushAfter = FIRST_FLUSH_AFTER;

  /**
   * @param context - what the peer's connections share.
   * @param host - is told when there is output.
   */
  constructor(context: ConnectionContext, host: ConnectionHost) {
    this.#context = context;
    this.host = host;
  }

  /** What it shares with those connections of its peer that began with the same options. */
  get context(): ConnectionContext {
    return this.#context;
  }

  /** Goes on with another context. What waits to be sent stays as it was encoded. */
  protected changeContext(context: ConnectionContext): void {
    const encoder = this.#encoder;
    if (encoder !== undefined && context !== this.#context) {
      this.#encoder = context.encoders.acquire();
      encoder.moveTo(this.#encoder);
      if (encoder.idle) this.#context.encoders.release(encoder);
    }
    this.#context = context;
  }

  // ---- input ------------------------------------------------------------------------------------

  /**
   * Takes bytes that the peer sent. They must not change until {@link PacketStream.next} has returned false or
   * {@link PacketStream.retain} was called.
   */
  push(chunk: Uint8Array): void {
    if (this.#decoder === undefined) {
      const { limit, handshakeLimit } = this.#context;
      this.#decoder = this.#context.decoders.acquire();
      this.#decoder.reuse(this.active ? limit : handshakeLimit, this.packetsIn === 0);
      this.#decoder.early = !this.active && handshakeLimit < limit;
    }
    this.#decoder.push(chunk);
  }

  /** The connection has become active: the next packet may be longer. */
  protected allowLongPackets(): void {
    if (this.#decoder === undefined) return;
    this.#decoder.limit = this.#context.limit;
    this.#decoder.early = false;
  }

  /**
   * Where the next bytes may be read to, instead of a buffer of the driver's; `undefined`: anywhere. What was read there is
   * pushed as any other chunk, and not copied.
   */
  get readTarget(): Uint8Array | undefined {
    return this.#decoder?.readTarget;
  }

  /** Bytes of memory that are held for packets that were not worked off yet. */
  get inputHeld(): number {
    return this.#decoder?.held ?? 0;
  }

  /** A copy of the bytes that were pushed and belong to no packet that {@link PacketStream.next} has moved on to. */
  get pendingInput(): Uint8Array {
    return this.#decoder?.pending ?? new Uint8Array(0);
  }

  /** Whether bytes were pushed that {@link PacketStream.next} has not looked at. */
  get unread(): boolean {
    return unreadBy(this.#decoder) > 0;
  }

  /** Length and flags of the packet that {@link PacketStream.next} moves on to, if its header is there. */
  get upcoming(): { readonly length: number; readonly flags: number } | undefined {
    return this.#decoder?.upcoming;
  }

  /** Id of the current packet; 0 if there is none. */
  get packetId(): number {
    return this.#decoder?.id ?? 0;
  }

  /** Length of the current packet without its prefix, in bytes, or {@link COMPRESSED}; 0 if there is none. */
  get packetLength(): number {
    const decoder = this.#decoder;
    if (decoder === undefined) return 0;
    return decoder.flags === 0 ? decoder.end - decoder.start : COMPRESSED;
  }

  /** Length of the current packet on the wire, its prefix included, in bytes; 0 if there is none. */
  get packetBytes(): number {
    const decoder = this.#decoder;
    return decoder === undefined ? 0 : LENGTH_SIZE + decoder.end - decoder.start;
  }

  /** Whether a part of a packet was received, and the rest of it not yet. */
  get incomplete(): boolean {
    return this.#decoder?.incomplete === true;
  }

  /** Copies those bytes of the chunk that {@link PacketStream.next} has not looked at, so that it may be reused. */
  retain(): void {
    this.#decoder?.retain();
  }

  /**
   * Moves on to the next whole packet.
   *
   * @returns whether there is one; false means that more bytes are needed.
   * @throws {@link PacketTooLargeError}, {@link MalformedPacketError}, {@link NotPeng3dnetError}.
   */
  next(): boolean {
    const decoder = this.#decoder;
    if (decoder === undefined) return false;
    const found = decoder.next();
    if (found || decoder.incomplete) return found;
    // A connection that has worked off all it received keeps no decoder: most connections are idle most of the time.
    this.#decoder = undefined;
    this.#context.decoders.release(decoder);
    return false;
  }

  /** The decoder, which is at the current packet. @throws {@link InvalidStateError} if there is none. */
  protected current(): FrameDecoder {
    if (this.#decoder === undefined)
      throw new InvalidStateError("there is no packet, as next() returned false");
    return this.#decoder;
  }

  /**
   * A copy of the current packet, without its length prefix.
   *
   * @throws {@link InvalidStateError} if there is none.
   */
  rawPacket(): Uint8Array {
    const { bytes, start, end, owned } = this.current();
    return owned ? bytes.subarray(start, end) : bytes.slice(start, end);
  }

  /** Drops what was received and not processed. */
  discardInput(): void {
    this.#decoder?.clear();
  }

  // ---- output -----------------------------------------------------------------------------------

  /** The encoder, which is borrowed if there is none. */
  protected out(): FrameEncoder {
    this.#encoder ??= this.#context.encoders.acquire();
    return this.#encoder;
  }

  /** Bytes accepted for sending that have not reached the kernel. */
  get unsent(): number {
    return this.backlog + (this.#encoder?.length ?? 0);
  }

  /** Drops output that can be dropped at once, since it cannot be sent any more: there may be much of it. */
  dropOutput(): void {
    this.#encoder?.clearFull();
  }

  /** Drops all output. What the driver still had is gone with it. */
  protected discardOutput(): void {
    this.#encoder?.clear();
    this.backlog = 0;
  }

  /** Whether there is output to take. */
  get hasOutput(): boolean {
    return this.#encoder !== undefined && this.#encoder.length > 0;
  }

  /** Whether output is so long that it is handed over in any case. */
  get full(): boolean {
    return this.out().length >= FLUSH_AT;
  }

  /**
   * The bytes to send next, as a view that {@link PacketStream.outputTaken} invalidates. It must not be written to, since other
   * connections may wait for the same bytes.
   */
  output(): Uint8Array {
    return this.out().view();
  }

  /**
   * The bytes of {@link PacketStream.output} were handed over.
   *
   * @param reusable - whether nobody reads their buffer any more.
   */
  outputTaken(reusable: boolean): void {
    this.#gathered = 0;
    this.#flushAfter = this.inMessages ? FIRST_MESSAGE_AFTER : FIRST_FLUSH_AFTER;
    const encoder = this.out();
    encoder.taken(reusable);
    if (encoder.length > 0) return;
    this.#pending = false;
    this.releaseIdle(encoder);
  }

  /** Takes back the packet that was encoded last, before it was announced. */
  protected takeBack(): void {
    const encoder = this.out();
    encoder.takeBack();
    this.releaseIdle(encoder);
  }

  private releaseIdle(encoder: FrameEncoder): void {
    if (!encoder.idle) return;
    this.#encoder = undefined;
    this.#context.encoders.release(encoder);
  }

  /** A copy of the packet accepted last, length prefix included. To be called within `host.sent`. */
  lastPacket(): Uint8Array {
    return this.out().last();
  }

  /** Length of the packet accepted last on the wire, its prefix included, in bytes. To be called within `host.sent`. */
  get lastPacketBytes(): number {
    return this.out().lastLength;
  }

  /**
   * Counts a packet that was encoded, and has output handed over: at once if the flush policy says so, else soon.
   *
   * @param counted - how many packets it is for the flush policy.
   * @returns false past the high-water mark.
   */
  protected announce(counted: 0 | 1): boolean {
    this.#gathered += counted;
    const { length } = this.out();
    if (length >= FLUSH_AT || (this.#gathered >= this.#flushAfter && this.worthFlushing(length))) {
      const flushAfter = nextFlushAfter(this.#gathered, this.#flushAfter, unreadBy(this.#decoder));
      this.host.outputFull();
      this.#gathered = 0;
      this.#flushAfter = flushAfter;
    } else if (!this.#pending) {
      this.#pending = true;
      this.host.outputPending();
    }
    return !this.behind;
  }

  /** @param length - bytes that have gathered. */
  private worthFlushing(length: number): boolean {
    const unread = unreadBy(this.#decoder);
    if (this.inMessages) return worthMessage(length, unread);
    return worthFlushing(this.#gathered, length, this.#flushAfter, unread);
  }

  /** Whether more is unsent than the high-water mark. */
  get behind(): boolean {
    return this.unsent + this.reserved > this.#context.highWater;
  }

  /**
   * Whether droppable packets are to be dropped: it is behind, and not by what was sent in this very turn alone, which the peer
   * had no time to take.
   */
  get clogged(): boolean {
    if (!this.behind) return false;
    return this.waiting + this.reserved > this.#context.highWater || this.unsent > TURN_ALLOWANCE;
  }
}

/** Bytes of the current batch of input that were not looked at yet. */
function unreadBy(decoder: FrameDecoder | undefined): number {
  return decoder?.unread ?? 0;
}
