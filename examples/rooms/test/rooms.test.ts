// Fifty bots in five rooms, on a clock that the test turns: each sees what there is to see, and nothing else.

import { definePacket, payload, Server, SIDE_SERVER } from "@peng3dnet/core";
import { TestNetwork } from "@peng3dnet/core/testing";
import { Bot, seeded } from "../src/bot.js";
import { type Game, type GameOptions, play } from "../src/game.js";
import type { GameServer } from "../src/room.js";
import {
  AREA_SIZE,
  InView,
  Join,
  News,
  OutOfView,
  packets,
  ROOM_SIZE,
  type Seen,
  Steer,
} from "../src/shared.js";

const ROOMS = ["hall", "kitchen", "garden", "attic", "cellar"];
const STEP = 0.05;

class Scene {
  readonly net = new TestNetwork();
  readonly server: GameServer = new Server({ clock: this.net.clock, packets });
  readonly bots: Bot[] = [];
  readonly errors: unknown[] = [];
  /** Writes of the server to each bot since they were counted last. */
  readonly writes: number[] = [];
  declare game: Game;

  static async make(options: Partial<GameOptions> = {}): Promise<Scene> {
    const scene = new Scene();
    scene.server.on("handlerError", (error) => scene.errors.push(error));
    await scene.server.runAsync();
    scene.game = play(scene.server, { rooms: ROOMS, ...options });
    return scene;
  }

  async enter(): Promise<Bot> {
    const index = this.bots.length;
    const client = this.net.client({ packets });
    client.on("handlerError", (error) => this.errors.push(error));
    const bot = new Bot(client, seeded(index + 1));
    this.bots.push(bot);
    this.writes.push(0);
    this.net.connect(client, this.server, {
      prepare: ({ server: transport }) => {
        const write = transport.write.bind(transport);
        transport.write = (bytes) => {
          this.writes[index] = (this.writes[index] as number) + 1;
          return write(bytes);
        };
      },
    });
    await client.waitForConnection();
    await this.net.settle();
    return bot;
  }

  /** Lets time pass until a promise is settled, step by step. */
  async during<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = promise.finally(() => {
      settled = true;
    });
    done.catch(() => {});
    for (let steps = 0; !settled && steps < 20; steps++) await this.step();
    return done;
  }

  async step(): Promise<void> {
    this.net.clock.advance(STEP);
    await this.net.settle();
  }

  end(): void {
    for (const { client } of this.bots) client.stop();
    this.server.stop();
  }
}

let scene: Scene | undefined;

afterEach(() => {
  expect(scene?.errors ?? []).toEqual([]);
  scene?.end();
  scene = undefined;
});

async function make(options?: Partial<GameOptions>): Promise<Scene> {
  scene = await Scene.make(options);
  return scene;
}

const areaOf = ({ x, y }: Seen) => [Math.floor(x / AREA_SIZE), Math.floor(y / AREA_SIZE)] as const;

/** What a bot has to see: those in its room whose area is its own or beside it. */
function visible({ game }: Scene, bot: Bot, cid: number): Seen[] {
  const players = game.rooms.get(bot.room ?? "")?.players ?? [];
  const own = players.find(({ id }) => id === cid);
  if (own === undefined) return [];
  const [column, row] = areaOf(own);
  return players.filter((player) => {
    const [otherColumn, otherRow] = areaOf(player);
    return Math.abs(otherColumn - column) <= 1 && Math.abs(otherRow - row) <= 1;
  });
}

const byId = (players: Iterable<Seen>): Seen[] => [...players].sort((a, b) => a.id - b.id);

