// What stands around the field: sparks, time, the best players, news, and how the line is.

import type { NewsItem } from "../src/shared/packets.js";
import type { Line } from "./connection.js";
import { element, part } from "./page.js";
import type { World } from "./world.js";

const BEST = 5;
const MOST_NEWS = 4;
/** Milliseconds that a line of news, and that good news of the line stay. */
const STAYS = 4000;

/** What a newcomer is told. */
const KEYS = "Go with the arrows or the mouse, dash into others with Space.";
const TOUCH = "Drag to go, tap Dash to dash into others.";

export class Hud {
  #banner: ReturnType<typeof setTimeout> | undefined;

  /** Shows the scores. */
  update({ scores, people, me, left }: World, room: string): void {
    if (scores.length === 0) return; // between two sessions, what was there last stays
    const sorted = [...scores].sort((a, b) => b[1] - a[1]);
    const mine = sorted.find(([id]) => id === me);
    part("sparks").textContent = sparksOf(mine?.[1] ?? 0);
    part("round").textContent = `${room}, ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    const lines = sorted.slice(0, BEST);
    if (mine !== undefined && !lines.includes(mine)) lines.push(mine);
    part("scores").replaceChildren(
      ...lines.map(([id, sparks, wins]) => {
        const line = element("li", "", id === me ? "me" : "");
        const { name = "", bot = false } = people.get(id) ?? {};
        line.append(
          element("span", `${id === me ? "you" : name}${bot ? " (bot)" : ""}${wins > 0 ? ` ★${wins}` : ""}`),
          element("span", String(sparks)),
        );
        return line;
      }),
    );
  }

  /** Tells what has happened to the player, and who won. */
  news(item: NewsItem, world: World): void {
    const text = textOf(item, world);
    if (text === undefined) return;
    const line = element("li", text, item.what === "won" ? "won" : "");
    const list = part("news");
    list.append(line);
    while (list.childElementCount > MOST_NEWS) list.firstElementChild?.remove();
    setTimeout(() => line.remove(), STAYS);
  }

  /** Says how the line is, in words. */
  line(line: Line): void {
    document.body.dataset.state = line.is === "resumed" ? "playing" : line.is === "ended" ? "lobby" : line.is;
    if (line.is === "suspended") this.#say("Your line is broken. Your place is kept.");
    else if (line.is === "resumed") this.#say(`Back in your place after ${line.seconds.toFixed(1)} s`, STAYS);
    else if (line.is === "connecting")
      this.#say(line.again ? "The server is away. Your place is kept." : "Connecting");
    else if (line.is === "ended")
      this.#say(line.why); // nobody may look just now
    else if (line.again) this.#say("Back, with all you had", STAYS);
    else
      this.#say(
        `You have the ring. ${matchMedia("(any-pointer: coarse)").matches ? TOUCH : KEYS}`,
        2 * STAYS,
      );
  }

  restarting(): void {
    this.#say("The server restarts. You will be back in your place.");
  }

  #say(text: string, stays?: number): void {
    clearTimeout(this.#banner);
    part("banner").textContent = text;
    if (stays !== undefined) this.#banner = setTimeout(() => this.#say(""), stays);
  }
}

/** @returns `undefined` for what happened to others. */
function textOf(item: NewsItem, { people, me }: World): string | undefined {
  if (item.what === "champion") return `${item.name} won in ${item.room} with ${sparksOf(item.sparks)}`;
  const name = people.get(item.id)?.name ?? "Somebody";
  const mine = item.id === me;
  if (item.what === "won") return `${mine ? "You" : name} won the round with ${sparksOf(item.sparks)}`;
  const lost = item.lost > 0 ? `: ${sparksOf(item.lost)} lost` : "";
  if (item.what === "sawn") return mine ? `A saw caught you${lost}` : undefined;
  if (mine) return `${people.get(item.by)?.name ?? "Somebody"} hit you${lost}`;
  return item.by === me ? `You hit ${name}${lost}` : undefined;
}

function sparksOf(count: number): string {
  return `${count} ${count === 1 ? "spark" : "sparks"}`;
}
