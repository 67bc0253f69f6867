// One room: who is in it, how they move, and who sees them. This is the game itself.

import type { ClientOnServer, Group, Server } from "@peng3dnet/core";
import { AREA_SIZE, InView, News, OutOfView, type packets, ROOM_SIZE, type Seen, SPEED } from "./shared.js";

type Packets = (typeof packets)[number];
export type GameServer = Server<ClientOnServer, Packets>;
type Viewers = Group<ClientOnServer, Packets>;

/** Where the middle of a room is: players begin there. */
const MIDDLE = ROOM_SIZE / 2;
/** The largest coordinate: the other wall is at 0. */
const WALL = ROOM_SIZE - 1;
const AROUND = [-1, 0, 1];

class Player {
  readonly client: ClientOnServer;
  dx = 0;
  dy = 0;
  x = MIDDLE;
  y = MIDDLE;
  area: Area;

  constructor(client: ClientOnServer, area: Area) {
    this.client = client;
    this.area = area;
  }

  get seen(): Seen {
    return { id: this.client.cid, x: this.x, y: this.y };
  }

  /** Moves, up to the walls. @returns whether it is somewhere else now. */
  move(seconds: number): boolean {
    const { x, y } = this;
    this.x = Math.min(WALL, Math.max(0, x + this.dx * SPEED * seconds));
    this.y = Math.min(WALL, Math.max(0, y + this.dy * SPEED * seconds));
    return this.x !== x || this.y !== y;
  }
}

/** A part of a room. Those who look at it are a group. One whose connection is closing is in it, and can be sent nothing. */
class Area {
  readonly column: number;
  readonly row: number;
  readonly viewers: Viewers;
  readonly players = new Set<Player>();
  /** Players here that have moved in this step. */
  moved: Seen[] = [];

  constructor(column: number, row: number, viewers: Viewers) {
    this.column = column;
    this.row = row;
    this.viewers = viewers;
    viewers.on("enter", (client) => {
      const seen = [...this.players].map((player) => player.seen);
      if (client.active && seen.length > 0) client.sendMessage(InView, seen);
    });
    viewers.on("leave", (client) => {
      const ids = [...this.players].map((player) => player.client.cid);
      if (client.active && ids.length > 0) client.sendMessage(OutOfView, ids);
    });
  }
}

export class Room {
  readonly name: string;
  /** Those who are in the room. */
  readonly members: Viewers;
  readonly #areas: Area[] = [];
  readonly #players = new Map<ClientOnServer, Player>();

  constructor(server: GameServer, name: string) {
    this.name = name;
    this.members = server.group(`room ${name}`);
    this.members.on("leave", (client) => this.#left(client));
    for (let column = 0; column * AREA_SIZE < ROOM_SIZE; column++) {
      for (let row = 0; row * AREA_SIZE < ROOM_SIZE; row++)
        this.#areas.push(new Area(column, row, server.group(`area ${name} ${column} ${row}`)));
    }
  }

  /** Lets a client in. It leaves by leaving the group of members, as each client does whose connection is closed. */
  join(client: ClientOnServer): void {
    const area = this.#areaAt(MIDDLE, MIDDLE);
    const player = new Player(client, area);
    this.#players.set(client, player);
    this.members.broadcast(News, { id: client.cid, here: true });
    this.members.add(client);
    area.viewers.broadcast(InView, [player.seen]);
    area.players.add(player);
    this.#look(player);
  }

  /** A player is heading somewhere else. */
  steer(client: ClientOnServer, dx: number, dy: number): void {
    Object.assign(this.#players.get(client) ?? {}, { dx, dy });
  }

  /** Moves all players, and tells those who see them. */
  step(seconds: number): void {
    const crossed: Player[] = [];
    for (const player of this.#players.values()) {
      if (!player.move(seconds)) continue;
      const [before, area] = [player.area, this.#areaAt(player.x, player.y)];
      area.moved.push(player.seen);
      if (before === area) continue;
      before.players.delete(player);
      area.players.add(player);
      player.area = area;
      before.viewers.broadcast(OutOfView, [player.client.cid], { except: area.viewers });
      crossed.push(player);
    }
    for (const area of this.#areas) {
      if (area.moved.length > 0) area.viewers.broadcast(InView, area.moved);
      area.moved = [];
    }
    for (const player of crossed) this.#look(player);
  }

  /** All players, for those who want to know it all. */
  get players(): Seen[] {
    return [...this.#players.values()].map((player) => player.seen);
  }

  #areaAt(x: number, y: number): Area {
    const [column, row] = [Math.floor(x / AREA_SIZE), Math.floor(y / AREA_SIZE)];
    return this.#areas.find((area) => area.column === column && area.row === row) as Area;
  }

  /** A player sees its own area and those around it, and no others. */
  #look({ client, area: { column, row } }: Player): void {
    for (const area of this.#areas) {
      const visible = AROUND.includes(area.column - column) && AROUND.includes(area.row - row);
      if (visible) area.viewers.add(client);
      else area.viewers.delete(client);
    }
  }

  #left(client: ClientOnServer): void {
    const player = this.#players.get(client);
    if (player === undefined) return;
    this.#players.delete(client);
    // It sees nothing any more, itself included, and nobody sees it.
    for (const area of this.#areas) area.viewers.delete(client);
    player.area.players.delete(player);
    player.area.viewers.broadcast(OutOfView, [client.cid]);
    this.members.broadcast(News, { id: client.cid, here: false });
  }
}
