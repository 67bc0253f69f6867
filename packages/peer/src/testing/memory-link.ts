import { type Address, SSLSEC_NONE, type SslSecLevel } from "@peng3dnet/protocol";
import { standardPlatform } from "../platform/standard-platform.js";
import type { Clock } from "../time/clock.js";
import type { Transport, TransportHandler } from "../transport/transport.js";

/** Bytes that a direction of a link takes before a sender has to wait, as a kernel's buffers would. */
const CAPACITY = 256 * 1024;

/** What was sent, and when it arrives at the earliest. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly due: number;
}

/** One direction of a {@link MemoryLink}, and what a test can do to it. */
export class Direction {
  /** Longest piece that is delivered at once, in bytes; default: no limit. */
  slice = Number.POSITIVE_INFINITY;
  /**
   * Milliseconds that what is sent from now on is under way, on the link's clock; default 0. The order stays as it is. A cut is told
   * at once.
   */
  delay = 0;
  /**
   * Bytes that may wait for delivery, those that are under way included, before the sender is told to wait; default 256 KiB. With 0
   * and a frozen direction, all that is written counts as unsent.
   */
  capacity: number = CAPACITY;
  /** Bytes delivered so far. */
  delivered = 0;
  /** Bytes that wait for delivery. */
  waiting = 0;

  readonly #receiver: () => MemoryTransport;
  readonly #changed: () => void;
  readonly #clock: Clock;
  readonly #pieces: Piece[] = [];
  readonly #flips = new Map<number, number>();
  #frozen = false;
  /** When the end that the sender has written arrives. */
  #endDue = Number.POSITIVE_INFINITY;
  #endTold = false;
  /** Wakes up the link once what comes next is due. */
  #timer: unknown = undefined;
  #cutAt = Number.POSITIVE_INFINITY;
  #endAt = Number.POSITIVE_INFINITY;
  readonly #cut: () => void;

  constructor(receiver: () => MemoryTransport, changed: () => void, cut: () => void, clock: Clock) {
    this.#receiver = receiver;
    this.#clock = clock;
    this.#changed = changed;
    this.#cut = cut;
  }

  /** Whether the stream has ended and all of it was delivered. */
  get finished(): boolean {
    return this.#endTold;
  }

