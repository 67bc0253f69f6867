/** A process with a node of a cluster, or with a bare subscriber of NATS. */
import { connect } from "@nats-io/transport-node";
import { answer } from "../messages.js";
import type { ClusterServer } from "./kinds.js";
import { loadKind } from "./load.js";
import { SUBJECT } from "./requests.js";

let server: ClusterServer | undefined;
const latencies: number[] = [];
let look = (): void => {};

answer({
  async node({ kind, ...options }) {
    server = await (await loadKind(kind)).serve(options);
    return { port: server.port };
  },
  async counters() {
    const { broadcastsOut = 0, broadcastsKept = 0, bytesOut = 0 } = server?.counters?.() ?? {};
    return { broadcastsOut, broadcastsKept, bytesOut };
  },
  async members() {
    return server?.members ?? 0;
  },
  async settle() {
    await server?.settled();
    return null;
  },
  async listen({ nats }) {
    const connection = await connect({ servers: nats });
    connection.subscribe(SUBJECT, {
      callback: (_error, message) => {
        const sent = Buffer.from(message.data).readBigInt64LE();
        latencies.push(Number(process.hrtime.bigint() - sent) / 1000);
        look();
      },
    });
    await connection.flush();
    return null;
  },
  heard: ({ count }) =>
    new Promise((resolve) => {
      look = () => {
        if (latencies.length >= count) resolve(latencies.sort((one, other) => one - other));
      };
      look();
    }),
});
