/** Who has to be told when a signal fires, and the one listener that tells them. */
interface Callers {
  readonly calls: Set<() => void>;
  readonly tell: () => void;
}

const callers = new WeakMap<AbortSignal, Callers>();

/**
 * Calls `call` when a signal fires, which has not yet. Hundreds of waits with one signal share one listener, so that the
 * runtime does not take them for a leak.
 *
 * @param call - a function of this caller's own.
 * @returns what ends that; to be called once it does not matter any more. The last one leaves nothing on the signal.
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const { calls, tell } = callers.get(signal) ?? listen(signal);
  calls.add(call);
  return () => {
    if (!calls.delete(call) || calls.size > 0) return;
    callers.delete(signal);
    signal.removeEventListener("abort", tell);
  };
}

function listen(signal: AbortSignal): Callers {
  const calls = new Set<() => void>();
  const tell = (): void => {
    callers.delete(signal);
    for (const call of [...calls]) call();
  };
  const added: Callers = { calls, tell };
  callers.set(signal, added);
  signal.addEventListener("abort", tell, { once: true });
  return added;
}
