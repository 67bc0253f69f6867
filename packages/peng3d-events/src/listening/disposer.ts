/// <reference lib="esnext.disposable" preserve="true" />
// Whoever uses the package need not name that library of types.
/** A function that undoes something: call it, or let `using` do so. Calls after the first do nothing. */
export interface Disposer extends Disposable {
  (): void;
}

/** Makes a {@link Disposer} that refers to nothing any more once it was called. */
export function disposer(dispose: () => void): Disposer {
  let left: (() => void) | undefined = dispose;
  const call = (): void => {
    const run = left;
    left = undefined;
    run?.();
  };
  return Object.assign(call, { [Symbol.dispose]: call });
}

/**
 * Makes a disposer for each item, and one of them all.
 *
 * @throws what `make` throws. Those that were made by then have been called: nobody else could.
 */
export function disposerOfAll<T>(items: Iterable<T>, make: (item: T) => Disposer): Disposer {
  const made: Disposer[] = [];
  const all = disposer(() => {
    for (const dispose of made) dispose();
  });
  try {
    for (const item of items) made.push(make(item));
  } catch (error) {
    all();
    throw error;
  }
  return all;
}
