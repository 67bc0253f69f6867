/** Who has to be told when a signal fires. */
const callers = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `call` when a signal fires, which has not yet. Hundreds of waits with one signal share one listener, so that the
 * runtime does not take them for a leak.
 *
 * @returns what ends that; to be called once it does not matter any more.
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const set = callers.get(signal) ?? listen(signal);
  set.add(call);
  return () => {
    set.delete(call);
  };
}

function listen(signal: AbortSignal): Set<() => void> {
  const set = new Set<() => void>();
  callers.set(signal, set);
  // It stays with the signal, empty: to come and go with each wait would cost more than it takes.
  signal.addEventListener(
    "abort",
    () => {
      for (const call of [...set]) call();
      set.clear();
    },
    { once: true },
  );
  return set;
}
