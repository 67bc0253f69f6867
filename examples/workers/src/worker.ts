import { joinCluster, natsBus } from "@peng3dnet/cluster";
import { Server } from "@peng3dnet/core";
import { enablePing } from "@peng3dnet/ping";
import { type FromWorker, Hello, packets, Said, Say, type ToWorker } from "./shared.js";

/** A server like any other: that it shares its port is the doing of node:cluster. */
export async function runWorker(): Promise<void> {
  const { NATS = "127.0.0.1:4222", NAME: name = "worker", PORT = "0" } = process.env;
  const tell = (message: FromWorker): void => void process.send?.(message);
  const server = new Server({ addr: `127.0.0.1:${PORT}`, packets });
  const node = await joinCluster(server, { bus: natsBus({ servers: NATS }), name });

  const hall = node.group("hall");
  server.on("handshakecomplete", (client) => void hall.add(client));
  server.on(Say, (text) => void hall.broadcast(Said, { worker: name, text }));
  server.answer(Hello, async () => {
    // Who has the answer hears what is said at any worker.
    await node.flush();
    return name;
  });

  // A ping is answered by any of the workers, for all of them.
  let total = 0;
  enablePing(server, () => ({ usercount: total }));
  const count = (): void => tell({ is: "players", count: hall.size });
  hall.on("enter", count).on("leave", count);

  process.on("message", (message: ToWorker) => {
    if (message.is === "players") total = message.total;
    else void server.shutdown();
  });
  for (const signal of ["SIGINT", "SIGTERM", "disconnect"])
    process.once(signal, () => void server.shutdown());
  await server.start();
  tell({ is: "listening", host: server.addr[0], port: server.addr[1] });
  await server.join();
  if (process.connected) process.disconnect();
}
