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

/** The node that the page is from, and any room of it. */
const HERE: Choice = { addr: PATH, room: null };

export class Lobby {
  #shown = false;
  #chosen: Choice | undefined;
  #rooms: Listed[] = [];

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
      part("ping").textContent = here?.away ?? "cannot be reached";
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
    const several = this.#rooms.some((listed) => listed.addr !== PATH);
    const rows = this.#rooms.map((listed) => {
      const { name, people, bots, away } = listed;
      const who = people >= MOST ? "full" : `${people} people, ${bots} bots`;
      const chosen = listed.addr === addr && name === room;
      const choice = { addr: listed.addr, room: name };
      return this.#row(
        several ? `${name} (${nodeOf(listed.addr)})` : name,
        several ? `${who}, ${away}` : who,
        chosen,
        choice,
      );
    });
    if (!this.#rooms.some((listed) => listed.addr === addr && listed.name === room)) this.#chosen = undefined;
    const any = this.#row("Any", "the fullest with a place", this.#chosen === undefined, undefined);
    part("rooms").replaceChildren(any, ...rows);
  }

  #row(text: string, more: string, checked: boolean, choice: Choice | undefined): HTMLElement {
    const label = element("label");
    const radio = element("input");
    Object.assign(radio, { type: "radio", name: "room", checked });
    radio.addEventListener("change", () => {
      this.#chosen = choice;
    });
    label.append(radio, element("span", text), element("small", more));
    return label;
  }
}

/** A node is told by its port. */
function nodeOf(addr: string): string {
  return `:${new URL(addr, location.href).port}`;
}