  /** Throws away what waits: its receiver is gone. */
  discard(): void {
    this.#pieces.length = 0;
    this.waiting = 0;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Delivers nothing until `thaw`. */
  freeze(): void {
    this.#frozen = true;
  }

  /** Delivers again. */
  thaw(): void {
    this.#frozen = false;
    this.#changed();
  }

  /** Breaks the whole link, as a reset does, once `offset` bytes were delivered in this direction. */
  cutAfter(offset: number): void {
    this.#cutAt = offset;
    this.#changed();
  }

  /** Ends this direction, as its sender's death in order does, once `offset` bytes were delivered. */
  endAfter(offset: number): void {
    this.#endAt = offset;
    this.#changed();
  }

  /** Turns over the bits of `mask` in the byte at `offset` of the stream. */
  flip(offset: number, mask = 0xff): void {
    this.#flips.set(offset, (this.#flips.get(offset) ?? 0) ^ mask);
  }

  /** The link is broken: delivers nothing any more. */
  stop(): void {
    this.#endTold = true;
    this.discard();
  }

  /** Takes bytes from the sender. */
  push(bytes: Uint8Array): void {
    if (this.#endTold || this.#receiver().isClosed) return;
    this.#pieces.push({ bytes: bytes.slice(), due: this.#arrival() });
    this.waiting += bytes.length;
    this.#changed();
  }

  /** The sender has ended its stream. */
  end(): void {
    this.#endDue = this.#arrival();
    this.#changed();
  }

  /** When what is sent now arrives; 0: at once, without a look at the clock. */
  #arrival(): number {
    return this.delay > 0 ? this.#clock.now() + this.delay : 0;
  }

  /** Whether it is time for what comes next; if not, the link is woken up then. */
  #isDue(due: number): boolean {
    if (due === 0) return true;
    const left = due - this.#clock.now();
    if (left <= 0) return true;
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#changed();
    }, left);
    return false;
  }

  /** Delivers one piece if that is possible. @returns whether something happened. */
  step(): boolean {
    const receiver = this.#receiver();
    if (this.delivered >= this.#cutAt) {
      this.#cutAt = Number.POSITIVE_INFINITY;
      this.#cut();
      return true;
    }
    if (this.#frozen || this.#endTold || !receiver.reading) return false;
    const piece = this.#pieces[0];
    const cutOff = this.delivered >= this.#endAt;
    if (cutOff || (piece === undefined && this.#endDue < Number.POSITIVE_INFINITY)) {
      if (!cutOff && !this.#isDue(this.#endDue)) return false;
      this.stop();
      receiver.takeEnd();
      return true;
    }
    if (piece === undefined || !this.#isDue(piece.due)) return false;
    const { bytes, due } = piece;
    const room = Math.min(this.slice, this.#cutAt - this.delivered, this.#endAt - this.delivered);
    const chunk = bytes.subarray(0, room);
    if (chunk.length < bytes.length) this.#pieces[0] = { bytes: bytes.subarray(chunk.length), due };
    else this.#pieces.shift();
    for (const [offset, mask] of this.#flips) {
      const index = offset - this.delivered;
      if (index >= 0 && index < chunk.length) chunk[index] = (chunk[index] as number) ^ mask;
    }
    this.delivered += chunk.length;
    this.waiting -= chunk.length;
    receiver.takeData(chunk);
    return true;
  }
}

/** One end of a {@link MemoryLink}. */
export class MemoryTransport implements Transport {
  readonly remoteAddress: Address;
  readonly socket: undefined = undefined;
  readonly reusesChunks = false;
  readonly sslSeclevel: SslSecLevel;
  /** The direction that this end sends in. */
  readonly out: Direction;
  readonly #link: MemoryLink;
  #handler: TransportHandler | undefined = undefined;
  #paused = false;
  #busy = false;
  #ended = false;
  #destroyed = false;
  #closed = false;
  #closeError: Error | undefined = undefined;

  constructor(link: MemoryLink, out: Direction, remoteAddress: Address, sslSeclevel: SslSecLevel) {
    this.#link = link;
    this.out = out;
    this.remoteAddress = remoteAddress;
    this.sslSeclevel = sslSeclevel;
  }

  get busy(): boolean {
    return this.#busy;
  }

  get backlog(): number {
    return this.#busy ? Math.max(0, this.out.waiting - this.out.capacity) : 0;
  }

  /** Whether bytes can be delivered to it. */
  get reading(): boolean {
    return this.#handler !== undefined && !this.#paused && !this.#closed;
  }

  /** Whether it has ended its stream. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Whether it is over. */
  get isClosed(): boolean {
    return this.#closed;
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    if (this.#closed) queueMicrotask(() => this.#tellClosed());
    if (this.#closed || this.#destroyed) return;
    try {
      handler.ready();
    } catch (error) {
      handler.crashed(error);
    }
    this.#link.run();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#destroyed) return true;
    this.out.push(bytes);
    this.#busy = this.out.waiting > this.out.capacity;
    return !this.#busy;
  }

  end(): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    this.out.end();
  }

  destroyAfterWrite(): void {
    this.end();
    this.#link.run();
    queueMicrotask(() => this.#link.leave(this));
  }

  destroy(): void {
    if (this.#destroyed || this.#closed) return;
    this.#destroyed = true;
    this.#link.cut(this);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#link.run();
  }

  /** Bytes arrive. */
  takeData(chunk: Uint8Array): void {
    try {
      this.#handler?.data(chunk);
    } catch (error) {
      this.#handler?.crashed(error);
    }
  }

  /** The other end's stream has ended. */
  takeEnd(): void {
    try {
      this.#handler?.ended();
    } catch (error) {
      this.#handler?.crashed(error);
    }
  }

  /** What was written has gone far enough for more. */
  checkDrained(): boolean {
    if (!this.#busy || this.#destroyed || this.#closed || this.out.waiting > this.out.capacity) return false;
    this.#busy = false;
    try {
      this.#handler?.drained();
    } catch (error) {
      this.#handler?.crashed(error);
    }
    return true;
  }

  /** It is over. Whoever destroyed it sees no error. */
  takeClose(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#busy = false;
    this.#closeError = this.#destroyed ? undefined : error;
    this.#tellClosed();
  }

  #tellClosed(): void {
    try {
      this.#handler?.closed(this.#closeError);
    } catch (error) {
      this.#handler?.crashed(error);
    }
  }
}

/**
 * A link in memory between a server and a client: delivers in order, in microtasks, and can be delayed, sliced,
 * frozen, cut, ended and corrupted at any byte.
 */
export class MemoryLink {
  /** What the server sends. */
  readonly toClient: Direction;
  /** What the client sends. */
  readonly toServer: Direction;
  /** The server's end. */
  readonly server: MemoryTransport;
  /** The client's end. */
  readonly client: MemoryTransport;
  #scheduled = false;
  #broken = false;

  /**
   * @param sslSeclevel - level that both ends report; default `SSLSEC_NONE`.
   * @param clock - on which {@link Direction.delay} is measured; default: the runtime's.
   */
  constructor(sslSeclevel: SslSecLevel = SSLSEC_NONE, clock: Clock = standardPlatform.clock) {
    const run = (): void => this.run();
    const cut = (): void => this.cut();
    this.toClient = new Direction(() => this.client, run, cut, clock);
    this.toServer = new Direction(() => this.server, run, cut, clock);
    this.server = new MemoryTransport(this, this.toClient, ["memory-client", 1], sslSeclevel);
    this.client = new MemoryTransport(this, this.toServer, ["memory-server", 1], sslSeclevel);
  }

  /** Delivers what can be delivered, in a microtask. */
  run(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      while (this.#step());
    });
  }

  #step(): boolean {
    if (this.#broken) return false;
    const moved = this.toServer.step() || this.toClient.step();
    if (this.server.checkDrained() || this.client.checkDrained() || moved) return true;
    for (const end of [this.server, this.client]) {
      if (!end.isClosed && end.hasEnded && this.#incoming(end).finished) {
        end.takeClose(undefined);
        return true;
      }
    }
    return false;
  }

  /** An end breaks off after it has ended its stream: what it wrote arrives, what comes for it is thrown away. */
  leave(end: MemoryTransport): void {
    end.takeClose(undefined);
    this.#incoming(end).discard();
    this.run();
  }

  /** Breaks the link, as a reset does. @param by - the end that does it on purpose and sees no error. */
  cut(by?: MemoryTransport): void {
    this.#broken = true;
    this.toServer.stop();
    this.toClient.stop();
    for (const end of [this.server, this.client]) {
      const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
      queueMicrotask(() => end.takeClose(end === by ? undefined : reset));
    }
  }

  #incoming(end: MemoryTransport): Direction {
    return end === this.server ? this.toServer : this.toClient;
  }
}
