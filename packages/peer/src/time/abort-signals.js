const callers = new WeakMap();
/**
 * Calls `call` when a signal fires, which has not yet. Hundreds of waits with one signal share one listener, so that the
 * runtime does not take them for a leak.
 *
 * @param call - a function of this caller's own.
 * @returns what ends that; to be called once it does not matter any more. The last one leaves nothing on the signal.
 */
export function onAbort(signal, call) {
  const { calls, tell } = callers.get(signal) ?? listen(signal);
  calls.add(call);
  return () => {
    if (!calls.delete(call) || calls.size > 0) return;
    callers.delete(signal);
    signal.removeEventListener("abort", tell);
  };
}
function listen(signal) {
  const calls = new Set();
  const tell = () => {
    callers.delete(signal);
    for (const call of [...calls]) call();
  };
  const added = { calls, tell };
  callers.set(signal, added);
  signal.addEventListener("abort", tell, { once: true });
  return added;
}
//# sourceMappingURL=abort-signals.js.map
