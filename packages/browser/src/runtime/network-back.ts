/** What pages and workers have of events. */
interface Events {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

interface Page extends Events {
  readonly visibilityState?: string;
}

/**
 * Calls `call` when the browser says that it is online again, and when a hidden page is looked at again: its timers were slowed
 * down until then. Where there are no such events, as on Node, it is never called.
 *
 * @returns what ends that.
 */
export function networkBack(call: () => void): () => void {
  const global = globalThis as Events;
  const page = (globalThis as { readonly document?: Page }).document;
  const shown = (): void => {
    if (page?.visibilityState === "visible") call();
  };
  global.addEventListener?.("online", call);
  page?.addEventListener?.("visibilitychange", shown);
  return () => {
    global.removeEventListener?.("online", call);
    page?.removeEventListener?.("visibilitychange", shown);
  };
}
