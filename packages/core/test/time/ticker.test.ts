// The game loop by the clock of the system, over TCP.

import { Client, definePacket, payload, Server, SIDE_CLIENT, SIDE_SERVER, ticker } from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { deferred, LOCAL } from "../support/peers.js";

const Move = definePacket({ name: "test:move", schema: payload<number>(), side: SIDE_SERVER });
const State = definePacket({ name: "test:state", schema: payload<number>(), side: SIDE_CLIENT });
const packets = [Move, State];
const HZ = 200;
const STEPS = 40;

test("steps of server and client are made in time, and never before it", async () => {
  const server = track(new Server({ addr: LOCAL, packets }));
  await server.runAsync();
  const client = track(new Client({ addr: server.addr, packets }));
  await client.runAsync();
  await client.waitForConnection();

  const done = deferred();
  const early: number[] = [];
  let moves = 0;
  server.on(Move, () => {
    moves++;
  });
  const started = performance.now();
  const loop = ticker(server, {
    hz: HZ,
    maxSteps: 1000,
    onTick: ({ tick }) => {
      // A timer may be a millisecond early.
      if (performance.now() - started < (tick / HZ) * 1000 - 1) early.push(tick);
      server.broadcast(State, tick);
    },
  });
  const seen: number[] = [];
  client.on(State, (tick) => {
    seen.push(tick);
    if (seen.length >= STEPS && moves > 0) done.resolve();
  });
  const player = ticker(client, { hz: HZ, onTick: ({ tick }) => client.sendMessage(Move, tick) });
  await done.promise;
  expect(early).toEqual([]);
  // None is missing, and none came twice.
  expect(seen).toEqual(seen.map((_tick, index) => index + 1));
  server.stop();
  client.stop();
  expect([loop.stopped, player.stopped]).toEqual([true, true]);
});
