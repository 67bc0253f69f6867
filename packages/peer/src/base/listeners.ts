import { describeValue } from "./describe-value.js";

/** Any listener. */
export type Listener = (...args: unknown[]) => unknown;

interface Entry {
  /** As the application gave it. */
  readonly listener: Listener;
  /** What is called. */
  readonly call: Listener;
}

interface EventListeners {
  readonly entries: readonly Entry[];
  readonly calls: readonly Listener[];
}

/** Checks that a listener can be called. @throws TypeError */
export function checkListener(listener: unknown): void {
  if (typeof listener !== "function") {
    throw new TypeError(`a listener is a function, and not ${describeValue(listener)}`);
  }
}

const NOBODY: readonly Listener[] = [];

/**
 * Listeners by event, in the order in which they were added; the same one may be there several times. Whoever is being told
 * of an event when the listeners change is told as they were.
 */
export class Listeners {
  /** Made with the first listener: a process may have thousands of clients without any. */
  #byEvent: Map<string, EventListeners> | undefined = undefined;

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

  /** Whether there are none. */
  get empty(): boolean {
    return (this.#byEvent?.size ?? 0) === 0;
  }

  /** What is to be called for an event. */
  of(event: string): readonly Listener[] {
    return this.#byEvent?.get(event)?.calls ?? NOBODY;
  }

  #add(event: string, entry: Entry): void {
    this.#set(event, [...this.#entriesOf(event), entry]);
  }

  #drop(event: string, matches: (entry: Entry) => boolean): void {
    const entries = this.#entriesOf(event);
    const index = entries.findLastIndex(matches);
    if (index >= 0) this.#set(event, entries.toSpliced(index, 1));
  }

  #entriesOf(event: string): readonly Entry[] {
    return this.#byEvent?.get(event)?.entries ?? [];
  }

  #set(event: string, entries: readonly Entry[]): void {
    this.#byEvent ??= new Map();
    if (entries.length === 0) this.#byEvent.delete(event);
    else this.#byEvent.set(event, { entries, calls: entries.map(({ call }) => call) });
  }
}
