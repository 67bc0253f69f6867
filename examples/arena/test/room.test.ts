// The game itself: what a page foresees is what happens, and it is told what it can see.

import { DASH_STEPS, HZ, move, sawsAt, WORLD } from "../src/shared/motion.js";
import { Positions, Steer } from "../src/shared/packets.js";
import { Scene, seeded } from "./support/scene.js";

let scene: Scene | undefined;

function make(): Scene {
  scene = Scene.make();
  return scene;
}

afterEach(() => {
  expect(scene?.errors ?? []).toEqual([]);
  scene?.end();
  scene = undefined;
});

const idle = { dx: 0, dy: 0, dash: false };

const sorted = (ids: Iterable<number>) => [...ids].sort((a, b) => a - b);

/** The room's own players: what there is to see. */
function truth(s: Scene) {
  const [room] = [...s.lobby.all];
  if (room === undefined) throw new Error("no room");
  return room;
}

test("what the page foresees is what the server does, with packets under way and in bunches", async () => {
  const s = make();
  const page = await s.play();
  await s.step(2);
  const random = seeded(7);
  let [corrected, sent] = [0, 0];
  for (let n = 0; n < 300; n++) {
    // None in one step of the server, and several in another: some wait there, and are pending here.
    const steps = Math.min(Math.floor(random() * 4), n + 8 - sent);
    for (let more = 0; more < steps; more++) {
      page.steer({ dx: random() * 2 - 1, dy: random() * 2 - 1, dash: random() < 0.1 });
      sent++;
    }
    const { x, y } = page.world.prediction.body;
    await s.step();
    const { body } = page.world.prediction;
    if (Math.hypot(body.x - x, body.y - y) > 1e-6) corrected++;
  }
  expect(sent).toBeGreaterThan(250);
  // Only bots that dash into it and saws are not foreseen.
  expect(corrected).toBeLessThan(30);
});

test("nobody gets faster by sending more, nor by sending late", async () => {
  const s = make();
  const page = await s.play();
  await s.step(40);
  const player = truth(s).players.get(page.world.me);
  if (player === undefined) throw new Error("no player");
  Object.assign(player.body, { x: 100, y: WORLD - 100, vx: 0, vy: 0, stun: 0 });
  const alone = { ...player.body };
  const STEPS = 10;
  for (let n = 0; n < STEPS + 4; n++) move(alone, { dx: 0, dy: -1, dash: false });
  let step = 1000;
  for (let n = 0; n < STEPS; n++) {
    for (let more = 0; more < 5; more++)
      page.client.sendMessage(Steer, { step: ++step, dx: 0, dy: -1, dash: false });
    await s.step();
  }
  expect(player.body.y).toBeGreaterThanOrEqual(alone.y - 1e-6);
  expect(player.body.y).toBeLessThan(WORLD - 200);
});

test("steering that is out of bounds is dropped and counted", async () => {
  const s = make();
  const page = await s.play();
  const cheat = { step: 1, dx: 50, dy: 0, dash: false };
  expect(() => page.client.sendMessage(Steer, cheat)).toThrow(/dx/);
});

test("a page sees who and what is around it, and nothing from far away", async () => {
  const s = make();
  const page = await s.play();
  const room = truth(s);
  const area = (part: number) => Math.floor(part / 500);
  let told: number[] = [];
  page.client.on(Positions, ({ at }) => {
    told.push(...at.filter((_part, n) => n % 4 === 0));
  });
  let least = room.players.size;
  for (let n = 0; n < 120; n++) {
    page.steer({ dx: Math.cos(n / 40), dy: Math.sin(n / 40), dash: n % 30 === 0 });
    told = [];
    await s.step();
    const { body } = room.players.get(page.world.me) ?? {};
    if (body === undefined) throw new Error("no player");
    const near = ({ x, y }: { x: number; y: number }) =>
      Math.abs(area(x) - area(body.x)) <= 1 && Math.abs(area(y) - area(body.y)) <= 1;
    const sparks = room.sparks.filter(near).map(({ id }) => id);
    expect(sorted(page.world.sparks.keys())).toEqual(sorted(sparks));
    const players = [...room.players.values()].filter((player) => near(player.body)).map(({ id }) => id);
    expect(sorted(told)).toEqual(sorted(players));
    least = Math.min(least, players.length);
  }
  expect(least).toBeLessThan(room.players.size);
});

