// Requests for WebSockets with much behind them, on a port of its own.

import { connect } from "node:net";
import { serveWebSocket } from "@peng3dnet/websocket";
import { trackSocket } from "../../../core/test/support/cleanup.js";
import { echoServer, frame, upgradeRequest } from "../support/http.js";

const ping = (text: string): Buffer => frame(0x89, Buffer.from(text));

test.each([0, 1, 100, 300, 600])(
  "with %d pings of 100 bytes behind a request, what comes later is read",
  async (count) => {
    const { address } = await serveWebSocket(await echoServer(), { port: 0 });
    const [host, port] = address;
    const socket = trackSocket(connect({ host, port }));
    let came = "";
    const shown = (text: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!came.includes(text)) return;
          socket.off("data", look);
          resolve();
        };
        socket.on("data", look);
        look();
      });
    socket.on("data", (chunk: Buffer) => {
      came += chunk.toString("latin1");
    });
    const pings = Array.from({ length: count }, (_, index) => ping(`${index}`.padEnd(100, ".")));
    socket.write(Buffer.concat([Buffer.from(upgradeRequest(host)), ...pings]));
    await shown("HTTP/1.1 101 ");
    if (count > 0) await shown(`${count - 1}.`);
    socket.write(ping("later"));
    await shown("later");
  },
);
