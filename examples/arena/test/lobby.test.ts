// Rooms that fill and split, and seats: over links in memory, on a clock that the test turns.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Seats } from "../src/server/seats.js";
import { HZ } from "../src/shared/motion.js";
import { Join, Leave, MOST } from "../src/shared/packets.js";
import { Scene } from "./support/scene.js";

let scene: Scene | undefined;

function make(seats?: Seats): Scene {
  scene = Scene.make(seats);
  return scene;
}

afterEach(() => {
  expect(scene?.errors ?? []).toEqual([]);
  scene?.end();
  scene = undefined;
});

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => "let in",
    ({ code }: { code: string }) => code,
  );

test("bots fill a room up, and make place for people", async () => {
  const s = make();
  expect(s.lobby.rooms).toEqual([{ name: "Amber", people: 0, bots: 12 }]);
  const page = await s.play();
  await s.play();
  expect(s.lobby.rooms).toEqual([{ name: "Amber", people: 2, bots: 10 }]);
  expect([...page.world.people.values()].filter(({ bot }) => bot)).toHaveLength(10);
  await s.during(page.client.request(Leave, null));
  expect(s.lobby.rooms).toEqual([{ name: "Amber", people: 1, bots: 11 }]);
});

test("a room that is full is followed by another one, which is closed once nobody is in it", async () => {
  const s = make();
  for (let n = 0; n < MOST + 1; n++) await s.play();
  expect(s.lobby.rooms).toEqual([
    { name: "Amber", people: MOST, bots: 0 },
    { name: "Basalt", people: 1, bots: 11 },
  ]);
  const late = await s.enter();
  expect(await s.during(refusal(late.join({ room: "Amber" })))).toBe("full");
  expect(await s.during(refusal(late.join({ room: "Nowhere" })))).toBe("noroom");
  expect((await s.during(late.join({ room: "Basalt" }))).room).toBe("Basalt");
  const inBasalt = s.pages.slice(MOST);
  for (const { client } of inBasalt) await s.during(client.request(Leave, null));
  await s.step(2);
  expect(s.lobby.rooms).toEqual([{ name: "Amber", people: MOST, bots: 0 }]);
});

test("after the round a room with many people is split, and both halves play on", async () => {
  const s = make();
  for (let n = 0; n < 20; n++) await s.play();
  await s.step(121 * HZ);
  expect(s.lobby.rooms).toEqual([
    { name: "Amber", people: 10, bots: 2 },
    { name: "Basalt", people: 10, bots: 2 },
  ]);
  const moved = s.pages.filter(({ moves }) => moves.length > 0);
  expect(moved.map(({ moves }) => moves)).toEqual(Array(10).fill(["Basalt"]));
  for (const { world } of s.pages) {
    expect(world.people.size).toBe(12);
    expect(world.people.has(world.me)).toBe(true);
    expect(world.prediction.known).toBe(true);
  }
}, 60_000);

test("a player who comes back with the seat has its sparks and its place, also on the server that comes next", async () => {
  const folder = mkdtempSync(join(tmpdir(), "arena-"));
  const file = join(folder, "seats.json");
  const seats = Seats.load(file);
  const s = make(seats);
  const page = await s.play();
  const { seat } = await s.during(page.join());
  await s.step(2);
  const player = [...s.lobby.all][0]?.players.get(page.world.me);
  if (player === undefined) throw new Error("no player");
  const [x, y] = [250, 80]; // where no saw comes by
  Object.assign(player, { sparks: 40, wins: 2 });
  Object.assign(player.body, { x, y, stun: 0 });
  s.lobby.keepAll();
  seats.save(file);
  expect(statSync(file).mode & 0o077).toBe(0);
  s.end();

  const next = make(Seats.load(file));
  rmSync(folder, { recursive: true });
  const again = await next.play({ seat });
  await next.step(HZ);
  expect(again.world.prediction.body).toMatchObject({ x, y });
  const [[, sparks = 0, wins] = []] = again.world.scores.filter(([id]) => id === again.world.me);
  expect([sparks >= 26, wins]).toEqual([true, 2]); // a bot may have hit it by now
  const third = await next.enter();
  expect((await next.during(third.join({ seat }))).again).toBe(false); // a seat is given out once
});

test("a page that is loaded anew takes its seat over, while its session of before still waits", async () => {
  const s = make();
  const page = await s.play();
  const { seat } = await s.during(page.join());
  page.link.client.destroy();
  await s.step();
  expect(s.lobby.rooms).toEqual([{ name: "Amber", people: 1, bots: 11 }]); // its place is kept
  const anew = await s.enter();
  expect((await s.during(anew.join({ seat }))).again).toBe(true);
  expect(s.lobby.rooms).toEqual([{ name: "Amber", people: 1, bots: 11 }]);
});

test("who asks for a room without a name is told what is wrong", async () => {
  const s = make();
  const page = await s.enter();
  const asked = page.client.request(Join, { name: "  ", room: null, seat: null });
  await expect(s.during(asked)).rejects.toThrow(/name/);
});
