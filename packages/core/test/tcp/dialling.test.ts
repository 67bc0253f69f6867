// What a client over TCP takes to connect: a program may have thousands of them.

import { Client, Server } from "@peng3dnet/core";
import { clientTls, serverTls } from "../support/certificates.js";

const { AbortController: Original } = globalThis;

afterEach(() => {
  globalThis.AbortController = Original;
});

test.each([
  ["TCP", {}, {}],
  ["TLS", serverTls(), clientTls()],
])("a client connects without a signal of its own, over %s", async (_, serverCfg, cfg) => {
  await using server = new Server({ addr: "127.0.0.1:0", cfg: serverCfg });
  await server.start();
  let made = 0;
  globalThis.AbortController = class extends Original {
    constructor() {
      super();
      made++;
    }
  };
  await using client = new Client({ addr: ["localhost", server.addr[1]], cfg });
  await client.start();
  expect(made).toBe(0);
});
