// The server's side: rooms by request, and the loop.

import { type Tick, type Ticker, ticker } from "@peng3dnet/core";
import { type GameServer, Room } from "./room.js";
import { HZ, Join, Leave, List, Steer } from "./shared.js";

/** What can be set for a game. */
export interface GameOptions {
  readonly rooms: readonly string[];
  /** Players in a room at most. Default 16. */
  readonly most?: number;
  /** Is told of each step, after it was made. */
  readonly onStep?: (tick: Tick) => void;
}

/** A game that runs. */
export interface Game {
  readonly rooms: ReadonlyMap<string, Room>;
  readonly loop: Ticker;
}

/** Plays the game on a server, which has been started with `runAsync()`, until it is stopped. */
export function play(server: GameServer, { rooms: names, most = 16, onStep }: GameOptions): Game {
  const rooms = new Map(names.map((name) => [name, new Room(server, name)]));
  const roomOf = (client: number) => [...rooms.values()].find(({ members }) => members.has(client));

  server.answer(Join, ({ room: name }, { client }) => {
    const [room, before] = [rooms.get(name), roomOf(client.cid)];
    if (before !== undefined) throw Join.error("elsewhere", "Leave first.", { room: before.name });
    if (room === undefined) throw Join.error("noroom", "There is no such room.", null);
    if (room.members.size >= most) throw Join.error("full", "The room is full.", { most });
    room.join(client);
    return { id: client.cid, players: room.members.size };
  });
  server.answer(Leave, (_nothing, { client }) => {
    if (roomOf(client.cid)?.members.delete(client) !== true)
      throw Leave.error("nowhere", "You are in no room.", null);
    return null;
  });
  server.answer(List, () => [...rooms].map(([name, { members }]) => ({ name, players: members.size })));
  server.on(Steer, ({ dx, dy }, { client }) => roomOf(client.cid)?.steer(client, dx, dy));

  const loop = ticker(server, {
    hz: HZ,
    onTick(tick) {
      for (const room of rooms.values()) room.step(tick.dt * (tick.skipped + 1));
      onStep?.(tick);
    },
  });
  return { rooms, loop };
}
