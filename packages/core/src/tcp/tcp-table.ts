const ENTRY = /^ [0-9A-F]{2} ([0-9A-F]{8}):/;
/** A line, from its number on: both addresses, the state, and the queue for sending. */
const LINES = /^ *\d+: (\S+ \S+) [0-9A-F]{2} ([0-9A-F]{8}):/gm;
/** So many connections are searched for one by one, which takes less than to read all lines. */
const FEW = 4;

/**
 * The connections that Linux lists. Thousands of them may be asked for in one turn, e.g. as many clients that are silent, so that a
 * search through the text for each would hold the event loop for seconds.
 */
export class TcpTable {
  readonly #text: string;
  #searches = 0;
  /** What waits, by both addresses. */
  #queues: ReadonlyMap<string, string> | undefined = undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * How many bytes of a connection wait for the peer's system.
   *
   * @param key - both addresses, as the table has them.
   * @returns `undefined` for a connection that is not listed.
   */
  queued(key: string): number | undefined {
    const queue = this.#searches < FEW ? this.#search(key) : this.#all.get(key);
    return queue === undefined ? undefined : Number.parseInt(queue, 16);
  }

  #search(key: string): string | undefined {
    this.#searches++;
    const at = this.#text.indexOf(key);
    return at < 0 ? undefined : ENTRY.exec(this.#text.slice(at + key.length, at + key.length + 40))?.[1];
  }

  get #all(): ReadonlyMap<string, string> {
    if (this.#queues === undefined) {
      const queues = new Map<string, string>();
      for (const [, key, queue] of this.#text.matchAll(LINES)) queues.set(key as string, queue as string);
      this.#queues = queues;
    }
    return this.#queues;
  }
}
