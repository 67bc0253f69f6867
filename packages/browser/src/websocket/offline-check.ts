import { type Clock, WebSocketConnectError } from "@peng3dnet/peer";
import type { WebSocketTarget } from "@peng3dnet/peer/transport";

/** Milliseconds after which an attempt is made although the browser says that it is offline: it may be wrong. */
const MISTRUST = 30_000;
/** Hosts that need no network. */
const OWN = /^(127\..*|\[?::1\]?|(.*\.)?localhost)$/;

/** Spares attempts that cannot succeed: each of them would be an error in the browser's console. */
export class OfflineCheck {
  readonly #target: WebSocketTarget;
  #last = Number.NEGATIVE_INFINITY;

  constructor(target: WebSocketTarget) {
    this.#target = target;
  }

  /** To be called before each attempt. @throws {@link WebSocketConnectError} if it is to be spared. */
  attempt(clock: Clock): void {
    const { address, shown } = this.#target;
    const { navigator } = globalThis as { readonly navigator?: { readonly onLine?: boolean } };
    const now = clock.now();
    if (navigator?.onLine === false && now - this.#last < MISTRUST && !OWN.test(address[0]))
      throw new WebSocketConnectError(`cannot open ${shown}: the browser says that it is offline`);
    this.#last = now;
  }
}
