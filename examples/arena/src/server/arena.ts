// The server: a page and a game on one port, at 20 steps a second.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Address, Server, type Tick, ticker } from "@peng3dnet/core";
import { enablePing } from "@peng3dnet/ping";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { HZ } from "../shared/motion.js";
import { PATH, packets, Restarting } from "../shared/packets.js";
import type { ArenaServer } from "./areas.js";
import { Lobby } from "./lobby.js";
import { loadPage } from "./page.js";
import { Seats } from "./seats.js";

export interface ArenaOptions {
  readonly addr: Address;
  /** File in which a server that stops leaves the seats of its players for the next one. */
  readonly seats?: string | undefined;
  /** Is told of each step, with the milliseconds that it took. */
  readonly onStep?: (tick: Tick, took: number) => void;
  readonly random?: () => number;
}

export interface Arena {
  readonly server: ArenaServer;
  readonly lobby: Lobby;
  readonly url: string;
  /** Lets nobody in any more, tells the players, keeps their seats, and ends. */
  stop(): Promise<void>;
}

const CONFIG = {
  // A player whose line breaks keeps its place for half a minute.
  "net.resume.window": 30,
  // A line that is gone is found out in four seconds, and the panel has a round trip each second.
  "net.heartbeat.interval": 1,
  "net.heartbeat.timeout": 3,
  // Positions are outdated by the next ones: a line with so much unsent goes without, and what must arrive goes on.
  "net.limits.unsent.highwater": 32 * 1024,
  "net.limits.unsent.policy": "drop",
} as const;

export async function startArena({
  addr,
  seats: file,
  onStep,
  random = Math.random,
}: ArenaOptions): Promise<Arena> {
  const http = createServer(await loadPage());
  const acceptor = webSocketAcceptor({ server: http, path: PATH });
  const server: ArenaServer = new Server({ acceptor, cfg: CONFIG, packets });
  const seats = Seats.load(file);
  // Step `n` is due `n / HZ` seconds after this. The pages know the server's time, and so the time of each step.
  const begun = server.serverTime().time;
  const lobby = new Lobby(server, seats, random, begun);
  enablePing(server, () => ({ rooms: lobby.rooms }));
  await server.runAsync(); // packets wait for the next step
  ticker(server, {
    hz: HZ,
    onTick(tick) {
      const begin = performance.now();
      lobby.step(tick.tick);
      onStep?.(tick, performance.now() - begin);
    },
  });
  const [host, port] = addr;
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, resolve);
  });
  const bound = (http.address() as AddressInfo).port;

  return {
    server,
    lobby,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    async stop() {
      void server.drain().catch(() => {});
      server.broadcast(Restarting, null);
      lobby.keepAll();
      if (file !== undefined) seats.save(file);
      await server.shutdown({ timeout: 3 });
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
