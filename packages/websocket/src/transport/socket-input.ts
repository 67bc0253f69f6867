import type { Socket } from "node:net";
import { type Address, freeRead, tellFailure } from "@peng3dnet/core";
import {
  addressGroup,
  BRIEF_LENGTH,
  type Precedence,
  type Runnable,
  type RunQueue,
} from "@peng3dnet/peer/transport";
import type { WebSocket } from "ws";
import { type FrameHandler, FrameReader } from "./frame-reader.js";
import { MASKED } from "./frames.js";

/** First byte of a close frame. */
const CLOSE = 0x88;
/** Length of the header of a close frame, in bytes. */
const HEADER = 2;
/** Length of a mask of zeros, in bytes. */
const MASK = 4;

/** Up to this length, in bytes, a read is not timed: to measure it would take longer than the read. */
const SHORT = 1024;

/** Where a socket has what reads it. Listeners made for each would take an idle one more room. */
const INPUT = Symbol("input");

interface ReadSocket extends Socket {
  [INPUT]?: SocketInput;
}

function onData(this: ReadSocket, chunk: Buffer): void {
  this[INPUT]?.came(plain(chunk));
  // Whoever else listens may keep it.
  if (this.listenerCount("data") === 1) freeRead(chunk);
}

function onLast(this: ReadSocket): void {
  this[INPUT]?.finish();
}

function onEnd(this: ReadSocket): void {
  onLast.call(this);
  tellFailure(this);
}

/** How a listener of `ws` is called, for what comes from a socket. */
export type Feed = (this: Socket, chunk: Buffer) => void;

/**
 * Finds the listener by which `ws` reads from a socket. Others may listen as well, e.g. to count bytes.
 *
 * @param before - who listened to the socket's data before `ws` got it.
 */
export function feedOf(socket: Socket, before: readonly unknown[]): Feed {
  const [feed, ...others] = socket.listeners("data").filter((listener) => !before.includes(listener));
  if (feed === undefined || others.length > 0)
    throw new Error(
      "who reads from the socket beside ws began to do so at the same time; begin before the upgrade",
    );
  return feed as Feed;
}

/** The bytes of a `Buffer` as a plain array, whose parts take less time to make. The reader is to meet one kind of array only. */
function plain({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

/** What a {@link SocketInput} needs of its connection. */
export interface InputOwner extends FrameHandler {
  /** The other end's address: those with the same one have their turns together. */
  readonly remoteAddress: Address;
  /** Whether reading is stopped, since what came before is not worked off. */
  readonly holdsBack: boolean;
  /** All was told that was to be read now. */
  readOut(): void;
  /** What waits here for its turn, {@link SocketInput.held}, is another amount than before. */
  waitingChanged(): void;
}

/**
 * Reads the frames that come over a socket. `ws` reads close frames alone: it would put messages together, keep what was read
 * with each of their frames, and read all that is there before others get a turn.
 */
export class SocketInput implements Runnable {
  readonly #ws: WebSocket;
  readonly #socket: ReadSocket;
  readonly #owner: InputOwner;
  readonly #turns: RunQueue;
  readonly #reader: FrameReader;
  readonly #feed: Feed;
  readonly #masked: boolean;
  /** Its address as limits count it; there once it is asked for. */
  #share: string | undefined = undefined;
  /** What was read, and waits for its turn. */
  #rest: Uint8Array | undefined = undefined;

  /**
   * @param ws - one that was just opened.
   * @param feed - the listener by which it reads.
   * @param turns - share the time among all that read.
   * @param longest - bytes that a message may have.
   * @param masked - whether what comes is masked.
   */
  constructor(
    ws: WebSocket,
    socket: Socket,
    feed: Feed,
    owner: InputOwner,
    turns: RunQueue,
    longest: number,
    masked: boolean,
  ) {
    this.#ws = ws;
    this.#socket = socket;
    this.#owner = owner;
    this.#turns = turns;
    this.#reader = new FrameReader(owner, turns, longest, masked);
    this.#feed = feed;
    this.#masked = masked;
    this.#socket[INPUT] = this;
    socket.off("data", this.#feed);
    socket.on("data", onData);
    // Before ws, which ends the WebSocket then.
    socket.prependListener("end", onEnd);
    socket.prependListener("close", onLast);
  }

  /** Whether something waits that was read. */
  get waits(): boolean {
    return this.#rest !== undefined;
  }

  /** Bytes of what waits; the buffer that they are in is held whole. */
  get held(): number {
    return this.#rest?.buffer.byteLength ?? 0;
  }

  get share(): unknown {
    this.#share ??= addressGroup(this.#owner.remoteAddress[0]);
    return this.#share;
  }

  /** Something was read. */
  came(chunk: Uint8Array): void {
    if (this.#rest === undefined) this.#read(chunk, chunk.length <= BRIEF_LENGTH ? "brief" : "fresh");
    // A read was under way when this began to wait.
    else this.#rest = plain(Buffer.concat([this.#rest, chunk]));
  }

  #read(chunk: Uint8Array, precedence: Precedence): void {
    const used = this.#reader.read(chunk, chunk.length <= SHORT && !this.#turns.spent);
    if (used < chunk.length) {
      this.#rest = chunk.slice(used);
      this.#ws.pause();
      this.#turns.add(this, used === 0 ? precedence : "used");
      this.#owner.waitingChanged();
    }
    this.#owner.readOut();
  }

  takeTurn(): void {
    const rest = this.#rest;
    if (rest === undefined) return;
    this.#rest = undefined;
    this.#read(rest, "used");
    freeRead(rest);
    if (this.#rest !== undefined) return;
    this.#owner.waitingChanged();
    if (!this.#owner.holdsBack) this.#ws.resume();
  }

  /** Nothing more comes: reads what is there. */
  finish(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) {
      this.#reader.read(rest, true);
      this.#owner.waitingChanged();
    }
    // Until it has closed with an error, a stream that is read also tells its listeners.
    this.#socket.off("data", onData);
    const unread = this.#socket.read() as Buffer | null;
    if (unread !== null) this.#reader.read(plain(unread), true);
    this.#owner.readOut();
  }

  /** Reads no more; what comes is thrown away. */
  stop(): void {
    this.#reader.stop();
    this.#rest = undefined;
  }

  /** Hands a close frame to `ws`, whose business the closing handshake is. */
  passOn(payload: Uint8Array): void {
    const header = this.#masked ? HEADER + MASK : HEADER;
    const frame = Buffer.alloc(header + payload.length);
    frame[0] = CLOSE;
    frame[1] = this.#masked ? MASKED | payload.length : payload.length;
    frame.set(payload, header);
    this.#feed.call(this.#socket, frame);
  }
}
