import type { Socket } from "node:net";

declare module "../transport/native-socket.js" {
  interface NativeSockets {
    /** TCP and TLS on Node. */
    readonly tcp: Socket;
  }
}
