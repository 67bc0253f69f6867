import type { Socket } from "node:net";

declare module "@peng3dnet/peer" {
  interface NativeSockets {
    /** TCP and TLS on Node. */
    readonly tcp: Socket;
  }
}
