// Whatever a test opened is closed after it, also if it failed.

import type { Server as NetServer, Socket } from "node:net";

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

export function trackSocket(socket: Socket): Socket {
  onCleanup(() => {
    socket.destroy();
  });
  return socket;
}

export function trackNetServer(server: NetServer): NetServer {
  onCleanup(() => new Promise((closed) => server.close(closed)));
  return server;
}

afterEach(async () => {
  // Last opened, first closed; servers of `node:net` wait for their sockets, which come later in the list.
  for (const action of undo.splice(0).reverse()) await action();
});
