// What the page knows of its room, from what the server tells.

import { HZ, RADIUS } from "../src/shared/motion.js";
import {
  News,
  type NewsItem,
  People,
  Positions,
  Scores,
  Sparks,
  type Who,
  You,
} from "../src/shared/packets.js";
import { GameClock } from "./clock.js";
import type { GameClient } from "./connection.js";
import { BEHIND, Others } from "./interpolation.js";
import { Prediction } from "./prediction.js";

/** How near the player's middle a spark is taken. */
const REACH = RADIUS + 12;
/** Seconds for which a spark that the page took is hidden before the server has said so. */
const HIDDEN = 0.5;

export interface Spark {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  /** Until when it is hidden, in the game's time. */
  hidden: number;
}

export class World {
  /** Id of the page's own player; 0 until it has joined. */
  me = 0;
  clock: GameClock;
  prediction = new Prediction();
  readonly others = new Others();
  readonly people = new Map<number, Who>();
  readonly sparks = new Map<number, Spark>();
  scores: readonly (readonly [id: number, sparks: number, wins: number])[] = [];
  /** Seconds until the round is over. */
  left = 0;
  /** Steps whose packet came, did not come, and came too late to be drawn in time. */
  readonly frames = { came: 0, lost: 0, late: 0 };
  onNews: (item: NewsItem) => void = () => {};
  /** The player has reached a spark. */
  onTake: (spark: Spark) => void = () => {};
  readonly #client: GameClient;
  #tick = 0;

  /** Listens to what comes. What is in the room is told before the answer to `Join`. */
  constructor(client: GameClient) {
    this.#client = client;
    this.clock = new GameClock(client);
    client.on(You, ({ tick, step, body }) => this.#you(tick, step, body));
    client.on(Positions, ({ tick, at }) => this.others.told(tick / HZ, at));
    client.on(Sparks, ({ add, gone }) => this.#change(add, gone));
    client.on(People, ({ came, left }) => {
      for (const who of came) this.people.set(who.id, who);
      for (const id of left) this.people.delete(id);
    });
    client.on(Scores, ({ left, scores }) => Object.assign(this, { left, scores }));
    client.on(News, (item) => this.onNews(item));
  }

  /** Another session begins: its server counts steps and players anew. */
  begin(): void {
    this.moved();
    this.clock = new GameClock(this.#client);
    this.prediction = new Prediction();
    this.scores = [];
    this.#tick = 0;
  }

  joined(me: number, begun: number): void {
    this.me = me;
    this.clock.begun = begun;
  }

  /** The player is in another room now: what was in the other one is not here. */
  moved(): void {
    this.others.forget();
    this.people.clear();
    this.sparks.clear();
    this.prediction.known = false;
  }

  /** Where a player is drawn, if it is in view. */
  placeOf(id: number): { readonly x: number; readonly y: number } | undefined {
    if (id === this.me) return this.prediction.body;
    return this.others.at(this.clock.now()).find((other) => other.id === id);
  }

  /** Sparks that are to be seen. Those that the player has just reached are hidden: the server will say so. */
  visibleSparks(): Spark[] {
    const { body } = this.prediction;
    const now = this.clock.now();
    const visible: Spark[] = [];
    for (const spark of this.sparks.values()) {
      if (spark.hidden > now) continue;
      if (body.stun === 0 && Math.hypot(spark.x - body.x, spark.y - body.y) < REACH) {
        if (spark.hidden === 0) this.onTake(spark);
        spark.hidden = now + HIDDEN;
      } else visible.push(spark);
    }
    return visible;
  }

  #you(tick: number, step: number, body: readonly number[]): void {
    this.clock.stepCame(tick);
    if (tick <= this.#tick) return;
    // One comes with each step of the server, unless it was dropped since the line is behind.
    if (this.#tick > 0) this.frames.lost += tick - this.#tick - 1;
    this.#tick = tick;
    this.frames.came++;
    if (this.clock.now() - tick / HZ > BEHIND) this.frames.late++;
    this.prediction.correct(step, body, performance.now() / 1000);
  }

  #change(add: readonly number[], gone: readonly number[]): void {
    for (let n = 0; n + 2 < add.length; n += 3) {
      const [id, x, y] = add.slice(n, n + 3) as [number, number, number];
      this.sparks.set(id, { id, x, y, hidden: 0 });
    }
    for (const id of gone) this.sparks.delete(id);
  }
}
