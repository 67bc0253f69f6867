// What stands around the field: sparks, time, the best players, news, and how the line is.

import type { NewsItem } from "../src/shared/packets.js";
import type { Line } from "./connection.js";
import { element, part } from "./page.js";
import type { World } from "./world.js";

const BEST = 5;
const MOST_NEWS = 4;
/** Milliseconds that a line of news, and that good news of the line stay. */
const STAYS = 4000;

export class Hud {
  #banner: ReturnType<typeof setTimeout> | undefined;

  /** Shows the scores. */
  update({ scores, people, me, left }: World, room: string): void {
    const sorted = [...scores].sort((a, b) => b[1] - a[1]);
    const mine = sorted.find(([id]) => id === me);
    part("sparks").textContent = String(mine?.[1] ?? 0);
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

  news(item: NewsItem, { people, me }: World): void {
    const name = (id: number) => (id === me ? "You" : (people.get(id)?.name ?? "Somebody"));
    if (item.what !== "won" && item.id !== me && !(item.what === "hit" && item.by === me)) return;
    const whom = (id: number) => (id === me ? "you" : name(id));
    const texts = {
      hit: () =>
        item.what === "hit" && `${name(item.by)} hit ${whom(item.id)}: ${item.lost} sparks lie around`,
      sawn: () => item.what === "sawn" && `A saw caught ${whom(item.id)}: ${item.lost} sparks lie around`,
      won: () => item.what === "won" && `${name(item.id)} won the round with ${item.sparks} sparks`,
    };
    const line = element("li", texts[item.what]() || "", item.what === "won" ? "won" : "");
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
    else if (line.is === "connecting") this.#say("Connecting");
    else if (line.is === "ended") this.#say(line.why, STAYS);
    else this.#say("");
  }

  restarting(): void {
    this.#say("The server restarts. You will be back in your place.");
  }

  welcomeBack(): void {
    this.#say("Back, with all you had", STAYS);
  }

  #say(text: string, stays?: number): void {
    clearTimeout(this.#banner);
    part("banner").textContent = text;
    if (stays !== undefined) this.#banner = setTimeout(() => this.#say(""), stays);
  }
}
