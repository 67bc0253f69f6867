/// <reference lib="esnext.disposable" preserve="true" />
// Whoever uses the package need not name that library of types.
import {
  AbortedError,
  type AnyPacketDefinition,
  ConfigError,
  checkKnownOptions,
  type OptionNames,
  type PacketOutput,
} from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import type { Pausable } from "../session/pausable.js";
import { onAbort } from "../time/abort-signals.js";
import { checkWait } from "../time/wait-options.js";
import { Fifo } from "../turns/fifo.js";
import type { BufferBudget } from "./buffer-budget.js";
import type { MessageContext, MessageHandler, TypedPacket } from "./typed-packet.js";

/** Messages buffered for one iterator by default. */
const DEFAULT_LIMIT = 1024;

/** Options of `messages`. */
export interface MessageStreamOptions {
  /** Ends the iteration with {@link AbortedError} when it fires. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Messages that are buffered for a slow consumer. Past that, nothing more is read from the connections that
   * sent them until half are consumed, so that nothing is lost. Default 1024. All iterators of a peer together
   * buffer `net.limits.buffered` bytes at most; past that, connections with more for an iterator wait.
   */
  readonly limit?: number | undefined;
}

const OPTIONS: OptionNames<MessageStreamOptions> = { signal: true, limit: true };

/** A limit that compares with nothing would be none. */
function checkLimit(limit: unknown): void {
  if (typeof limit === "number" && limit >= 0) return;
  throw new ConfigError(
    "limit",
    `the option "limit" cannot be ${describeValue(limit)}; allowed: a number of messages from 0, Infinity included`,
  );
}

/** One message of {@link MessageStream}: the payload, and who sent it. */
export interface Message<Payload, Owner> extends MessageContext<Owner> {
  /** The payload. */
  readonly msg: Payload;
}

/** What a stream needs of whom a message came from. */
interface Sender {
  readonly conn: Pausable | undefined;
}

/** What a stream needs of its peer. */
export interface StreamSurroundings {
  /** What all streams of the peer have buffered together. */
  readonly buffers: BufferBudget;
  /** Decoded size of the message that is being delivered, in bytes. */
  size(): number;
  /** The stream needs nothing any more. */
  closed(stream: object): void;
}

interface Buffered<M> {
  readonly message: M;
  readonly bytes: number;
}

/** The messages of one packet type as an async iterator. Ends with its peer, on `return`, or by a signal. */
export class MessageStream<D extends AnyPacketDefinition, Owner extends Sender>
  implements AsyncIterableIterator<Message<PacketOutput<D>, Owner>>
{
  readonly #packet: TypedPacket<Owner>;
  readonly #limit: number;
  readonly #signal: AbortSignal | undefined;
  /** A list that is shifted costs the more the longer it is, and here a peer says how long it is. */
  #buffer = new Fifo<Buffered<Message<PacketOutput<D>, Owner>>>();
  readonly #held = new Set<Pausable>();
  /** Calls of `next` that wait. */
  #waiting: (() => void)[] = [];
  #stopListening: (() => void) | undefined = undefined;
  #done = false;
  #error: Error | undefined = undefined;
  readonly #surroundings: StreamSurroundings;

  constructor(packet: TypedPacket<Owner>, options: MessageStreamOptions, surroundings: StreamSurroundings) {
    checkKnownOptions("messages", options, OPTIONS);
    const { signal, limit = DEFAULT_LIMIT } = options;
    checkWait({ signal });
    checkLimit(limit);
    this.#packet = packet;
    this.#limit = Math.max(1, limit);
    this.#signal = signal;
    this.#surroundings = surroundings;
    packet.addHandler(this.#take);
    packet.iterators++;
    if (signal?.aborted === true) this.#abort();
    else if (signal !== undefined) this.#stopListening = onAbort(signal, this.#abort);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Message<PacketOutput<D>, Owner>, undefined>> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const buffered = this.#buffer.shift();
      if (buffered !== undefined) {
        if (this.#buffer.length <= this.#limit / 2) this.#release();
        this.#surroundings.buffers.remove(buffered.bytes);
        return { done: false, value: buffered.message };
      }
      if (this.#done) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  async return(): Promise<IteratorResult<Message<PacketOutput<D>, Owner>, undefined>> {
    this.end();
    this.#clear();
    return { done: true, value: undefined };
  }

  /** Ends the iteration, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Takes no more messages; those buffered can still be read. */
  end(): void {
    if (this.#done) return;
    this.#done = true;
    this.#packet.removeHandler(this.#take);
    this.#packet.iterators--;
    this.#stopListening?.();
    this.#release();
    this.#wake();
    this.#surroundings.closed(this);
  }

  /** Whether it takes no more messages. */
  get ended(): boolean {
    return this.#done;
  }

  /** A connection is over, and needs not be told to go on. */
  forget(session: Pausable): void {
    this.#held.delete(session);
  }

  readonly #take: MessageHandler<never, never> = (
    msg: PacketOutput<D>,
    { client }: MessageContext<Owner>,
  ) => {
    // A handler before this one may have ended it: nobody would take the message out, or let its connection go on.
    if (this.#done) return;
    const bytes = this.#surroundings.size();
    this.#buffer.push({ message: { msg, client }, bytes });
    this.#surroundings.buffers.add(bytes);
    const session = client.conn;
    if (this.#buffer.length >= this.#limit && session !== undefined) {
      this.#held.add(session);
      session.pause();
    }
    this.#wake();
  };

  readonly #abort = (): void => {
    this.#error = new AbortedError("waiting for messages was aborted", { cause: this.#signal?.reason });
    this.end();
    this.#clear();
  };

  /** Throws away what is buffered. After `end`: those that go on for it would fill the buffer again. */
  #clear(): void {
    const bytes = this.#buffer.items().reduce((sum, buffered) => sum + buffered.bytes, 0);
    this.#buffer = new Fifo();
    this.#surroundings.buffers.remove(bytes);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #release(): void {
    // No copy: there may be thousands, for each of which there is no room again once the first one went on.
    for (const session of this.#held) {
      // One that goes on may fill the buffer again.
      if (!this.#done && this.#buffer.length >= this.#limit) return;
      this.#held.delete(session);
      session.resume();
    }
  }
}
