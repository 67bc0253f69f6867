// What reads a client's socket while HTTP has what comes.

import { Socket } from "node:net";
import { onCleanup } from "../../../core/test/support/cleanup.js";
import { SocketReader } from "../../src/connect/socket-reader.js";

test("what was read at once is not read on where it is given up at its beginning", async () => {
  const reader = new SocketReader();
  const socket = new Socket();
  onCleanup(() => socket.destroy());
  reader.stream(socket);
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    socket.destroy();
  });
  await new Promise(setImmediate);
  reader.callback(reader.buffer.length, reader.buffer);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(2048);
});
