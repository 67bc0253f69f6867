// A close whose own packet is more than may be unsent: the connection is broken off for that, and for nothing else.

import { SlowConsumerError } from "@peng3dnet/peer";
import { Note, scene } from "./scripted-client.js";

function almostFull() {
  const made = scene({ cfg: { "net.compress.enabled": false, "net.limits.unsent": 40_000 } });
  const { client, transport } = made;
  transport.room = transport.written.length + 1;
  client.sendMessage(Note, new Uint8Array(20_000));
  transport.backlog = 20_000;
  client.sendMessage(Note, new Uint8Array(19_900));
  expect([client.active, transport.busy]).toEqual([true, true]);
  return made;
}

test("it is told of once, and with one reason", async () => {
  const { net, client, transport, closes, handler } = almostFull();
  const closing = client.close("a long reason".padEnd(200, "!"));
  await net.settle();
  expect(transport.calls).toEqual(["closing slowconsumer", "destroy"]);
  handler.closed(undefined);
  const info = { reason: "slowconsumer", error: expect.any(SlowConsumerError), clean: false };
  expect(await closing).toEqual(info);
  expect(closes).toEqual([info]);
});
