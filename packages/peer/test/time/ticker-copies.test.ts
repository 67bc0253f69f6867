// A program may have two copies of this package, e.g. since two packages depend on different versions of it.

import { Server, ticker } from "@peng3dnet/peer";
import { ManualClock } from "@peng3dnet/peer/testing";

type Peer = typeof import("@peng3dnet/peer");

function secondCopy(): Peer {
  let copy: Peer | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual<Peer>("@peng3dnet/peer");
  });
  return copy as Peer;
}

test("a server of another copy ticks, too", () => {
  const other = secondCopy();
  const clock = new ManualClock();
  const server = new other.Server({ clock });
  expect(server).not.toBeInstanceOf(Server);
  const steps: number[] = [];
  const ticks = ticker(server, { hz: 20, onTick: ({ tick }) => steps.push(tick) });
  clock.advance(0.11);
  expect(steps).toEqual([1, 2]);
  server.stop();
  expect([ticks.stopped, clock.timers]).toEqual([true, 0]);
});