test("fifty bots wander about in five rooms, and each sees what there is to see after each step", async () => {
  const { server, bots, game, net } = await make({ most: 50 });
  const s = scene as Scene;
  for (let n = 0; n < 50; n++) await s.enter();
  await s.during(Promise.all(bots.map((bot, n) => bot.join(ROOMS[n % 5] as string))));
  for (const bot of bots) bot.play(ROOMS);
  let most = 0;
  let least = 50;
  for (let n = 0; n < 200; n++) {
    s.writes.fill(0);
    await s.step();
    for (const [index, bot] of bots.entries()) {
      const expected = visible(s, bot, index + 1);
      // One that moves to another room knows that a step later than the server.
      if (game.rooms.get(bot.room ?? "")?.members.has(index + 1) !== true) continue;
      expect(JSON.stringify(byId(bot.view.values()))).toBe(JSON.stringify(byId(expected)));
      most = Math.max(most, expected.length);
      least = Math.min(least, expected.length);
    }
    // However much there is to tell: one write for each client and step.
    expect(Math.max(...s.writes)).toBeLessThanOrEqual(1);
  }
  // They have met, and they have been apart.
  expect(most).toBeGreaterThan(5);
  expect(least).toBe(1);
  expect(game.loop.tick).toBeGreaterThan(200);
  expect(server.metrics.rejectedBy).toEqual({});
  await net.settle();
}, 60_000);

test("who leaves is out of sight, whether it leaves the room or the game", async () => {
  const s = await make();
  const bots = [await s.enter(), await s.enter(), await s.enter()] as const;
  await s.during(Promise.all(bots.map((bot) => bot.join("hall"))));
  expect(bots.map(({ view }) => [...view.keys()].sort())).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
  await s.during(bots[0].leave());
  await s.step();
  expect(bots.map(({ view }) => [...view.keys()].sort())).toEqual([[], [2, 3], [2, 3]]);
  bots[1].client.stop();
  await s.step();
  expect([...bots[2].view.keys()]).toEqual([3]);
  expect(bots[2].news).toEqual([
    { id: 1, here: false },
    { id: 2, here: false },
  ]);
  await s.during(bots[2].leave());
  // Nothing is left of anybody: no group, no member.
  await s.step();
  expect(s.server.groups.size).toBe(0);
});

test("one that is closing moves on until it has left, and that is no error", async () => {
  const s = await make();
  const bots = [await s.enter(), await s.enter()] as const;
  await s.during(Promise.all(bots.map((bot) => bot.join("hall"))));
  // One stands in a corner, and the other one, out of sight, comes there.
  bots[0].client.sendMessage(Steer, { dx: 1, dy: 1 });
  bots[1].client.sendMessage(Steer, { dx: -1, dy: -1 });
  await s.net.settle();
  s.net.clock.advance(4);
  bots[0].client.sendMessage(Steer, { dx: -1, dy: -1 });
  await s.net.settle();
  await s.step();
  expect(bots[0].view.has(2)).toBe(false);
  void s.server.closeConnection(1, "kicked");
  // It has not answered yet, and comes into areas where somebody is.
  s.net.clock.advance(4);
  expect(s.server.clients.size).toBe(2);
  await s.net.settle();
  await s.step();
  expect(s.server.clients.size).toBe(1);
  expect([...bots[1].view.keys()]).toEqual([2]);
});

test("nobody is told of another room", async () => {
  const s = await make();
  const bots = [await s.enter(), await s.enter()] as const;
  await s.during(Promise.all([bots[0].join("hall"), bots[1].join("attic")]));
  bots[0].client.sendMessage(Steer, { dx: 1, dy: 0 });
  for (let n = 0; n < 20; n++) await s.step();
  expect([...bots[1].view.keys()]).toEqual([2]);
  expect(bots[1].news).toEqual([]);
});

test("players move at their speed, and not through walls", async () => {
  const s = await make();
  const bot = await s.enter();
  const id = await s.during(bot.join("hall"));
  const begin = bot.view.get(id) as Seen;
  bot.client.sendMessage(Steer, { dx: -1, dy: 0.5 });
  await s.net.settle();
  for (let n = 0; n < 20; n++) await s.step();
  const after = bot.view.get(id) as Seen;
  expect([after.x - begin.x, after.y - begin.y].map(Math.round)).toEqual([-60, 30]);
  for (let n = 0; n < 200; n++) await s.step();
  expect(bot.view.get(id)).toEqual({ id, x: 0, y: ROOM_SIZE - 1 });
  // It stands at the wall: nothing is sent of it.
  const { packetsOut } = s.server.metrics;
  await s.step();
  expect(s.server.metrics.packetsOut).toBe(packetsOut);
});

