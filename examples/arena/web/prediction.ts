// Prediction: the page moves its own player at once, by the code that the server runs, and mends what the server says otherwise.

import { type Body, HZ, move, type Steering } from "../src/shared/motion.js";

/** Steps that may be on their way. With a line that is slower, the page waits for the server. */
const MOST_PENDING = 2 * HZ;
/** Difference above which the player is just put where it is. */
const TOO_FAR = 250;
/** Share of a difference that is left after a second. */
const LEFT_AFTER_SECOND = 0.0005;

interface Step extends Steering {
  readonly step: number;
}

export class Prediction {
  readonly body: Body = { x: 0, y: 0, vx: 0, vy: 0, dash: 0, rest: 0, stun: 0 };
  /** Whether the server has said where the player is. */
  known = false;
  #step = 0;
  #pending: Step[] = [];
  /** Where the last step began, and when it was made. */
  #from = { x: 0, y: 0 };
  #at = 0;
  /** What is still shown beside where the player is. It gets less in each frame. */
  #off = { x: 0, y: 0, at: 0 };

  /** Makes a step. @returns what to tell the server. */
  step(steering: Steering, now: number): Step | undefined {
    if (!this.known || this.#pending.length >= MOST_PENDING) return undefined;
    const step = { step: ++this.#step, ...steering };
    this.#pending.push(step);
    this.#from = { x: this.body.x, y: this.body.y };
    this.#at = now;
    move(this.body, step);
    return step;
  }

  /** The server has made the steps up to this one, and says where that led. Those after it are made again from there. */
  correct(step: number, body: readonly number[], now: number): void {
    const before = { x: this.body.x, y: this.body.y };
    const [x = 0, y = 0, vx = 0, vy = 0, dash = 0, rest = 0, stun = 0] = body;
    Object.assign(this.body, { x, y, vx, vy, dash, rest, stun });
    this.#step = Math.max(this.#step, step);
    this.#pending = this.#pending.filter((pending) => pending.step > step);
    for (const pending of this.#pending) move(this.body, pending);
    const [dx, dy] = [before.x - this.body.x, before.y - this.body.y];
    if (!this.known || Math.hypot(dx, dy) > TOO_FAR) {
      this.known = true;
      this.#from = { x: this.body.x, y: this.body.y };
      this.#off = { x: 0, y: 0, at: now };
      return;
    }
    this.#from = { x: this.#from.x - dx, y: this.#from.y - dy };
    const { x: offX, y: offY } = this.#offset(now);
    this.#off = { x: offX + dx, y: offY + dy, at: now };
  }

  /** Where to draw the player: between its last two steps. @param now - in seconds. */
  shown(now: number): { x: number; y: number } {
    const part = Math.min(1, (now - this.#at) * HZ);
    const off = this.#offset(now);
    return {
      x: this.#from.x + (this.body.x - this.#from.x) * part + off.x,
      y: this.#from.y + (this.body.y - this.#from.y) * part + off.y,
    };
  }

  #offset(now: number): { x: number; y: number } {
    const left = LEFT_AFTER_SECOND ** Math.max(0, now - this.#off.at);
    return { x: this.#off.x * left, y: this.#off.y * left };
  }
}
