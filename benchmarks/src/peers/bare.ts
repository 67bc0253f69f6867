/** A socket with nothing round it, for what an idle connection costs at least. */
import net from "node:net";
import type { Peer } from "../peer.js";

const BACKLOG = 4096;

function unsupported(): never {
  throw new Error("a bare socket has no messages");
}

export const bare: Peer = {
  label: "bare socket",
  async serve() {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket);
      socket.on("data", unsupported);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => {
      server.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }, resolve);
    });
    return {
      port: (server.address() as net.AddressInfo).port,
      async close() {
        for (const socket of sockets) {
          socket.destroy();
        }
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
  connect(options) {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port: options.port, host: "127.0.0.1" });
      socket.on("data", unsupported);
      socket.on("error", reject);
      socket.on("connect", () => resolve({ send: unsupported, close: () => void socket.destroy() }));
    });
  },
};
