import { Server } from "@peng3dnet/core";
import type { Client } from "@peng3dnet/peer";
import { type MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";
import type { ArenaServer } from "../../src/server/areas.js";
import { CONFIG, runGame } from "../../src/server/game.js";
import type { Lobby } from "../../src/server/lobby.js";
import { alone } from "../../src/server/nodes.js";
import { Seats } from "../../src/server/seats.js";
import { HZ, type Steering } from "../../src/shared/motion.js";
import { Join, Moved, packets, Restarting, Steer } from "../../src/shared/packets.js";
import { World } from "../../web/world.js";

/** Numbers from 0 to 1 that a seed determines. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A page without a screen. */
export class TestPage {
  readonly client: Client<(typeof packets)[number]>;
  readonly world: World;
  readonly moves: string[] = [];
  declare link: MemoryLink;

  constructor(client: Client<(typeof packets)[number]>) {
    this.client = client;
    this.world = new World(client);
    client.on(Moved, ({ room }) => {
      this.world.moved();
      this.moves.push(room);
    });
    client.on(Restarting, () => {});
  }

  async join(options: { name?: string; room?: string | null; seat?: string | null } = {}) {
    const answer = await this.client.request(Join, { name: "Nora", room: null, seat: null, ...options });
    this.world.joined(answer.id, answer.time);
    return answer;
  }

  steer(steering: Steering): void {
    const step = this.world.prediction.step(steering, 0);
    if (step !== undefined) this.client.sendMessage(Steer, step);
  }
}

/** The game over links in memory, on a clock that the test turns. */
export class Scene {
  readonly net = new TestNetwork();
  readonly server: ArenaServer = new Server({ clock: this.net.clock, cfg: CONFIG, packets });
  readonly pages: TestPage[] = [];
  readonly errors: unknown[] = [];
  readonly lobby: Lobby;

  private constructor(seats: Seats) {
    this.server.on("handlerError", (error) => this.errors.push(error));
    const { tell } = alone(this.server);
    this.lobby = runGame(this.server, { seats, random: seeded(1), onWon: tell });
  }

  static make(seats = Seats.load(undefined)): Scene {
    const scene = new Scene(seats);
    scene.server.initialize(); // as runAsync(), but for the port
    return scene;
  }

  async enter(): Promise<TestPage> {
    const page = new TestPage(this.net.client({ packets, resume: true }));
    page.client.on("handlerError", (error) => this.errors.push(error));
    this.pages.push(page);
    page.link = this.net.connect(page.client, this.server);
    await page.client.waitForConnection();
    await this.net.settle();
    return page;
  }

  /** Enters and joins. */
  async play(options?: Parameters<TestPage["join"]>[0]): Promise<TestPage> {
    const page = await this.enter();
    await this.during(page.join(options));
    return page;
  }

  async step(count = 1): Promise<void> {
    for (let n = 0; n < count; n++) {
      this.net.clock.advance(1 / HZ);
      await this.net.settle();
    }
  }

  /** Lets time pass until a promise is settled. */
  async during<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = promise.finally(() => {
      settled = true;
    });
    done.catch(() => {});
    for (let steps = 0; !settled && steps < 20; steps++) await this.step();
    return done;
  }

  end(): void {
    for (const { client } of this.pages) client.stop();
    this.server.stop();
  }
}
