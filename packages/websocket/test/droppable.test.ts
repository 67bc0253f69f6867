// Droppable packets over WebSocket.

import { Client, Server } from "@peng3dnet/core";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { track } from "../../core/test/support/cleanup.js";
import { cfg, packets, testDroppable } from "../../core/test/support/droppable.js";
import { next } from "../../core/test/support/peers.js";
import { ClientTransport } from "./support/client-transport.js";
import { request } from "./support/http.js";

testDroppable(async () => {
  const server = track(
    new Server({ acceptor: webSocketAcceptor({ path: "/" }), addr: "127.0.0.1:0", packets, cfg }),
  );
  await server.start();
  const active = next(server, "handshakecomplete");
  const client = track(new Client({ packets }));
  client.initialize();
  client.processAsync();
  const ws = request(server.addr, {});
  ws.once("open", () => client.attach(new ClientTransport(ws)));
  await active;
  await client.waitForConnection();
  return [server, client];
});
