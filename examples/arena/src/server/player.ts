// A player of a room: somebody at a page, or a bot.

import type { ClientOnServer } from "@peng3dnet/core";
import { type Body, move, type Steering } from "../shared/motion.js";
import type { Area } from "./areas.js";

/** Steps of a player that wait to be made; more are left out. */
const MOST_WAITING = 10;
/** Steps that a player may make at once to catch up, where the network held them back. */
const MOST_SAVED = 4;

interface Step extends Steering {
  readonly step: number;
}

export class Player {
  readonly id: number;
  readonly name: string;
  /** Who plays it; `undefined`: a bot. */
  readonly client: ClientOnServer | undefined;
  readonly body: Body;
  area: Area | undefined = undefined;
  sparks = 0;
  wins = 0;
  /** Last step of the page's that was made. */
  step = 0;
  #waiting: Step[] = [];
  #saved = 0;

  constructor(
    id: number,
    name: string,
    client: ClientOnServer | undefined,
    { x, y }: { readonly x: number; readonly y: number },
  ) {
    this.id = id;
    this.name = name;
    this.client = client;
    this.body = { x, y, vx: 0, vy: 0, dash: 0, rest: 0, stun: 0 };
  }

  /** Whether its line is broken. It keeps its place, and nobody can do it harm. */
  get away(): boolean {
    return this.client?.suspended === true;
  }

  /** The page wants to make a step. */
  steer(step: Step): void {
    if (step.step > this.step && this.#waiting.length < MOST_WAITING) this.#waiting.push(step);
  }

  /**
   * Makes the steps that have come: one for each step of the game, and no more. So what the page foresaw is just what happens, and
   * nobody gets faster by sending more.
   */
  advance(): void {
    this.#saved = Math.min(MOST_SAVED, this.#saved + 1);
    while (this.#saved > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#saved--;
      this.step = next.step;
      move(this.body, next);
    }
  }
}
