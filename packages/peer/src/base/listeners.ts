/** Any listener. */
export type Listener = (...args: unknown[]) => unknown;

interface Entry {
  /** As the application gave it. */
  readonly listener: Listener;
  /** What is called. */
  readonly call: Listener;
}

const NOBODY: readonly Listener[] = [];

/**
 * Listeners by event, in the order in which they were added; the same one may be there several times. Whoever is being told
 * of an event when the listeners change is told as they were.
 */
export class Listeners {
  readonly #entries = new Map<string, readonly Entry[]>();
  readonly #calls = new Map<string, readonly Listener[]>();

  /** Adds a listener of an event. */
  add(event: string, listener: Listener): void {
    this.#add(event, { listener, call: listener });
  }

  /** Adds one that is called once at most. */
  addOnce(event: string, listener: Listener): void {
    let called = false;
    const entry: Entry = {
      listener,
      call: (...args) => {
        if (called) return undefined;
        called = true;
        this.#drop(event, (one) => one === entry);
        return listener(...args);
      },
    };
    this.#add(event, entry);
  }

  /** Removes a listener; of several that are the same, the one that was added last. */
  remove(event: string, listener: Listener): void {
    this.#drop(event, (one) => one.listener === listener);
  }

  /** What is to be called for an event. */
  of(event: string): readonly Listener[] {
    return this.#calls.get(event) ?? NOBODY;
  }

  #add(event: string, entry: Entry): void {
    this.#set(event, [...(this.#entries.get(event) ?? []), entry]);
  }

  #drop(event: string, matches: (entry: Entry) => boolean): void {
    const entries = this.#entries.get(event) ?? [];
    const index = entries.findLastIndex(matches);
    if (index >= 0) this.#set(event, entries.toSpliced(index, 1));
  }

  #set(event: string, entries: readonly Entry[]): void {
    if (entries.length === 0) {
      this.#entries.delete(event);
      this.#calls.delete(event);
      return;
    }
    this.#entries.set(event, entries);
    this.#calls.set(
      event,
      entries.map(({ call }) => call),
    );
  }
}
