// Plays where too few people are: goes for sparks, keeps away from saws, and now and then dashes into somebody.

import { move, SAW_RADIUS, type Saw, type Steering } from "../shared/motion.js";
import type { Spark } from "./areas.js";
import { Player } from "./player.js";

/** Steps from one decision to the next: a bot is not quicker than people are. */
const THINKS_EVERY = 6;
/** How near somebody is whom a bot dashes into, and how near a saw from which it keeps away. */
const DASH_WITHIN = 130;
const SHY = 130;
/** How fast a bot goes for sparks: people are to win. */
const PACE = 0.6;

export interface Surroundings {
  readonly players: Iterable<Player>;
  readonly sparks: Iterable<Spark>;
  readonly saws: readonly Saw[];
}

const NAMES = [
  "Ada",
  "Blaise",
  "Curie",
  "Dirac",
  "Emmy",
  "Fermi",
  "Grace",
  "Hedy",
  "Ivan",
  "Joule",
  "Kurt",
  "Lise",
];

export class Bot extends Player {
  readonly #random: () => number;
  #steering: Steering = { dx: 0, dy: 0, dash: false };
  #until: number;

  constructor(
    id: number,
    number: number,
    at: { readonly x: number; readonly y: number },
    random: () => number,
  ) {
    super(id, NAMES[number % NAMES.length] as string, undefined, at);
    this.#random = random;
    this.#until = Math.floor(random() * THINKS_EVERY);
  }

  /** Makes one step. */
  play(around: Surroundings): void {
    if (--this.#until <= 0) {
      this.#until = THINKS_EVERY;
      this.#steering = this.#decide(around);
    }
    move(this.body, this.#steering);
  }

  #decide({ players, sparks, saws }: Surroundings): Steering {
    const saw = nearest(this, saws);
    if (saw !== undefined && saw.distance < SHY + SAW_RADIUS) return away(this, saw.found);
    const victims = [...players].filter((player) => player !== this && player.sparks > 3 && !player.away);
    const victim = nearest(
      this,
      victims.map(({ body }) => body),
    );
    if (victim !== undefined && victim.distance < DASH_WITHIN && this.#random() < 0.25)
      return { ...towards(this, victim.found), dash: true };
    const spark = nearest(this, sparks);
    if (spark !== undefined) {
      const { dx, dy } = towards(this, spark.found);
      return { dx: dx * PACE, dy: dy * PACE, dash: false };
    }
    return { dx: this.#random() * 2 - 1, dy: this.#random() * 2 - 1, dash: false };
  }
}

interface Place {
  readonly x: number;
  readonly y: number;
}

function nearest<P extends Place>(
  { body }: Player,
  places: Iterable<P>,
): { found: P; distance: number } | undefined {
  let best: { found: P; distance: number } | undefined;
  for (const found of places) {
    const distance = Math.hypot(found.x - body.x, found.y - body.y);
    if (best === undefined || distance < best.distance) best = { found, distance };
  }
  return best;
}

function towards({ body }: Player, { x, y }: Place): { dx: number; dy: number } {
  const [dx, dy] = [x - body.x, y - body.y];
  const length = Math.hypot(dx, dy) || 1;
  return { dx: dx / length, dy: dy / length };
}

/** Away from it, and a little to the side: a bot at a wall gets along it. */
function away(bot: Player, place: Place): Steering {
  const { dx, dy } = towards(bot, place);
  const length = Math.hypot(dx + dy / 2, dy - dx / 2) || 1;
  return { dx: -(dx + dy / 2) / length, dy: -(dy - dx / 2) / length, dash: false };
}
