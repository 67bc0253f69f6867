// The server: page and game on one port, and how it ends.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Address, Server } from "@peng3dnet/core";
import { enablePing } from "@peng3dnet/ping";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { loadPage } from "@peng3dnet-examples/cli/page";
import { PATH, packets, Restarting } from "../shared/packets.js";
import type { ArenaServer } from "./areas.js";
import { CONFIG, type GameOptions, runGame } from "./game.js";
import type { Lobby } from "./lobby.js";
import { Seats } from "./seats.js";

const PAGE = new URL("../../web/", import.meta.url);

export interface ArenaOptions extends Omit<GameOptions, "seats"> {
  readonly addr: Address;
  /** File in which a server that stops leaves the seats of its players for the next one. */
  readonly seats?: string | undefined;
}

export interface Arena {
  readonly server: ArenaServer;
  readonly lobby: Lobby;
  readonly url: string;
  /** Lets nobody in any more, tells the players, keeps their seats, and ends. */
  stop(): Promise<void>;
}

export async function startArena({ addr, seats: file, onStep, random }: ArenaOptions): Promise<Arena> {
  const http = createServer(await loadPage(PAGE));
  const acceptor = webSocketAcceptor({ server: http, path: PATH });
  const server: ArenaServer = new Server({ acceptor, cfg: CONFIG, packets });
  const seats = Seats.load(file);
  await server.runAsync(); // packets wait for the next step
  const lobby = runGame(server, { seats, random, onStep });
  enablePing(server, () => ({ rooms: lobby.rooms }));
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
