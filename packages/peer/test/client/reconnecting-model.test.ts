// Whatever happens to servers and lines, in whatever order: what a client that connects again tells fits together.

import type { Client, Server } from "@peng3dnet/peer";
import { Told, World, watch } from "./support/world.js";

const SEQUENCES = 30;
const STEPS = 30;

/** The same numbers for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}

class Scene {
  readonly world = new World();
  readonly client: Client;
  readonly events: string[];
  readonly heard: string[] = [];
  #said = 0;
  #packets = 0;

  constructor(resume: boolean) {
    this.client = this.world.client({ resume, logger: { debug() {}, info() {}, warn() {}, error() {} } });
    this.events = watch(this.client).events;
    this.client.on(Told, (text) => this.heard.push(text));
    this.serve();
    this.client.start().catch(() => {});
  }

  serve(): void {
    this.world.serve({ cfg: { "net.resume.window": 4 } });
  }

  readonly steps: readonly (() => unknown)[] = [
    // Several times, as what a client needs to have another session is to be as likely as what ends one.
    ...Array.from({ length: 4 }, () => () => this.serve()),
    ...Array.from({ length: 6 }, () => () => this.world.pass(5)),
    ...Array.from({ length: 3 }, () => () => this.world.links.at(-1)?.cut()),
    () => {
      this.world.server = undefined;
    },
    () => this.world.links.at(-1)?.toClient.freeze(),
    () => this.world.links.at(-1)?.toClient.thaw(),
    () => this.world.links.at(-1)?.toClient.endAfter(0),
    () => this.#end((server) => server.stop()),
    () => this.#end((server) => void server.shutdown({ join: false })),
    () => void this.world.server?.drain().catch(() => {}),
    () => this.world.server?.admit(),
    () => void this.client.conn?.close("servershutdown"),
    () => this.world.failures.push(new Error("no luck")),
    () => this.world.server?.broadcast(Told, String(++this.#said).padStart(4, "0")),
    () => this.world.pass(0.2),
    () => this.world.pass(20),
  ];

  /** Nothing listens any more. */
  #end(how: (server: Server) => void): void {
    const { server } = this.world;
    this.world.server = undefined;
    if (server !== undefined) how(server);
  }

  /** What holds at any time. */
  check(): void {
    const { client, events } = this;
    const { packetsIn } = client.metrics;
    expect(client.active).toBe(client.conn?.active === true);
    expect(packetsIn).toBeGreaterThanOrEqual(this.#packets);
    this.#packets = packetsIn;
    const told = events.filter((event) => event === "lost" || event === "session");
    expect(told).toEqual(told.map((_, i) => (i % 2 === 0 ? "lost" : "session")));
    const active = events.filter((event) => event === "handshakecomplete").length;
    const again = told.length >> 1;
    // Each session but the first one has taken the place of another.
    expect(active - again).toBe(active > 0 ? 1 : 0);
    if (told.length % 2 === 1) expect(client.active).toBe(false);
    expect(this.heard).toEqual([...new Set(this.heard)].sort());
    expect(events).not.toContain("close");
  }
}

test.each([false, true])(
  "generated sequences, with resume: %s",
  async (resume) => {
    let sessions = 0;
    for (let seed = 0; seed < SEQUENCES; seed++) {
      const pick = random(seed);
      const scene = new Scene(resume);
      const { client, world, events } = scene;
      for (let step = 0; step < STEPS; step++) {
        await scene.steps[pick(scene.steps.length)]?.();
        await world.net.settle();
        scene.check();
      }
      sessions += events.filter((event) => event === "session").length;
      const before = events.length;
      if (pick(2) === 0) client.stop();
      else void client.close();
      await world.net.settle();
      await world.pass(20);
      await client.waitForClose();
      // A client that never had a connection and is stopped has none to tell the end of.
      const ends = events.slice(before);
      expect(ends).toEqual(ends.length === 0 && !events.includes("connect") ? [] : ["close"]);
      expect(world.server?.clients.size ?? 0).toBe(0);
      expect([client.active, client.suspended]).toEqual([false, false]);
    }
    expect(sessions).toBeGreaterThan(SEQUENCES);
  },
  120_000,
);
