// Interpolation: others are drawn a moment ago, between two places that the server has told, so that they move smoothly however
// unevenly the packets come.

import { FINE } from "../src/shared/packets.js";

/** How far back others are drawn, in seconds: two steps, and a little for what comes late. */
export const BEHIND = 0.125;
/** Who is not told of for so long is out of view. */
const GONE = 0.4;
const MOST_KEPT = 20;

export interface Shown {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  readonly flags: number;
}

interface Place extends Shown {
  readonly time: number;
}

export class Others {
  readonly #places = new Map<number, Place[]>();

  /** The server has told where some are. @param time - of the step, in the game's seconds. */
  told(time: number, at: readonly number[]): void {
    for (let n = 0; n + 3 < at.length; n += 4) {
      const [id, x, y, flags] = at.slice(n, n + 4) as [number, number, number, number];
      const places = this.#places.get(id) ?? [];
      // After a break, old ones come together with new ones. Those out of order are of no use.
      if ((places.at(-1)?.time ?? -1) >= time) continue;
      places.push({ id, x: x / FINE, y: y / FINE, flags, time });
      if (places.length > MOST_KEPT) places.shift();
      this.#places.set(id, places);
    }
  }

  forget(): void {
    this.#places.clear();
  }

  /** Where they are to be drawn. @param now - the game's time, in seconds. */
  at(now: number): Shown[] {
    const time = now - BEHIND;
    const shown: Shown[] = [];
    for (const [id, places] of this.#places) {
      const last = places.at(-1) as Place;
      if (last.time < time - GONE) {
        this.#places.delete(id);
        continue;
      }
      const next = places.findIndex((place) => place.time > time);
      if (next === -1) shown.push(last);
      else if (next > 0) shown.push(between(places[next - 1] as Place, places[next] as Place, time));
    }
    return shown;
  }
}

function between(a: Place, b: Place, time: number): Shown {
  const part = (time - a.time) / (b.time - a.time);
  return { id: a.id, flags: a.flags, x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
}
