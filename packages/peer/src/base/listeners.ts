import { describeValue } from "./describe-value.js";

/** Any listener. */
export type Listener = (...args: unknown[]) => unknown;

interface Entry {
  readonly event: string;
  /** As the application gave it. */
  readonly listener: Listener;
  /** What is called. */
  readonly call: Listener;
}

/** Checks that a listener can be called. @throws TypeError */
export function checkListener(listener: unknown): void {
  if (typeof listener !== "function") {
    throw new TypeError(`a listener is a function, and not ${describeValue(listener)}`);
  }
}

const NONE: readonly Entry[] = [];
const NOBODY: readonly Listener[] = [];

/**
 * Listeners by event, in the order in which they were added; the same one may be there several times. Whoever is being told
 * of an event when the listeners change is told as they were.
 */
export class Listeners {
  /** Those of all events, in one list that never changes but is replaced: a process may have thousands of clients with few each. */
  #entries = NONE;

  /** Adds a listener of an event. */
  add(event: string, listener: Listener): void {
    this.#push({ event, listener, call: listener });
  }

  /** Adds one that is called once at most. */
  addOnce(event: string, listener: Listener): void {
    let called = false;
    const entry: Entry = {
      event,
      listener,
      call: (...args) => {
        if (called) return undefined;
        called = true;
        this.#drop((one) => one === entry);
        return listener(...args);
      },
    };
    this.#push(entry);
  }

  /** Removes a listener; of several that are the same, the one that was added last. */
  remove(event: string, listener: Listener): void {
    this.#drop((one) => one.event === event && one.listener === listener);
  }

  /** Whether there are none. */
  get empty(): boolean {
    return this.#entries.length === 0;
  }

  /** What is to be called for an event. */
  of(event: string): readonly Listener[] {
    // Most events have nobody who listens, and some happen for each connection: then nothing is made.
    let found: Listener[] | undefined;
    for (let index = 0; index < this.#entries.length; index++) {
      const entry = this.#entries[index] as Entry;
      if (entry.event !== event) continue;
      found ??= [];
      found.push(entry.call);
    }
    return found ?? NOBODY;
  }

  #push(entry: Entry): void {
    // A list that is written as "[...list, entry]" would have room for many more.
    this.#entries = this.#entries.concat([entry]);
  }

  #drop(matches: (entry: Entry) => boolean): void {
    const index = this.#entries.findLastIndex(matches);
    if (index >= 0) this.#entries = this.#entries.toSpliced(index, 1);
  }
}
