// What a player has, kept for a while after it is gone: a page that is loaded anew, a session that came back too late, and a
// server that is started again find it here.

import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import * as v from "valibot";

/** Seconds for which a seat is kept. */
const KEPT = 120;
const MOST = 1000;

const Seat = v.object({
  room: v.string(),
  sparks: v.number(),
  wins: v.number(),
  x: v.number(),
  y: v.number(),
  /** Milliseconds since 1970. */
  until: v.number(),
});
export type Seat = v.InferOutput<typeof Seat>;

const File = v.array(v.tuple([v.string(), Seat]));

export class Seats {
  readonly #seats: Map<string, Seat>;

  private constructor(seats: Iterable<[string, Seat]>) {
    this.#seats = new Map(seats);
  }

  /** Those that a server has left in a file, which is used up with that; none if there is no file. */
  static load(file: string | undefined): Seats {
    if (file === undefined) return new Seats([]);
    try {
      const seats = v.parse(File, JSON.parse(readFileSync(file, "utf8")));
      rmSync(file);
      return new Seats(seats);
    } catch {
      // There is none, or it is not ours: the players begin anew.
      return new Seats([]);
    }
  }

  /** For the server that comes next. Only this user may read it: who knows a seat has it. */
  save(file: string): void {
    writeFileSync(file, JSON.stringify([...this.#seats]), { mode: 0o600 });
  }

  keep(key: string, seat: Omit<Seat, "until">): void {
    for (const [old, { until }] of this.#seats) {
      if (until > Date.now() && this.#seats.size < MOST) break;
      this.#seats.delete(old);
    }
    this.#seats.set(key, { ...seat, until: Date.now() + KEPT * 1000 });
  }

  /** Gives a seat out, once. */
  take(key: string): Seat | undefined {
    const seat = this.#seats.get(key);
    this.#seats.delete(key);
    return seat !== undefined && seat.until > Date.now() ? seat : undefined;
  }

  /** A key that nobody can guess. */
  static key(): string {
    return randomBytes(18).toString("base64url");
  }
}
