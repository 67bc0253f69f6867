// A player that is none: wanders about, and now and then goes into another room.

import { type Client, type Ticker, ticker } from "@peng3dnet/core";
import { InView, Join, Leave, News, OutOfView, type packets, type Seen, Steer } from "./shared.js";

/** Decisions of a bot in a second. */
const DECISIONS = 4;

/** A source of numbers from 0 to 1 that a seed determines, so that a game can be played again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export class Bot {
  readonly client: Client<(typeof packets)[number]>;
  /** What it sees, by id. */
  readonly view = new Map<number, Seen>();
  /** Who has come or gone since it is in its room. */
  readonly news: { readonly id: number; readonly here: boolean }[] = [];
  /** The room that it is in. */
  room: string | undefined = undefined;
  readonly #random: () => number;

  /** @param random - numbers from 0 to 1. */
  constructor(client: Client<(typeof packets)[number]>, random: () => number) {
    this.client = client;
    this.#random = random;
    client.on(InView, (players) => {
      for (const player of players) this.view.set(player.id, player);
    });
    client.on(OutOfView, (ids) => {
      for (const id of ids) this.view.delete(id);
    });
    client.on(News, (news) => void this.news.push(news));
  }

  /** Goes into a room. @throws RequestError, as the definition of `Join` says. */
  async join(room: string): Promise<number> {
    const { id } = await this.client.request(Join, { room });
    this.room = room;
    return id;
  }

  async leave(): Promise<void> {
    await this.client.request(Leave, null);
    this.room = undefined;
  }

  /** Leaves its room, and goes into one of these. */
  async wander(rooms: readonly string[]): Promise<void> {
    if (this.room !== undefined) await this.leave();
    await this.join(rooms[Math.floor(this.#random() * rooms.length)] as string);
  }

  /** Heads somewhere else, or stands still. */
  steer(): void {
    const direction = () => Math.round(this.#random() * 2 - 1);
    this.client.sendMessage(Steer, { dx: direction(), dy: direction() });
  }

  /** Plays until its client is stopped, or the ticker. @param rooms - where it goes now and then. */
  play(rooms: readonly string[]): Ticker {
    return ticker(this.client, {
      hz: DECISIONS,
      onTick: async () => {
        if (!this.client.active) return;
        if (this.#random() < 0.05) await this.wander(rooms).catch(() => {});
        else if (this.#random() < 0.5) this.steer();
      },
    });
  }
}
