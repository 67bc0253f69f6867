// Clients in a thread of their own, which go on speaking while the test's event loop is busy: each answers the
// handshake at once, then says something ten times a second, and reads all that comes.

import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { workerData } from "node:worker_threads";

const { address, count, tls, settype, accept, word } = workerData;
const [host, port] = address;

/** Counts the packets that come, and calls `step` with the number of each. */
function countPackets(socket, step) {
  let received = Buffer.alloc(0);
  let packets = 0;
  socket.on("data", (chunk) => {
    // After the handshake, what comes does not matter, but for the end.
    if (packets === 2) {
      if (chunk.includes("reason")) socket.end();
      return;
    }
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) {
      received = received.subarray(4 + received.readUInt32BE(0));
      packets++;
      step(packets);
    }
  });
}

for (let index = 0; index < count; index++) {
  const socket =
    tls === undefined
      ? connectTcp({ host, port })
      : connectTls({ host, port, ca: tls.ca, servername: "localhost" });
  socket.on("error", () => {});
  countPackets(socket, (packets) => {
    if (packets === 1) socket.write(settype);
    if (packets !== 2) return;
    socket.write(accept);
    const talking = setInterval(() => socket.write(word), 100);
    socket.on("close", () => clearInterval(talking));
  });
}
