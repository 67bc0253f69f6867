// In which order connections have their turn, whoever else there is.

import { ManualClock } from "@peng3dnet/peer/testing";
import { type Precedence, type Runnable, RunQueue } from "../../src/turns/run-queue.js";

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test.each<Precedence>(["used", "costly"])(
  "those that come anew each time do not keep one from going on that waits as %s",
  async (precedence) => {
    const clock = new ManualClock();
    const queue = new RunQueue(clock, (call) => void setImmediate(call));
    let fresh = 0;
    let mine = 0;
    // Each takes three milliseconds, and comes again at once: there are always more than fit a turn.
    const other: Runnable = {
      takeTurn() {
        clock.advance(0.003);
        fresh++;
        if (fresh < 1000) queue.add(other, "fresh");
      },
    };
    for (let count = 0; count < 20; count++) queue.add(other, "fresh");
    const me: Runnable = {
      takeTurn() {
        clock.advance(0.001);
        if (++mine < 10) queue.add(me, precedence);
      },
    };
    queue.add(me, precedence);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(mine).toBe(10);
    expect(fresh).toBeGreaterThan(40);
    while (fresh < 1000) await turn();
  },
);
