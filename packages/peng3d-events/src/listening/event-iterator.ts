/// <reference lib="esnext.disposable" preserve="true" />
// Whoever uses the package need not name that library of types.
import {
  AbortedError,
  ConfigError,
  checkKnownOptions,
  checkWait,
  EVENT_SIZE,
  Fifo,
  type OptionNames,
  onAbort,
} from "@peng3dnet/peer";
import { EventOverflowError } from "../errors.js";
import { disposerOfAll } from "./disposer.js";
import { type EventOf, type EventOrigin, type EventsOf, subscribe } from "./source.js";

/** How many events are buffered by default. */
const DEFAULT_LIMIT = 1024;
/** How many bytes the packets of buffered events may take by default. */
const DEFAULT_BYTES = 16 * 1024 * 1024;

/** Options of {@link events}. */
export interface EventIteratorOptions<K extends string = string> {
  /** Ends the iteration with an `AbortedError` when it fires. */
  readonly signal?: AbortSignal | undefined;
  /** How many events are buffered while the loop is busy. Default 1024. */
  readonly limit?: number | undefined;
  /** How many bytes the packets of buffered events may take, once decoded. Default 16 MiB. */
  readonly maxBytes?: number | undefined;
  /**
   * What happens to an event past the limit. With `"error"`, the iteration ends with an {@link EventOverflowError} after
   * the events that are buffered. With `"dropoldest"` and `"dropnewest"`, an event is dropped and counted. Default `"error"`.
   */
  readonly overflow?: "error" | "dropoldest" | "dropnewest" | undefined;
  /** An event of the same origin that ends the iteration, after the events that came before it. */
  readonly until?: K | undefined;
}

const OPTIONS: OptionNames<EventIteratorOptions> = {
  signal: true,
  limit: true,
  maxBytes: true,
  overflow: true,
  until: true,
};

const OVERFLOWS: readonly string[] = ["error", "dropoldest", "dropnewest"];

function checkCount(key: string, value: unknown): void {
  if (Number.isInteger(value) && (value as number) >= 1) return;
  throw new ConfigError(key, `the option "${key}" has to be an integer from 1`);
}

type Result<D> = IteratorResult<D, undefined>;

interface Waiter<D> {
  resolve(result: Result<D>): void;
  reject(error: Error): void;
}

/** How many bytes of memory the packet of an event takes. */
function sizeOf(data: unknown): number {
  if (typeof data !== "object" || data === null) return 0;
  return (data as { readonly [EVENT_SIZE]?: number })[EVENT_SIZE] ?? 0;
}

// It does not implement `AsyncIterableIterator<D, undefined>`, which has one parameter before TypeScript 5.6.
/** The data of events, one after the other, as {@link events} returns them. */
export class EventIterator<D>
  implements AsyncIterable<D>, AsyncIterator<D, undefined>, Disposable, AsyncDisposable
{
  /** How many events were dropped because the buffer was full. */
  dropped = 0;
  readonly #limit: number;
  readonly #overflow: "error" | "dropoldest" | "dropnewest";
  readonly #maxBytes: number;
  // Lists that are shifted cost the more the longer they are.
  #buffer = new Fifo<D>();
  #bytes = 0;
  #waiters = new Fifo<Waiter<D>>();
  #release: (() => void) | undefined = undefined;
  #ended = false;
  #error: Error | undefined = undefined;

  /**
   * Programs call {@link events} instead.
   *
   * @param connect - starts calling `take`, and returns a function that stops it.
   */
  constructor(options: EventIteratorOptions, connect: (iterator: EventIterator<D>) => () => void) {
    checkKnownOptions("events", options, OPTIONS);
    const { signal, limit = DEFAULT_LIMIT, maxBytes = DEFAULT_BYTES, overflow = "error" } = options;
    checkWait({ signal });
    checkCount("limit", limit);
    checkCount("maxBytes", maxBytes);
    if (!OVERFLOWS.includes(overflow))
      throw new ConfigError("overflow", `the option "overflow" is one of ${OVERFLOWS.join(", ")}`);
    this.#maxBytes = maxBytes;
    this.#limit = limit;
    this.#overflow = overflow;
    const abort = (): void => {
      this.#buffer = new Fifo();
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

  /** How many events wait to be read. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** Takes an event: passes it to a reader that waits, or buffers it. */
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

  /** Whether an event fits into the buffer. A single one always does, however large it is. */
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

  /** Takes no more events. Those that are buffered can still be read. */
  end(): void {
    this.#end();
  }

  #end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#release?.();
    this.#release = undefined;
    // Readers wait only while nothing is buffered, so that the end is all there is to tell them.
    const waiters = this.#waiters.items();
    this.#waiters = new Fifo();
    for (const waiter of waiters) {
      const failure = this.#takeError();
      if (failure === undefined) waiter.resolve({ done: true, value: undefined });
      else waiter.reject(failure);
    }
  }

  /** Returns the error once, since an iteration fails once and is over then, as that of a generator. */
  #takeError(): Error | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  /**
   * Reads the data of the next event.
   *
   * @throws {@link AbortedError} once `signal` has fired, {@link EventOverflowError} once events came faster than they were read.
   */
  next(): Promise<Result<D>> {
    if (this.#buffer.length > 0) return Promise.resolve({ done: false, value: this.#shift() });
    const error = this.#takeError();
    if (error !== undefined) return Promise.reject(error);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Ends the iteration, and drops what was buffered. */
  return(): Promise<Result<D>> {
    this[Symbol.dispose]();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.#end();
    this.#buffer = new Fifo();
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
    const take = (_: string, data: unknown): void => iterator.take(data as EventsOf<S>[K]);
    const both: (readonly [string, typeof take])[] = [[event, take]];
    if (until !== undefined) both.push([until, () => iterator.end()]);
    return disposerOfAll(both, ([name, fn]) => subscribe(origin, name, fn));
  });
}
