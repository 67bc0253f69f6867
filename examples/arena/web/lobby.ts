// The lobby: which rooms there are, and how far away the server is. A ping tells both, without taking part.

import { Client, CONNTYPE_PING } from "@peng3dnet/browser";
import { PingableClientMixin } from "@peng3dnet/ping/peer";
import { MOST, PATH, type RoomInfo } from "../src/shared/packets.js";
import { element, part } from "./page.js";

const PingClient = PingableClientMixin(Client);
const EVERY = 2000;
const TIMEOUT = 2;

export class Lobby {
  #shown = false;
  #room: string | null = null;

  /** @param play - is called with the name, and the room if the player has chosen one. */
  constructor(play: (name: string, room: string | null) => void) {
    const name = part<HTMLInputElement>("name");
    name.value = localStorage.getItem("arena.name") ?? `Player ${Math.ceil(Math.random() * 99)}`;
    part("join").addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = name.value.trim();
      if (chosen === "") return;
      localStorage.setItem("arena.name", chosen);
      play(chosen, this.#room);
    });
    this.#list([]);
  }

  get name(): string {
    return part<HTMLInputElement>("name").value.trim();
  }

  show(): void {
    if (this.#shown) return;
    this.#shown = true;
    this.#room = null;
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
    while (this.#shown) {
      const client = new PingClient({ addr: PATH, conntype: CONNTYPE_PING });
      try {
        await client.start({ timeout: TIMEOUT });
        const pong = await client.waitForPong({ timeout: TIMEOUT });
        const { draining } = pong.peng3dnet as { readonly draining?: boolean };
        part("ping").textContent =
          draining === true ? "restarting" : `${(pong.delay * 1000).toFixed(1)} ms away`;
        this.#list(pong.rooms as RoomInfo[]);
      } catch {
        part("ping").textContent = "cannot be reached";
      } finally {
        client.stop();
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  }

  #list(rooms: readonly RoomInfo[]): void {
    if (!rooms.some(({ name }) => name === this.#room)) this.#room = null;
    const choices = [{ value: null, text: "Any", more: "the fullest with a place" }].concat(
      rooms.map(({ name, people, bots }) => ({
        value: name as never,
        text: name,
        more: people >= MOST ? "full" : `${people} people, ${bots} bots`,
      })),
    );
    part("rooms").replaceChildren(
      ...choices.map(({ value, text, more }) => {
        const label = element("label");
        const radio = element("input");
        Object.assign(radio, { type: "radio", name: "room", checked: value === this.#room });
        radio.addEventListener("change", () => {
          this.#room = value;
        });
        label.append(radio, element("span", text), element("small", more));
        return label;
      }),
    );
  }
}
