// Nothing is kept for whoever does not wait any more: what they waited for may never come, while thousands give up.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { definePacket, payload } from "@peng3dnet/peer";
import { ManualClock, TestNetwork } from "@peng3dnet/peer/testing";
import { Deferred } from "../../src/time/deferred.js";

const Said = definePacket({ name: "test:said", schema: payload<string>() });

/** Whether the garbage collector finds all of them. */
async function collected(refs: readonly WeakRef<object>[]): Promise<boolean> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return refs.every((ref) => ref.deref() === undefined);
}

test("a wait that timed out leaves nothing", async () => {
  const clock = new ManualClock();
  const deferred = new Deferred<void>(clock);
  const refs = [1, 2, 3].map((timeout) => {
    const waiting = deferred.wait({ timeout }, "what never comes");
    waiting.catch(() => {});
    return new WeakRef(waiting);
  });
  clock.advance(4);
  await new Promise((resolve) => setImmediate(resolve));
  expect(clock.timers).toBe(0);
  expect(await collected(refs)).toBe(true);
  expect(deferred.settled).toBe(false);
});

test("nor does an iterator of messages that was left", async () => {
  const net = new TestNetwork();
  const server = net.server({ packets: [Said] });
  const refs = [1, 2, 3].map(() => {
    const messages = server.messages(Said);
    void messages.return();
    return new WeakRef(messages);
  });
  expect(await collected(refs)).toBe(true);
  server.stop();
});
