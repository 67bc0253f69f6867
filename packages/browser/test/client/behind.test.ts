// A client that is behind, where its input cannot be paused.

import { randomBytes } from "node:crypto";
import { Client, definePacket, InputOverflowError, payload } from "@peng3dnet/browser";
import { Server } from "@peng3dnet/core";
import { serveWebSocket } from "@peng3dnet/websocket";
import { Unpausable } from "../support/classes.js";
import { track } from "../support/cleanup.js";

const News = definePacket({ name: "test:news", schema: payload<{ n: number; more: Uint8Array }>() });

test("a session that can be resumed is suspended, goes on over other lines, and misses nothing", async () => {
  const cfg = { "net.resume.window": 60 };
  const server = track(new Server({ addr: "127.0.0.1:0", packets: [News], cfg }));
  await server.start();
  const { address } = await serveWebSocket(server, { port: 0 });
  const client = track(
    new Client({
      addr: `ws://${address.join(":")}/`,
      packets: [News],
      WebSocket: Unpausable,
      maxHeld: 50_000,
      resume: { delay: 0.001, maxDelay: 0.001 },
      cfg: { "net.limits.buffered": 2 },
    }),
  );
  const errors: unknown[] = [];
  const suspended = new Promise<void>((resolve) => {
    client.on("suspend", ({ error }) => {
      errors.push(error);
      resolve();
    });
  });
  const news = client.messages(News);
  const entered = new Promise((resolve) => server.once("handshakecomplete", resolve));
  await client.start();
  await entered;
  for (let n = 1; n <= 60; n++) server.broadcast(News, { n, more: randomBytes(5_000) });
  await suspended;
  const got: (number | undefined)[] = [];
  while (got.length < 60) got.push((await news.next()).value?.msg.n);
  expect(got).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  expect(errors).toEqual(errors.map(() => expect.any(InputOverflowError)));
  expect(client.active).toBe(true);
});
