// Connects to a port of this machine and resets the connection, `count` times, after having sent `bytes` (hexadecimal).
// Run with spawnSync, the connections are reset before the caller's process has looked at them.

import { connect } from "node:net";

const [port, count, bytes] = process.argv.slice(2);

async function reset() {
  const socket = connect({ host: "127.0.0.1", port: Number(port) });
  socket.on("error", () => {});
  await new Promise((connected) => socket.once("connect", connected));
  if (bytes !== "") await new Promise((written) => socket.write(Buffer.from(bytes, "hex"), written));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resetAndDestroy();
  await closed;
}

await Promise.all(Array.from({ length: Number(count) }, reset));
