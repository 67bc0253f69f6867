/** What is told with a message. */
export interface WebSocketMessage {
  readonly data: unknown;
}

/** How a WebSocket was closed. */
export interface WebSocketClose {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/**
 * A WebSocket as far as this package uses it. That of browsers and workers, the global one of Node 22 and later and the one of
 * the package `ws` all fit.
 */
export interface WebSocketLike {
  binaryType: string;
  /** 0 while it connects, 1 while it is open, then 2 and 3. */
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly protocol: string;
  readonly url: string;
  send(data: ArrayBuffer): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open" | "error", listener: (event: unknown) => void): void;
  addEventListener(type: "message", listener: (event: WebSocketMessage) => void): void;
  addEventListener(type: "close", listener: (event: WebSocketClose) => void): void;
  /** Stops reading. `ws` has it, browsers have not. */
  pause?(): void;
  /** Reads on. */
  resume?(): void;
  /** Sends a ping. `ws` has it, browsers have not. */
  ping?(): void;
}

/** Opens a WebSocket. */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocketLike;

/** Values of `readyState`. */
export const CONNECTING = 0;
export const OPEN = 1;

/** The class that the runtime has by itself, which verifies certificates and copies what is sent. */
export function ownWebSocket(): WebSocketClass | undefined {
  return (globalThis as { readonly WebSocket?: WebSocketClass }).WebSocket;
}

/** Whether the runtime itself made it. */
export function isOwn(socket: WebSocketLike): boolean {
  const own = ownWebSocket();
  return own !== undefined && socket instanceof own;
}
