// A client that connects again over WebSocket.

import { Client, definePacket, InvalidStateError, payload, WEBSOCKET_SUBPROTOCOL } from "@peng3dnet/browser";
import { WebSocket } from "ws";
import { CLASSES } from "../support/classes.js";
import { track } from "../support/cleanup.js";
import { serve } from "../support/listening.js";

const Say = definePacket({ name: "test:say", schema: payload<string>() });
const packets = [Say];
const reconnect = { delay: 0.02, maxDelay: 0.1 };

test.each(CLASSES)("opens another WebSocket of $name, and begins another session", async ({ type }) => {
  const { url, server, cut } = await serve({ packets }, (made) => {
    made.on(Say, (text, { client }) => void client.sendMessage("test:say", `${text}, ${client.cid}`));
  });
  const client = track(new Client({ addr: url, WebSocket: type, packets, reconnect }));
  const heard = client.messages(Say);
  client.on("handshakecomplete", () => void client.sendMessage("test:say", "hello"));
  await client.start();
  expect((await heard.next()).value?.msg).toBe("hello, 1");
  const back = new Promise((resolve) => client.once("session", resolve));
  cut();
  await back;
  expect((await heard.next()).value?.msg).toBe("hello, 2");
  expect(await client.close("done")).toMatchObject({ reason: "done", clean: true });
  expect(server.stopped).toBe(false);
});

test("a WebSocket that was made elsewhere serves for one session: where it is lost, that is the end", async () => {
  const { url, cut } = await serve({ packets });
  const socket = new WebSocket(url, WEBSOCKET_SUBPROTOCOL);
  const client = track(new Client({ addr: socket, packets, reconnect }));
  const events: string[] = [];
  for (const event of ["lost", "retry", "session", "close"] as const)
    client.on(event, () => events.push(event));
  await client.start();
  cut();
  expect(await client.waitForClose()).toMatchObject({ error: expect.any(InvalidStateError), clean: false });
  expect(events).toEqual(["lost", "retry", "close"]);
});
