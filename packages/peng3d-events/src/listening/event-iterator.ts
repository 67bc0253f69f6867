import { AbortedError, EVENT_SIZE, onAbort } from "@peng3dnet/peer";
import { EventOverflowError } from "../errors.js";
import { disposeAll } from "./disposer.js";
import { type EventOf, type EventOrigin, type EventsOf, subscribe } from "./source.js";

/** Events buffered by default. */
const DEFAULT_LIMIT = 1024;
/** Bytes of packets in buffered events by default. */
const DEFAULT_BYTES = 16 * 1024 * 1024;

/** Options of {@link events}. */
export interface EventIteratorOptions<K extends string = string> {
  /** Ends the iteration with an `AbortedError` when it fires. */
  readonly signal?: AbortSignal | undefined;
  /** Events that are buffered while the loop is busy. Default 1024. */
  readonly limit?: number | undefined;
  /** Memory that the packets of buffered events take, in bytes of decoded size. Default 16 MiB. */
  readonly maxBytes?: number | undefined;
  /**
   * What happens to an event past the limit. `"error"`: the iteration ends with an {@link EventOverflowError}
   * behind those buffered. `"dropoldest"`, `"dropnewest"`: one is dropped and counted. Default `"error"`.
   */
  readonly overflow?: "error" | "dropoldest" | "dropnewest" | undefined;
  /** Event of the same origin that ends the iteration, behind the events before it. */
  readonly until?: K | undefined;
}

type Result<D> = IteratorResult<D, undefined>;

interface Waiter<D> {
  resolve(result: Result<D>): void;
  reject(error: Error): void;
}

/** Memory that the packet of an event takes, in bytes. */
function sizeOf(data: unknown): number {
  if (typeof data !== "object" || data === null) return 0;
  return (data as { readonly [EVENT_SIZE]?: number })[EVENT_SIZE] ?? 0;
}
// Not `AsyncIterableIterator<D, undefined>`: before TypeScript 5.6 that has one parameter.

/** The data of events, one after the other, as {@link events} returns them. */
export class EventIterator<D>
  implements AsyncIterable<D>, AsyncIterator<D, undefined>, Disposable, AsyncDisposable
{
  /** Events dropped because the buffer was full. */
  dropped = 0;
  readonly #limit: number;
  readonly #overflow: "error" | "dropoldest" | "dropnewest";
  readonly #maxBytes: number;
  readonly #buffer: D[] = [];
  #bytes = 0;
  readonly #waiters: Waiter<D>[] = [];
  #release: (() => void) | undefined = undefined;
  #ended = false;
  #error: Error | undefined = undefined;

  /** Use {@link events}. @param connect - starts calling `take`; returns what stops it. */
  constructor(options: EventIteratorOptions, connect: (iterator: EventIterator<D>) => () => void) {
    const { signal, limit = DEFAULT_LIMIT, maxBytes = DEFAULT_BYTES, overflow = "error" } = options;
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError("limit has to be an integer from 1");
    if (!Number.isInteger(maxBytes) || maxBytes < 1) {
      throw new RangeError("maxBytes has to be an integer from 1");
    }
    this.#maxBytes = maxBytes;
    this.#limit = limit;
    this.#overflow = overflow;
    const abort = (): void => {
      this.#clear();
      this.#end(new AbortedError("waiting for events was aborted", { cause: signal?.reason }));
    };
    if (signal?.aborted === true) {
      abort();
      return;
    }
    const disconnect = connect(this);
    const unlisten = signal && onAbort(signal, abort);
    this.#release = () => {
      disconnect();
      unlisten?.();
    };
  }

  /** Events that wait to be read. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** Takes an event. */
  take(data: D): void {
    if (this.#ended) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter.resolve({ done: false, value: data });
    else if (this.#hasRoom(data)) this.#push(data);
    else if (this.#overflow === "error") {
      this.#end(
        new EventOverflowError(
          `events came faster than they were read; ${this.#buffer.length} with ${this.#bytes} bytes wait already, see limit and maxBytes`,
        ),
      );
    } else if (this.#overflow === "dropnewest") this.dropped++;
    else {
      do {
        this.dropped++;
        this.#shift();
      } while (!this.#hasRoom(data));
      this.#push(data);
    }
  }

  /** One event has room in any case. */
  #hasRoom(data: D): boolean {
    const { length } = this.#buffer;
    return length === 0 || (length < this.#limit && this.#bytes + sizeOf(data) <= this.#maxBytes);
  }

  #push(data: D): void {
    this.#bytes += sizeOf(data);
    this.#buffer.push(data);
  }

  #shift(): D {
    const data = this.#buffer.shift() as D;
    this.#bytes -= sizeOf(data);
    return data;
  }

  #clear(): void {
    this.#buffer.length = 0;
    this.#bytes = 0;
  }

  /** Takes no more events; those buffered can still be read. */
  end(): void {
    this.#end();
  }

  #end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#release?.();
    this.#release = undefined;
    // Somebody waits only while nothing is buffered.
    for (const waiter of this.#waiters.splice(0)) {
      const failure = this.#takeError();
      if (failure === undefined) waiter.resolve({ done: true, value: undefined });
      else waiter.reject(failure);
    }
  }

  /** An iteration fails once and is over then, as one by a generator. */
  #takeError(): Error | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  /** @throws {@link AbortedError}, {@link EventOverflowError}. */
  next(): Promise<Result<D>> {
    if (this.#buffer.length > 0) return Promise.resolve({ done: false, value: this.#shift() });
    const error = this.#takeError();
    if (error !== undefined) return Promise.reject(error);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Ends it, and forgets what was buffered. */
  return(): Promise<Result<D>> {
    this[Symbol.dispose]();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.#end();
    this.#clear();
    this.#error = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    return Promise.resolve();
  }
}

/**
 * The events of one name as an async iterator of their data. It listens from the call on, and until the loop
 * is left, `signal` fires, `until` happens, or the buffer overflows.
 *
 * @param origin - a bus; or a server or client, whose own events are taken, whoever else is on its bus.
 * @throws {@link NoEventBusError} if there is no bus that can be listened to.
 */
export function events<S extends EventOrigin, K extends EventOf<S>>(
  origin: S,
  event: K,
  options: EventIteratorOptions<EventOf<S>> = {},
): EventIterator<EventsOf<S>[K]> {
  return new EventIterator(options, (iterator) => {
    const { until } = options;
    const disposers = [subscribe(origin, event, (_, data) => iterator.take(data as EventsOf<S>[K]))];
    if (until !== undefined) disposers.push(subscribe(origin, until, () => iterator.end()));
    return disposeAll(disposers);
  });
}
