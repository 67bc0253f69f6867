import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Address } from "@peng3dnet/core";
import { trackNetServer, trackSocket } from "./cleanup.js";

/** A relay that can stop to pass bytes on, without a word to either side, as a dead router does. */
export interface BlackHole {
  readonly addr: Address;
  /** Passes nothing on from now on. */
  swallow(): void;
}

/** Relays connections to a server. */
export async function blackHole([host, port]: Address): Promise<BlackHole> {
  const sockets: Socket[] = [];
  const listener = trackNetServer(
    createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        sockets.push(trackSocket(from));
        from.on("data", (bytes: Buffer) => to.write(bytes));
        from.on("end", () => to.end());
        from.on("error", () => {});
      }
    }),
  );
  await new Promise<void>((ready) => listener.listen(0, "127.0.0.1", ready));
  return {
    addr: ["127.0.0.1", (listener.address() as AddressInfo).port],
    swallow() {
      for (const socket of sockets) socket.removeAllListeners("data").removeAllListeners("end").resume();
    },
  };
}
