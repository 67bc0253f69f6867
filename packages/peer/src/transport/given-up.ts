import { onAbort } from "../time/abort-signals.js";
import type { ConnectRequest } from "./connector.js";

/** What says that an attempt to connect is given up. */
export interface GivesUp {
  readonly signal?: AbortSignal | undefined;
  readonly whenGivenUp?: ConnectRequest["whenGivenUp"];
}

/**
 * Calls `call` with the reason when an attempt to connect is given up, at once if it is already. The request's signal is asked for
 * only where there is nothing else, as it is made then.
 *
 * @returns what ends that.
 */
export function onGivenUp(request: GivesUp, call: (reason: unknown) => void): () => void {
  if (request.whenGivenUp !== undefined) return request.whenGivenUp(call);
  const { signal } = request;
  if (signal === undefined) return () => {};
  if (!signal.aborted) return onAbort(signal, () => call(signal.reason));
  call(signal.reason);
  return () => {};
}
