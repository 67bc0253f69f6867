// How the line fares: round trips, steps that were lost or late, packets and bytes a second, and when it was broken.

import type { GameClient } from "./connection.js";
import { part } from "./page.js";
import { Plot, type Sample } from "./plot.js";
import type { World } from "./world.js";

const PLOTS = ["rtt", "frames", "packets", "bytes"] as const;

export class NetworkPanel {
  readonly #plots = {
    rtt: new Plot("Round trip", ["in ms:"]),
    frames: new Plot("Frames a second", ["lost", "late"]),
    packets: new Plot("Packets a second", ["in", "out"]),
    bytes: new Plot("kB a second", ["in", "out"]),
  };
  /** What was counted a second ago, in all sessions of the client. */
  #before: { readonly client: GameClient | undefined; readonly counts: readonly number[] } = {
    client: undefined,
    counts: [],
  };
  #breaks = 0;

  constructor() {
    part("plots").append(...PLOTS.map((name) => this.#plots[name].box));
    const button = part("network");
    button.addEventListener("click", () => {
      const panel = part("panel");
      panel.hidden = !panel.hidden;
      button.setAttribute("aria-expanded", String(!panel.hidden));
      button.blur(); // Space is for dashing
    });
  }

  suspended(): void {
    this.#breaks++;
  }

  /** To be called each second. */
  second(client: GameClient, world: World, room: string): void {
    const { packetsIn, packetsOut, bytesIn, bytesOut } = client.metrics;
    const counts = [world.frames.lost, world.frames.late, packetsIn, packetsOut, bytesIn, bytesOut];
    // Who left and plays again has another client, which counts from 0.
    const { client: old, counts: before } = this.#before;
    const [lost = 0, late = 0, inP = 0, outP = 0, inB = 0, outB = 0] = counts.map((count, n) =>
      old === client ? count - (before[n] ?? 0) : 0,
    );
    this.#before = { client, counts };
    const rtt = client.rtt;
    const line = client.active && !client.suspended;
    const all: Readonly<Record<(typeof PLOTS)[number], Sample>> = !line
      ? { rtt: "suspended", frames: "suspended", packets: "suspended", bytes: "suspended" }
      : {
          rtt: [(rtt?.latest ?? 0) * 1000],
          frames: [lost, late],
          packets: [inP, outP],
          bytes: [inB / 1000, outB / 1000],
        };
    for (const name of PLOTS) this.#plots[name].add(all[name]);
    if (room === "") return; // it has not joined yet
    const { x, y } = world.prediction.body;
    const times = this.#breaks === 1 ? "once" : `${this.#breaks} times`;
    part("place").textContent =
      `Player ${world.me} in ${room}, at ${Math.round(x)} ${Math.round(y)}. ` +
      `Line broken ${this.#breaks === 0 ? "never" : times}${client.suspended ? ", and now" : ""}.`;
  }
}
