// The pause before another attempt leaves nothing behind, however it ends: a client may make thousands of them.

import { getEventListeners } from "node:events";
import { ManualClock } from "@peng3dnet/peer/testing";
import { Pause } from "../../src/client/pause.js";

test.each(["time", "the network", "a call", "a signal"])("ended by %s", async (by) => {
  const clock = new ManualClock();
  const listening = new Set<() => void>();
  const networkBack = (call: () => void): (() => void) => {
    listening.add(call);
    return () => void listening.delete(call);
  };
  const abort = new AbortController();
  const pause = new Pause(clock, { networkBack });
  const waiting = pause.wait(3, abort.signal);
  expect([clock.timers, listening.size, getEventListeners(abort.signal, "abort").length]).toEqual([1, 1, 1]);
  if (by === "time") clock.advance(3);
  if (by === "the network") for (const call of listening) call();
  if (by === "a call") pause.end();
  if (by === "a signal") abort.abort(new Error("enough"));
  expect([clock.timers, listening.size, getEventListeners(abort.signal, "abort").length]).toEqual([0, 0, 0]);
  if (by === "a signal") await expect(waiting).rejects.toThrow("enough");
  else await waiting;
  pause.end();
});
