import { type Clock, WebSocketConnectError } from "@peng3dnet/peer";
import type { WebSocketTarget } from "@peng3dnet/peer/transport";

/** Milliseconds after which an attempt is made although the browser says that it is offline: it may be wrong. */
const MISTRUST = 30_000;
/** Hosts that need no network. */
const OWN = /^(127\.|\[?::1\b|(.*\.)?localhost$)/;

/**
 * Spares attempts that cannot succeed: each of them would be an error in the browser's console.
 *
 * @returns what is to be called before each attempt, and throws {@link WebSocketConnectError} if that is to be spared.
 */
export function offlineCheck({ address, shown }: WebSocketTarget): (clock: Clock) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (clock) => {
    const { navigator } = globalThis as { readonly navigator?: { readonly onLine?: boolean } };
    const now = clock.now();
    if (navigator?.onLine === false && now - last < MISTRUST && !OWN.test(address[0]))
      throw new WebSocketConnectError(`cannot open ${shown}: the browser says that it is offline`);
    last = now;
  };
}