test("a server that was busy moves players as far as they should be", async () => {
  const s = await make();
  const bot = await s.enter();
  const id = await s.during(bot.join("hall"));
  const begin = bot.view.get(id) as Seen;
  bot.client.sendMessage(Steer, { dx: 1, dy: 0 });
  await s.net.settle();
  const now = s.net.clock.now.bind(s.net.clock);
  const away = jest.spyOn(s.net.clock, "now").mockImplementation(() => now() + 950);
  await s.step();
  away.mockRestore();
  expect((bot.view.get(id) as Seen).x - begin.x).toBeCloseTo(60, 5);
});

describe("a request that cannot be met says why", () => {
  test.each<[string, (s: Scene, bot: Bot) => Promise<unknown>, object]>([
    ["no such room", (_s, bot) => bot.join("dungeon"), { code: "noroom" }],
    [
      "already in one",
      (s, bot) => s.during(bot.join("hall")).then(() => bot.join("attic")),
      {
        code: "elsewhere",
        data: { room: "hall" },
      },
    ],
    ["in none", (_s, bot) => bot.leave(), { code: "nowhere" }],
    [
      "a room that is full",
      async (s, bot) => {
        const others = [await s.enter(), await s.enter()];
        await s.during(Promise.all(others.map((other) => other.join("hall"))));
        return bot.join("hall");
      },
      { code: "full", data: { most: 2 } },
    ],
    ["a name that is too long", (_s, bot) => bot.join("x".repeat(41)), { name: "InvalidPayloadError" }],
  ])("%s", async (_what, ask, error) => {
    const s = await make({ most: 2 });
    const bot = await s.enter();
    await expect(s.during(ask(s, bot))).rejects.toMatchObject(error);
  });
});

test("steering of nonsense is dropped, and counted", async () => {
  const s = await make();
  const bot = await s.enter();
  const id = await s.during(bot.join("hall"));
  const begin = bot.view.get(id);
  // A client that checks nothing, and is in the hall, too.
  const Nonsense = definePacket({ name: Steer.name, schema: payload<unknown>(), side: SIDE_SERVER });
  const others = packets.filter((definition) => definition !== Steer);
  const client = s.net.client({ packets: [Nonsense, ...others] });
  for (const definition of [InView, OutOfView, News]) client.on(definition, () => {});
  s.net.connect(client, s.server);
  await client.waitForConnection();
  await s.during(client.request(Join, { room: "hall" }));
  for (const nonsense of [{ dx: 9, dy: 0 }, { dx: Number.NaN, dy: 0 }, null, "left"])
    client.sendMessage(Nonsense, nonsense);
  await s.net.settle();
  await s.step();
  expect(s.server.metrics.rejectedBy).toEqual({ invalidpayload: 4 });
  expect(s.errors.splice(0)).toMatchObject([{ name: "InvalidPayloadError", packet: Steer.name }]);
  expect([...bot.view.values()]).toEqual([begin, { ...begin, id: 2 }]);
  client.stop();
});

test("who plays goes on while the server lets nobody in", async () => {
  const s = await make();
  const bot = await s.enter();
  const id = await s.during(bot.join("hall"));
  const drained = s.server.drain();
  const late = s.net.client({ packets });
  s.net.connect(late, s.server);
  expect((await late.waitForClose()).reason).toBe("serverdraining");
  const { x } = bot.view.get(id) as Seen;
  bot.client.sendMessage(Steer, { dx: 1, dy: 0 });
  await s.net.settle();
  await s.step();
  expect((bot.view.get(id) as Seen).x).toBeGreaterThan(x);
  await s.during(bot.client.close("enough"));
  await s.during(drained);
  expect(s.server.clients.size).toBe(0);
});
