// What a client over TCP takes to connect: a program may have thousands of them; and what it leaves of what nobody wants.

import { Client, Config, Server, silentLogger, systemClock, tcpConnector } from "@peng3dnet/core";
import { clientTls, serverTls } from "../support/certificates.js";
import { rawServer } from "../support/raw-peer.js";

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

test("a transport that nobody takes over leaves nothing open", async () => {
  const server = await rawServer();
  const error = new Error("not wanted");
  const connecting = tcpConnector.connect({
    address: server.addr,
    cfg: new Config(),
    clock: systemClock,
    logger: silentLogger,
    timeout: 10,
    signal: new AbortController().signal,
    established: () => {
      throw error;
    },
  });
  await expect(connecting).rejects.toBe(error);
  await (await server.accepted()).ended();
});