test("who dashes into somebody knocks sparks out of them, which anybody may gather", async () => {
  const s = make();
  const [page, other] = [await s.play({ name: "Nora" }), await s.play({ name: "Otto" })];
  await s.step(2);
  const room = truth(s);
  const [me, victim] = [page, other].map(({ world }) => room.players.get(world.me));
  if (me === undefined || victim === undefined) throw new Error("no player");
  victim.sparks = 9;
  Object.assign(me.body, { x: 1250, y: 1000, vx: 0, vy: 0, stun: 0, rest: 0 });
  Object.assign(victim.body, { x: 1330, y: 1000, vx: 0, vy: 0, stun: 0 });
  const news: unknown[] = [];
  page.world.onNews = (item) => news.push(item);
  for (let n = 0; n < DASH_STEPS; n++) {
    page.client.sendMessage(Steer, { step: 100 + n, dx: 1, dy: 0, dash: true });
    await s.step();
  }
  expect(news).toContainEqual({ what: "hit", by: page.world.me, id: other.world.me, lost: 3 });
  expect(victim.sparks).toBe(6);
  expect(victim.body.stun).toBeGreaterThan(0);
});

test("a saw costs sparks; it is where all sides reckon that it is", async () => {
  const s = make();
  const page = await s.play();
  await s.step(2);
  const player = truth(s).players.get(page.world.me);
  if (player === undefined) throw new Error("no player");
  player.sparks = 4;
  const news: unknown[] = [];
  page.world.onNews = (item) => news.push(item);
  const [saw] = sawsAt(page.world.clock.now());
  Object.assign(player.body, saw, { stun: 0 });
  await s.step();
  expect(news).toContainEqual({ what: "sawn", id: page.world.me, lost: 2 });
});

test("a player whose line is broken keeps its place, and is not hit; what was dropped meanwhile is not missed", async () => {
  const s = make();
  const page = await s.play();
  await s.step(2);
  const player = truth(s).players.get(page.world.me);
  if (player === undefined) throw new Error("no player");
  page.link.client.destroy();
  await s.step();
  expect(player.away).toBe(true);
  const [saw] = sawsAt(0);
  Object.assign(player.body, saw);
  player.sparks = 5;
  await s.step(28 * HZ);
  expect(player.sparks).toBe(5);
  expect(s.server.metrics.rejectedBy.dropped).toBeGreaterThan(0);
  const resumed = new Promise((resolve) => page.client.once("resume", resolve));
  s.net.connect(page.client, s.server);
  await s.during(resumed);
  await s.step(3);
  expect(player.away).toBe(false);
  expect(page.world.frames.lost).toBeGreaterThan(0);
  for (let n = 0; n < 5; n++) page.steer(idle);
  await s.step(4);
  expect(page.world.prediction.body.x).toBeCloseTo(player.body.x);
});

test("after a round the best one has won it, and all begin anew", async () => {
  const s = make();
  const page = await s.play();
  await s.step();
  const player = truth(s).players.get(page.world.me);
  if (player === undefined) throw new Error("no player");
  player.sparks = 1000;
  const news: unknown[] = [];
  page.world.onNews = (item) => news.push(item);
  const outside = await s.enter();
  const elsewhere: unknown[] = [];
  outside.world.onNews = (item) => elsewhere.push(item);
  await s.step(120 * HZ);
  const won = expect.objectContaining({ what: "won", id: page.world.me });
  expect(news).toContainEqual(won);
  // Those who are elsewhere learn of it in other words.
  const champion = { what: "champion", name: "Nora", room: "Amber", sparks: expect.any(Number) };
  expect(elsewhere).toEqual([champion]);
  expect(news).not.toContainEqual(champion);
  expect(player.wins).toBe(1);
  expect(player.sparks).toBeLessThan(20);
}, 60_000);
