// The lobby: which rooms there are, and how far away their servers are. A ping tells both, without taking part. Where there are
// several nodes, the one that the page is from names the others, and each tells of its own rooms.

import { Client, CONNTYPE_PING } from "@peng3dnet/browser";
import { PingableClientMixin } from "@peng3dnet/ping/peer";
import { MOST, PATH, type RoomInfo } from "../src/shared/packets.js";
import { element, part } from "./page.js";

const PingClient = PingableClientMixin(Client);
const EVERY = 2000;
const TIMEOUT = 2;

/** Where to play. */
export interface Choice {
  /** Path or URL of the game. */
  readonly addr: string;
  /** `null`: one that has a place. */
  readonly room: string | null;
}

interface Listed extends RoomInfo {
  readonly addr: string;
  readonly away: string;
}

/** A line of the list, which stays as long as its room: who is about to choose it keeps the focus. */
interface Row {
  readonly label: HTMLElement;
  readonly radio: HTMLInputElement;
  readonly text: HTMLElement;
  readonly more: HTMLElement;
}

/** The node that the page is from, and any room of it. */
const HERE: Choice = { addr: PATH, room: null };

export class Lobby {
  #shown = false;
  #chosen: Choice | undefined;
  #rooms: Listed[] = [];
  readonly #rows = new Map<string, Row>();

  /** @param play - is called with the name, and where to play. */
  constructor(play: (name: string, choice: Choice) => void) {
    const name = part<HTMLInputElement>("name");
    name.value = localStorage.getItem("arena.name") ?? `Player ${Math.ceil(Math.random() * 99)}`;
    part("join").addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = name.value.trim();
      if (chosen === "") return;
      localStorage.setItem("arena.name", chosen);
      play(chosen, this.#chosen ?? this.#any());
    });
    this.#list();
  }

  get name(): string {
    return part<HTMLInputElement>("name").value.trim();
  }

  show(): void {
    if (this.#shown) return;
    this.#shown = true;
    this.#chosen = undefined;
    part("lobby").hidden = false;
    part("name").focus();
    void this.#look();
  }

  hide(): void {
    this.#shown = false;
    part("lobby").hidden = true;
    // The keys are for the game now.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  }

  async #look(): Promise<void> {
    let others: readonly string[] = [];
    while (this.#shown) {
      const here = await this.#ask(PATH);
      const ping = part("ping");
      // Who listens to the page is told that there is no server, and not each time how far away it is.
      ping.setAttribute("aria-live", here === undefined ? "polite" : "off");
      ping.textContent = here?.away ?? "cannot be reached";
      // While it restarts, the others are still there.
      if (here !== undefined) others = here.nodes.map((url) => url.replace(/^http/, "ws") + PATH);
      const nodes = [here, ...(await Promise.all(others.map((addr) => this.#ask(addr))))];
      this.#rooms = nodes.flatMap((node) => node?.rooms ?? []);
      this.#list();
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  }

  /** Asks a node which rooms it has. @returns `undefined` if it does not answer. */
  async #ask(addr: string): Promise<{ away: string; rooms: Listed[]; nodes: readonly string[] } | undefined> {
    const client = new PingClient({ addr, conntype: CONNTYPE_PING });
    try {
      await client.start({ timeout: TIMEOUT });
      const pong = await client.waitForPong({ timeout: TIMEOUT });
      const { draining } = pong.peng3dnet as { readonly draining?: boolean };
      const [rooms, nodes] = [pong.rooms as RoomInfo[], pong.nodes as string[]];
      const away = draining === true ? "restarting" : `${(pong.delay * 1000).toFixed(1)} ms away`;
      return { away, nodes, rooms: rooms.map((room) => ({ ...room, addr, away })) };
    } catch {
      return undefined;
    } finally {
      client.stop();
    }
  }

  /** The fullest room with a place, on whichever node it is. */
  #any(): Choice {
    const free = this.#rooms.filter(({ people }) => people < MOST);
    const [best] = free.sort((a, b) => b.people - a.people);
    return best === undefined ? HERE : { addr: best.addr, room: null };
  }

  #list(): void {
    const { addr, room } = this.#chosen ?? HERE;
    if (!this.#rooms.some((listed) => listed.addr === addr && listed.name === room)) this.#chosen = undefined;
    const several = this.#rooms.some((listed) => listed.addr !== PATH);
    const any = this.#row("Any", "the fullest with a place", this.#chosen === undefined, undefined);
    const rows = this.#rooms.map((listed) => {
      const { name, people, bots, away } = listed;
      const who =
        people >= MOST ? "full" : `${count(people, "person", "people")}, ${count(bots, "bot", "bots")}`;
      const chosen = listed.addr === addr && name === room;
      const choice = { addr: listed.addr, room: name };
      return this.#row(
        several ? `${name} (${nodeOf(listed.addr)})` : name,
        several ? `${who}, ${away}` : who,
        chosen,
        choice,
      );
    });
    this.#arrange([any, ...rows]);
  }

  /** Puts these rows into the list. What is in its place already is not touched. */
  #arrange(rows: readonly Row[]): void {
    for (const [key, row] of this.#rows) {
      if (rows.includes(row)) continue;
      row.label.remove();
      this.#rows.delete(key);
    }
    const list = part("rooms");
    rows.forEach(({ label }, n) => {
      const there = list.children[n] ?? null;
      if (there !== label) list.insertBefore(label, there);
    });
  }

  #row(text: string, more: string, checked: boolean, choice: Choice | undefined): Row {
    const key = JSON.stringify(choice ?? null);
    const row = this.#rows.get(key) ?? this.#newRow(choice);
    this.#rows.set(key, row);
    row.radio.checked = checked;
    row.text.textContent = text;
    row.more.textContent = more;
    return row;
  }

  #newRow(choice: Choice | undefined): Row {
    const [label, radio] = [element("label"), element("input")];
    const [text, more] = [element("span"), element("small")];
    Object.assign(radio, { type: "radio", name: "room" });
    radio.addEventListener("change", () => {
      this.#chosen = choice;
    });
    label.append(radio, text, more);
    return { label, radio, text, more };
  }
}

function count(number: number, one: string, more: string): string {
  return `${number} ${number === 1 ? one : more}`;
}

/** A node is told by its port. */
function nodeOf(addr: string): string {
  return `:${new URL(addr, location.href).port}`;
}
