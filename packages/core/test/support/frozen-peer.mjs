// A server or client in a process of its own, which a test stops and lets go on.
// node frozen-peer.mjs server | node frozen-peer.mjs client <port>

import { Client, Server, silentLogger } from "@peng3dnet/core";

const cfg = { "net.heartbeat.interval": 0.2, "net.heartbeat.timeout": 1 };
const [role, port] = process.argv.slice(2);
const logger = silentLogger;
if (role === "server") {
  const server = new Server({ addr: "127.0.0.1:0", cfg, logger });
  server.on("close", (_client, { reason }) => console.log(`closed ${reason}`));
  await server.start();
  console.log(`ready ${server.addr[1]}`);
} else {
  const client = new Client({ addr: `127.0.0.1:${port}`, cfg: { "net.heartbeat.timeout": 0 }, logger });
  client.on("close", ({ reason }) => console.log(`closed ${reason}`));
  await client.start();
  console.log("ready");
}
