import { Deferred } from "./deferred.js";

/** @deprecated Use {@link Deferred}, which this was called before; the old name goes with the next version. */
export const Outcome: typeof Deferred = Deferred;
/** @deprecated Use {@link Deferred}. */
export type Outcome<T> = Deferred<T>;
