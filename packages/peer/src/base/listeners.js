const NOBODY = [];
/**
 * Listeners by event, in the order in which they were added; the same one may be there several times. Whoever is being told
 * of an event when the listeners change is told as they were.
 */
export class Listeners {
  #entries = new Map();
  #calls = new Map();
  /** Adds a listener of an event. */
  add(event, listener) {
    this.#add(event, { listener, call: listener });
  }
  /** Adds one that is called once at most. */
  addOnce(event, listener) {
    let called = false;
    const entry = {
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
  remove(event, listener) {
    this.#drop(event, (one) => one.listener === listener);
  }
  /** What is to be called for an event. */
  of(event) {
    return this.#calls.get(event) ?? NOBODY;
  }
  #add(event, entry) {
    this.#set(event, [...(this.#entries.get(event) ?? []), entry]);
  }
  #drop(event, matches) {
    const entries = this.#entries.get(event) ?? [];
    const index = entries.findLastIndex(matches);
    if (index >= 0) this.#set(event, entries.toSpliced(index, 1));
  }
  #set(event, entries) {
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
//# sourceMappingURL=listeners.js.map
