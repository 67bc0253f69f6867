// The server knows of connections from when they are accepted, before they ask for a WebSocket.

import { createServer } from "node:http";
import { connect } from "node:net";
import { type Acceptor, Server } from "@peng3dnet/core";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { track, trackSocket } from "../../core/test/support/cleanup.js";
import { addressOf, listening } from "./support/http.js";

/** Tells of each connection that the server is told of. */
function told(acceptor: Acceptor, accepted: () => void): Acceptor {
  return {
    listen: (request) =>
      acceptor.listen({
        ...request,
        accepted() {
          request.accepted?.();
          accepted();
        },
      }),
  };
}

test.each(["a port of its own", "an http server"])("on %s", async (where) => {
  const http = where === "an http server" ? await listening(createServer()) : undefined;
  let count = 0;
  let all = (): void => {};
  const both = new Promise<void>((resolve) => {
    all = resolve;
  });
  const acceptor = webSocketAcceptor(http === undefined ? {} : { server: http });
  const server = track(
    new Server({
      addr: ["127.0.0.1", 0],
      acceptor: told(acceptor, () => {
        count++;
        if (count === 2) all();
      }),
    }),
  );
  await server.start();
  const [host, port] = http === undefined ? server.addr : addressOf(http);
  for (let index = 0; index < 2; index++) trackSocket(connect(port, host));
  await both;
  expect(server.clients.size).toBe(0);
});
