import { describeValue } from "./describe-value.js";

/** Any listener. */
export type Listener = (...args: unknown[]) => unknown;

/** Checks that a listener can be called. @throws TypeError */
export function checkListener(listener: unknown): void {
  if (typeof listener !== "function") {
    throw new TypeError(`a listener is a function, and not ${describeValue(listener)}`);
  }
}

/** Places that a listener takes in the list: its event, itself as the application gave it, and what is called. */
const PLACES = 3;

const NONE: readonly (string | Listener)[] = [];
const NOBODY: readonly Listener[] = [];

/**
 * Listeners by event, in the order in which they were added; the same one may be there several times. Whoever is being told
 * of an event when the listeners change is told as they were.
 */
export class Listeners {
  /**
   * Those of all events, in one list without objects of their own, that never changes but is replaced: a process may have thousands
   * of clients with few each.
   */
  #list = NONE;

  /** Adds a listener of an event. @param call - what is called in its place. */
  add(event: string, listener: Listener, call: Listener = listener): void {
    // A list that is written as "[...list, listener]" would have room for many more.
    this.#list = this.#list.concat([event, listener, call]);
  }

  /** Adds one that is called once at most. */
  addOnce(event: string, listener: Listener): void {
    let called = false;
    const call: Listener = (...args) => {
      if (called) return undefined;
      called = true;
      this.remove(event, call);
      return listener(...args);
    };
    this.add(event, listener, call);
  }

  /** Removes a listener, or what is called in its place; of several that are the same, the one that was added last. */
  remove(event: string, listener: Listener): void {
    const list = this.#list;
    for (let at = list.length - PLACES; at >= 0; at -= PLACES) {
      if (list[at] !== event || (list[at + 1] !== listener && list[at + 2] !== listener)) continue;
      this.#list = list.toSpliced(at, PLACES);
      return;
    }
  }

  /** Whether there are none. */
  get empty(): boolean {
    return this.#list.length === 0;
  }

  /** What is to be called for an event. */
  of(event: string): readonly Listener[] {
    // Most events have nobody who listens, and some happen for each connection: then nothing is made.
    let found: Listener[] | undefined;
    const list = this.#list;
    for (let at = 0; at < list.length; at += PLACES) {
      if (list[at] !== event) continue;
      found ??= [];
      found.push(list[at + 2] as Listener);
    }
    return found ?? NOBODY;
  }
}
