// Droppable packets over TCP, and over TLS, whose socket says only in a later turn that it has taken what it was given.

import { Client, Server } from "@peng3dnet/core";
import { clientTls, serverTls } from "../support/certificates.js";
import { track } from "../support/cleanup.js";
import { cfg, packets, type Scene, testDroppable } from "../support/droppable.js";
import { LOCAL, next } from "../support/peers.js";

async function connected(secure: boolean): Promise<Scene> {
  const server = track(new Server({ addr: LOCAL, packets, cfg: { ...cfg, ...(secure ? serverTls() : {}) } }));
  await server.start();
  const active = next(server, "handshakecomplete");
  const client = track(
    new Client({ addr: ["localhost", server.addr[1]], packets, cfg: secure ? clientTls() : {} }),
  );
  await client.start();
  await active;
  return [server, client];
}

describe("over TCP", () => testDroppable(() => connected(false)));
describe("over TLS", () => testDroppable(() => connected(true)));
