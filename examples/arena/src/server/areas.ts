// Who sees what. A room is cut into areas, and those who look at one are a group: what happens there is encoded once for all of
// them. A player looks at its own area and those around it.

import type { ClientOnServer, Group, Server } from "@peng3dnet/core";
import { WORLD } from "../shared/motion.js";
import { AWAY, DASHES, FINE, Positions, type packets, Sparks, STUNNED } from "../shared/packets.js";
import type { Player } from "./player.js";

export type Packets = (typeof packets)[number];
export type ArenaServer = Server<ClientOnServer, Packets>;
export type Viewers = Group<ClientOnServer, Packets>;

/** Length of an area's sides. A page shows this far in each direction, and no further. */
const AREA_SIZE = 500;
const COLUMNS = WORLD / AREA_SIZE;

export interface Spark {
  readonly id: number;
  readonly x: number;
  readonly y: number;
}

const flat = (sparks: Iterable<Spark>): number[] => [...sparks].flatMap(({ id, x, y }) => [id, x, y]);

export class Area {
  readonly column: number;
  readonly row: number;
  readonly viewers: Viewers;
  readonly players = new Set<Player>();
  readonly #sparks = new Set<Spark>();
  /** What has changed since it was told. */
  #add: Spark[] = [];
  #gone: number[] = [];

  constructor(column: number, row: number, viewers: Viewers) {
    this.column = column;
    this.row = row;
    this.viewers = viewers;
  }

  get sparks(): ReadonlySet<Spark> {
    return this.#sparks;
  }

  put(spark: Spark): void {
    this.#sparks.add(spark);
    this.#add.push(spark);
  }

  take(spark: Spark): void {
    this.#sparks.delete(spark);
    this.#gone.push(spark.id);
  }

  /** Tells a newcomer what is here, and one who looks away that it is out of view. */
  look(client: ClientOnServer, sees: boolean): void {
    if (sees ? !this.viewers.add(client) : !this.viewers.delete(client)) return;
    if (!client.active) return;
    const add = sees ? flat(this.#sparks) : [];
    const gone = sees ? [] : [...this.#sparks].map(({ id }) => id);
    if (add.length + gone.length > 0) client.sendMessage(Sparks, { add, gone });
  }

  /** Tells all who look here what has changed, and where everybody is. */
  tell(tick: number): void {
    if (this.#add.length + this.#gone.length > 0)
      this.viewers.broadcast(Sparks, { add: flat(this.#add), gone: this.#gone });
    this.#add = [];
    this.#gone = [];
    if (this.players.size === 0) return;
    const at: number[] = [];
    for (const player of this.players) {
      const { x, y, dash, stun } = player.body;
      const flags = (dash > 0 ? DASHES : 0) | (stun > 0 ? STUNNED : 0) | (player.away ? AWAY : 0);
      at.push(player.id, Math.round(x * FINE), Math.round(y * FINE), flags);
    }
    this.viewers.broadcast(Positions, { tick, at });
  }
}

/** The areas of a room. */
export class Areas {
  readonly #areas: Area[] = [];

  constructor(server: ArenaServer, room: string) {
    for (let n = 0; n < COLUMNS * COLUMNS; n++) {
      const [column, row] = [n % COLUMNS, Math.floor(n / COLUMNS)];
      this.#areas.push(new Area(column, row, server.group(`area ${room} ${column} ${row}`)));
    }
  }

  [Symbol.iterator](): IterableIterator<Area> {
    return this.#areas.values();
  }

  at(x: number, y: number): Area {
    const [column, row] = [x, y].map((part) =>
      Math.min(COLUMNS - 1, Math.max(0, Math.floor(part / AREA_SIZE))),
    ) as [number, number];
    return this.#areas[row * COLUMNS + column] as Area;
  }

  /** The areas, one to four, that a square around a point touches. */
  near(x: number, y: number, reach: number): Set<Area> {
    const [left, right, top, bottom] = [x - reach, x + reach, y - reach, y + reach];
    return new Set([this.at(left, top), this.at(right, top), this.at(left, bottom), this.at(right, bottom)]);
  }

  /** Puts a player where its body is. One that is in another area now sees other things. */
  place(player: Player): void {
    const area = this.at(player.body.x, player.body.y);
    if (player.area === area) return;
    player.area?.players.delete(player);
    player.area = area;
    area.players.add(player);
    if (player.client === undefined) return;
    for (const other of this.#areas) {
      const near = Math.abs(other.column - area.column) <= 1 && Math.abs(other.row - area.row) <= 1;
      other.look(player.client, near);
    }
  }

  /** Takes a player out. It sees nothing any more. */
  remove(player: Player): void {
    player.area?.players.delete(player);
    player.area = undefined;
    if (player.client === undefined) return;
    for (const area of this.#areas) area.look(player.client, false);
  }
}
