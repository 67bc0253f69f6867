// Whatever a test opened is closed after it, also if it failed.

const undo: (() => unknown)[] = [];

export function onCleanup(action: () => unknown): void {
  undo.push(action);
}

/** Stops a server or client after the test. */
export function track<P extends { stop(): void; join(): Promise<void> }>(peer: P): P {
  onCleanup(async () => {
    peer.stop();
    await peer.join();
  });
  return peer;
}

afterEach(async () => {
  // Last opened, first closed.
  for (const action of undo.splice(0).reverse()) await action();
});
