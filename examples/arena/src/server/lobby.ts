// Rooms that fill and split. Whoever comes is led to the fullest room that has a place; where there is none, a room opens. After a
// round a room that is too full is split, and one that nobody is in is closed.

import type { ClientOnServer } from "@peng3dnet/core";
import { Join, Leave, MOST, Moved, type RoomInfo, Steer } from "../shared/packets.js";
import { Player } from "./player.js";
import { type House, Room } from "./room.js";
import { type Seat, Seats } from "./seats.js";

/** People of a room above which it is split after the round. */
const SPLIT = 18;
const NAMES = ["Amber", "Basalt", "Cedar", "Dune", "Ember", "Fjord", "Grove", "Harbour", "Isle", "Juniper"];

/** What a page asks for with `Join`. */
interface Wish {
  readonly name: string;
  /** `null`: any that has a place. */
  readonly room: string | null;
  readonly seat: string | null;
}

export class Lobby {
  readonly #house: House;
  readonly #seats: Seats;
  readonly #rooms = new Map<string, Room>();
  /** Where each client plays, and the key of its seat. */
  readonly #places = new Map<ClientOnServer, { room: Room; readonly key: string }>();

  /** @param begun - the server's time of step 0. */
  constructor(house: Omit<House, "id">, seats: Seats, begun: number) {
    const { server } = house;
    let id = 0;
    this.#house = { ...house, id: () => ++id };
    this.#seats = seats;
    this.#open();
    server.answer(Join, (wish, { client }) => ({ ...this.#join(client, wish), time: begun }));
    server.answer(Leave, (_nothing, { client }) => {
      const key = this.leave(client);
      if (key !== undefined) this.#seats.take(key);
      return null;
    });
    server.on(Steer, (step, { client }) => this.#places.get(client)?.room.playerOf(client)?.steer(step));
    server.on("close", (client) => void this.leave(client));
  }

  get rooms(): RoomInfo[] {
    return [...this.#rooms.values()].map(({ info }) => info);
  }

  /** The rooms themselves, for those who want to know it all. */
  get all(): Iterable<Room> {
    return this.#rooms.values();
  }

  /** Makes one step of each room in which there are people. */
  step(tick: number): void {
    for (const room of this.#rooms.values()) {
      if (room.info.people === 0) this.#close(room);
      else if (room.step(tick) && room.info.people > SPLIT) this.#split(room);
    }
  }

  /** Puts a client into a room, with what its seat has kept for it, if it has one. */
  #join(client: ClientOnServer, { name, room: wanted, seat: key }: Wish) {
    this.leave(client);
    const seat = key === null ? undefined : this.#takeSeat(key);
    const room = this.#choose(wanted ?? seat?.room, wanted !== null);
    const player = new Player(this.#house.id(), name, client, seat ?? room.somewhere());
    if (seat !== undefined) {
      player.sparks = seat.sparks;
      player.wins = seat.wins;
    }
    // A seat is good for once: the next time takes the new key.
    const place = { room, key: Seats.key() };
    this.#places.set(client, place);
    room.join(client, player);
    return { id: player.id, room: room.name, seat: place.key, again: seat !== undefined };
  }

  /** Takes a client out of its room, and keeps its seat. @returns the key of it. */
  leave(client: ClientOnServer): string | undefined {
    const place = this.#places.get(client);
    if (place === undefined) return undefined;
    this.#keepSeat(client, place);
    this.#places.delete(client);
    place.room.leave(client);
    return place.key;
  }

  /** Keeps the seats of all, for the server that comes next. */
  keepAll(): void {
    for (const place of this.#places) this.#keepSeat(...place);
  }

  #keepSeat(client: ClientOnServer, { room, key }: { readonly room: Room; readonly key: string }): void {
    const player = room.playerOf(client);
    if (player === undefined) return;
    const { body, sparks, wins } = player;
    this.#seats.keep(key, { room: room.name, sparks, wins, x: body.x, y: body.y });
  }

  /** Somebody else may have it: the page that was loaded anew, as long as its session of before waits. */
  #takeSeat(key: string): Seat | undefined {
    for (const [client, place] of this.#places) {
      if (place.key !== key) continue;
      this.leave(client);
      void client.close("seattaken");
    }
    return this.#seats.take(key);
  }

  /** @param strict - whether the player has named the room. A seat in one that is closed or full is good for any. */
  #choose(name: string | undefined, strict: boolean): Room {
    const named = name === undefined ? undefined : this.#rooms.get(name);
    if (named !== undefined && named.info.people < MOST) return named;
    if (strict && named === undefined) throw Join.error("noroom", "There is no such room any more.", null);
    if (strict) throw Join.error("full", "The room is full.", { most: MOST });
    const rooms = [...this.#rooms.values()].filter(({ info }) => info.people < MOST);
    const [fullest] = rooms.sort((a, b) => b.info.people - a.info.people);
    return fullest ?? this.#open();
  }

  #open(): Room {
    let name = NAMES.find((free) => !this.#rooms.has(free));
    for (let n = 2; name === undefined; n++)
      name = NAMES.map((old) => `${old} ${n}`).find((free) => !this.#rooms.has(free));
    const room = new Room(this.#house, name);
    this.#rooms.set(name, room);
    return room;
  }

  /** The last room stays, for those who come. */
  #close(room: Room): void {
    if (this.#rooms.size > 1) this.#rooms.delete(room.name);
  }

  /** Every other one goes on in a room of its own. */
  #split(room: Room): void {
    const other = this.#open();
    const members = [...room.members].filter((client) => client.active);
    for (const client of members.filter((_client, n) => n % 2 === 1)) {
      const [place, player] = [this.#places.get(client), room.leave(client)];
      if (place === undefined || player === undefined) continue;
      place.room = other;
      client.sendMessage(Moved, { room: other.name });
      other.join(client, player);
    }
  }
}
