/** peng3dnet's requests: each message is one, and its answer what comes back. */
import { Client, defineRequest, payload, Server, SIDE_SERVER } from "@peng3dnet/core";
import type { Message, Peer } from "../peer.js";

/** Cells have so many in flight, and a few that are just being settled. */
const IN_FLIGHT = 2048;

/** What differs between the variants. */
export interface RequestsVariant {
  /** Whether the handler is an `async` function. */
  readonly asynchronous: boolean;
}

const Ask = defineRequest({
  name: "bench:ask",
  request: payload<Message>(),
  response: payload<Message>(),
  side: SIDE_SERVER,
});
const packets = [Ask];

const cfg = (compress: boolean) => ({
  "net.compress.enabled": compress,
  "net.limits.requests": IN_FLIGHT,
});

export function oursRequests(label: string, { asynchronous }: RequestsVariant): Peer {
  return {
    label,
    async serve({ compress }) {
      const server = new Server({ addr: "127.0.0.1:0", packets, cfg: cfg(compress) });
      server.answer(Ask, asynchronous ? async (message) => message : (message) => message);
      await server.start();
      return {
        port: server.addr[1],
        async close() {
          server.stop();
          await server.join();
        },
      };
    },
    async connect({ port, compress, onMessage, onFailure }) {
      const client = new Client({ addr: ["127.0.0.1", port], packets, cfg: cfg(compress) });
      await client.start();
      let closed = false;
      const failed = (error: Error): void => {
        if (!closed) onFailure(error);
      };
      return {
        send: (message) => void client.request(Ask, message).then(onMessage, failed),
        close() {
          closed = true;
          client.stop();
        },
      };
    },
  };
}
