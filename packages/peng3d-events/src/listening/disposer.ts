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

/** Makes one disposer of several. */
export function disposeAll(disposers: readonly Disposer[]): Disposer {
  return disposer(() => {
    for (const dispose of disposers) dispose();
  });
}
