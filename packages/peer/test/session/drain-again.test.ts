// A `drain` handler that has output handed over itself, and sends more than there is room for.

import { Note, scene } from "./scripted-client.js";

test("is told again, although all that it sent is through before it returns", async () => {
  const { net, server, client, transport } = scene({
    cfg: { "net.compress.enabled": false, "net.limits.unsent.highwater": 1000 },
  });
  const told: boolean[] = [];
  let drains = 0;
  const send = (bytes: number): void => void told.push(client.sendMessage(Note, new Uint8Array(bytes)));
  server.on("drain", () => {
    if (++drains > 1) return;
    void client.flush();
    send(2000);
    send(16_000);
  });
  send(2000);
  await net.settle();
  expect(told).toEqual([false, false, true]);
  expect([transport.busy, client.conn.metrics.unsent]).toEqual([false, 0]);
  expect(drains).toBe(2);
});
