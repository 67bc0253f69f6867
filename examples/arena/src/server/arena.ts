// The server: page and game on one port, and how it ends.

import { createServer, type Server as HttpServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type Address, Server } from "@peng3dnet/core";
import { enablePing } from "@peng3dnet/ping";
import { webSocketAcceptor } from "@peng3dnet/websocket";
import { ProgramError } from "@peng3dnet-examples/cli";
import { answerWith, bundlePage, type Page } from "@peng3dnet-examples/cli/page";
import { PATH, packets, Restarting } from "../shared/packets.js";
import type { ArenaServer } from "./areas.js";
import { CONFIG, type GameOptions, runGame } from "./game.js";
import type { Lobby } from "./lobby.js";
import { alone, joinNodes, type Nodes } from "./nodes.js";
import { Seats } from "./seats.js";

/** The page to play at. */
export const arenaPage = (): Promise<Page> => bundlePage(new URL("../../web/", import.meta.url));

export interface ArenaOptions extends Omit<GameOptions, "seats" | "onWon"> {
  readonly addr: Address;
  /** Default: bundled now, which takes about a second. */
  readonly page?: Page | undefined;
  /** File in which a server that stops leaves the seats of its players for the next one. */
  readonly seats?: string | undefined;
  /** Address of a nats-server, to be one of several nodes. */
  readonly nats?: string | undefined;
}

export interface Arena {
  readonly server: ArenaServer;
  readonly lobby: Lobby;
  readonly url: string;
  /** Lets nobody in any more, tells the players, keeps their seats, and ends. */
  stop(): Promise<void>;
}

export async function startArena(options: ArenaOptions): Promise<Arena> {
  const { addr, seats: file, nats, onStep, random } = options;
  const page = options.page ?? (await arenaPage());
  let nodes: Nodes | undefined;
  const urls = (): string[] => nodes?.urls() ?? [];
  const http = createServer(answerWith(page, () => urls().map(toWebSocket)));
  // A page of another node may play here, too.
  const origins = (origin: string, { headers: { host } }: IncomingMessage): boolean =>
    [`http://${host}`, `https://${host}`, ...urls()].includes(origin);
  const acceptor = webSocketAcceptor({ server: http, path: PATH, origins });
  const server: ArenaServer = new Server({ acceptor, cfg: CONFIG, packets });
  const seats = Seats.load(file);
  await server.runAsync(); // packets wait for the next step
  const lobby = runGame(server, { seats, random, onStep, onWon: (item, room) => nodes?.tell(item, room) });
  enablePing(server, () => ({ rooms: lobby.rooms, nodes: urls() }));
  let url: URL;
  try {
    url = await listen(http, addr);
    nodes = nats === undefined ? alone(server) : await joinNodes(server, url, nats);
  } catch (error) {
    await end();
    throw error;
  }

  async function end(): Promise<void> {
    await server.shutdown({ timeout: 3 });
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }

  return {
    server,
    lobby,
    url: url.origin,
    async stop() {
      void server.drain().catch(() => {});
      server.broadcast(Restarting, null);
      lobby.keepAll();
      if (file !== undefined) seats.save(file);
      await end();
    },
  };
}

/** @returns where it listens, as pages reach it. */
async function listen(http: HttpServer, [host, port]: Address): Promise<URL> {
  await new Promise<void>((resolve, reject) => {
    http.once("error", ({ message }) => reject(new ProgramError(message)));
    http.listen(port, host, resolve);
  });
  const bound = (http.address() as AddressInfo).port;
  return new URL(`http://${host.includes(":") ? `[${host}]` : host}:${bound}`);
}

function toWebSocket(url: string): string {
  return url.replace(/^http/, "ws");
}
