// The loop: 20 steps a second, each with the packets that have come before it.

import { type Tick, ticker } from "@peng3dnet/core";
import { HZ } from "../shared/motion.js";
import type { NewsItem } from "../shared/packets.js";
import type { ArenaServer, Viewers } from "./areas.js";
import { Lobby } from "./lobby.js";
import type { Seats } from "./seats.js";

export const CONFIG = {
  // A player whose line breaks keeps its place for half a minute.
  "net.resume.window": 30,
  // A line that is gone is found out in four seconds, and the panel has a round trip each second.
  "net.heartbeat.interval": 1,
  "net.heartbeat.timeout": 3,
  // Positions are outdated by the next ones: a line with so much unsent goes without, and what must arrive goes on.
  "net.limits.unsent.highwater": 32 * 1024,
  "net.limits.unsent.policy": "drop",
} as const;

export interface GameOptions {
  readonly seats: Seats;
  /** Numbers from 0 to 1: tests choose them. Default: any. */
  readonly random?: (() => number) | undefined;
  /** Is told who has won a round, for those of other rooms. */
  readonly onWon?: ((item: NewsItem, room: Viewers) => void) | undefined;
  /** Is told of each step, with the milliseconds that the game took for it. */
  readonly onStep?: ((tick: Tick, took: number) => void) | undefined;
}

/** Plays on a server, which has been started with `runAsync()`, until it is stopped. */
export function runGame(
  server: ArenaServer,
  { seats, random = Math.random, onStep, onWon = () => {} }: GameOptions,
): Lobby {
  // Step `n` is due `n / HZ` seconds after this. The pages know the server's time, and so the time of each step.
  const begun = server.serverTime().time;
  const lobby = new Lobby({ server, random, onWon }, seats, begun);
  ticker(server, {
    hz: HZ,
    onTick(tick) {
      const begin = performance.now();
      lobby.step(tick.tick);
      onStep?.(tick, performance.now() - begin);
    },
  });
  return lobby;
}
