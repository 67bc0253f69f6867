// What a client over TCP takes to connect: a program may have thousands of them.

import { Client, Server } from "@peng3dnet/core";

const { AbortController: Original } = globalThis;

afterEach(() => {
  globalThis.AbortController = Original;
});

test("a client connects without a signal of its own", async () => {
  await using server = new Server({ addr: "127.0.0.1:0" });
  await server.start();
  let made = 0;
  globalThis.AbortController = class extends Original {
    constructor() {
      super();
      made++;
    }
  };
  await using client = new Client({ addr: server.addr });
  await client.start();
  expect(made).toBe(0);
});
