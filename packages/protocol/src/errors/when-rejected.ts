import { isInstance } from "./describe-error.js";

/** How deep the results of `then` are watched that are thenables again. */
const MAX_DEPTH = 3;

/**
 * Calls `failed` if a value is a promise that rejects, or any other thenable that fails: so that nothing that code of
 * an application returns ends the process. Never throws itself, whatever `then` is or does, and calls `failed` once at
 * most. `failed` must not throw.
 */
export function whenRejected(value: unknown, failed: (error: unknown) => void): void {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
  let told = false;
  watch(value, 1, (error) => {
    disown(error);
    if (told) return;
    told = true;
    failed(error);
  });
}

/** What a promise rejected with may be a promise that rejects, which would end the process. */
function disown(reason: unknown): void {
  if (!isInstance(reason, Promise)) return;
  try {
    Reflect.apply(Promise.prototype.then, reason, [undefined, disown]);
  } catch {
    // Its constructor does not make promises.
  }
}

function watch(value: object, depth: number, failed: (error: unknown) => void): void {
  try {
    const then: unknown = (value as { readonly then?: unknown }).then;
    if (typeof then !== "function") return;
    const next: unknown = Reflect.apply(then, value, [undefined, failed]);
    // Of a promise, that is one that cannot reject. A `then` of the application may be asynchronous by itself.
    if (depth < MAX_DEPTH && typeof next === "object" && next !== null && !isInstance(value, Promise)) {
      watch(next, depth + 1, failed);
    }
  } catch (error) {
    failed(error);
  }
}
