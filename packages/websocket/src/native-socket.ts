import type { WebSocket } from "ws";

declare module "@peng3dnet/peer" {
  interface NativeSockets {
    /** Clients that came over WebSocket. */
    readonly websocket: WebSocket;
  }
}
