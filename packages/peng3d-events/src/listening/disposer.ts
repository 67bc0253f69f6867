/** Undoes something: call it, or let `using` do so. Calls after the first do nothing. */
export interface Disposer extends Disposable {
  (): void;
}

/** Makes a {@link Disposer} that holds on to nothing once it was called. */
export function disposer(dispose: () => void): Disposer {
  let left: (() => void) | undefined = dispose;
  const call = (): void => {
    const run = left;
    left = undefined;
    run?.();
  };
  return Object.assign(call, { [Symbol.dispose]: call });
}

/** Runs several of them as one. */
export function disposeAll(disposers: readonly Disposer[]): Disposer {
  return disposer(() => {
    for (const dispose of disposers) dispose();
  });
}
