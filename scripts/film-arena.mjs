// Makes the pictures of the arena in docs/images anew: plays it in Chromium, and takes pictures of that.
//
//   node scripts/film-arena.mjs
//
// It needs Chromium, img2webp (Debian: apt-get install webp), a built repository (npm run setup), and a machine that is not busy.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startArena } from "../examples/arena/dist/server/arena.js";
import { Chromium } from "../tools/chromium/dist/index.js";

const images = fileURLToPath(new URL("../docs/images/", import.meta.url));
const frames = mkdtempSync(join(tmpdir(), "arena-film-"));
const SECONDS = 6;
const PERIOD = 100;
/** Units around the player in which it goes for others, and in which it dashes. */
const [HUNTS, DASHES] = [600, 170];
const KEYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

const arena = await startArena({ addr: ["127.0.0.1", 0] });
const chromium = await Chromium.launch();
const tab = await chromium.openSite(arena.url);
await tab.show({ width: 720, height: 450, dark: true, touch: false });
await tab.evaluate(
  'document.getElementById("name").value = "Nora"; document.querySelector("#join button").click()',
);

const nearest = (all, { x, y }) =>
  all.map((one) => ({ one, far: Math.hypot(one.x - x, one.y - y) })).sort((a, b) => a.far - b.far)[0] ?? {
    one: { x, y },
    far: Infinity,
  };

/** Steers as a person would: to sparks, and into others who are near. */
async function play() {
  const [room] = arena.lobby.all;
  const me = [...(room?.players.values() ?? [])].find(({ client }) => client !== undefined);
  if (me === undefined) return;
  const others = [...room.players.values()].filter((player) => player !== me && player.body.stun === 0);
  const other = nearest(
    others.map(({ body }) => body),
    me.body,
  );
  const { one: goal } = other.far < HUNTS ? other : nearest(room.sparks, me.body);
  for (const [code, [dx, dy]] of Object.entries(KEYS))
    await tab.key(dx * (goal.x - me.body.x) + dy * (goal.y - me.body.y) > 15 ? "down" : "up", code);
  if (other.far < DASHES && me.body.rest === 0) await tab.key("down", "Space");
}

let over = false;
const playing = (async () => {
  while (!over) {
    await play();
    await sleep(30);
  }
})();
// By then there are some sparks to lose, and the words for a newcomer are gone.
await sleep(10_000);
// Where most is going on.
for (const { client, body } of [...arena.lobby.all].flatMap(({ players }) => [...players.values()]))
  if (client !== undefined) Object.assign(body, { x: 1000, y: 700 });
await sleep(1500);
const list = [];
const begun = performance.now();
for (let last = begun; performance.now() - begun < SECONDS * 1000; ) {
  const file = join(frames, `${String(list.length).padStart(3, "0")}.png`);
  writeFileSync(file, await tab.screenshot());
  await sleep(Math.max(0, PERIOD - (performance.now() - last)));
  const now = performance.now();
  list.push("-d", String(Math.round(now - last)), file);
  last = now;
}
await tab.show({ width: 1280, height: 800, dark: false, touch: false });
await tab.evaluate('document.getElementById("network").click()');
await sleep(3000);
writeFileSync(join(images, "arena.png"), await tab.screenshot());
over = true;
await playing;
await chromium.close();
await arena.stop();

const film = join(images, "arena.webp");
const options = ["-loop", "0", "-min_size", "-lossy", "-q", "55", "-m", "4"];
const { status, error } = spawnSync("img2webp", [...options, ...list, "-o", film], { stdio: "inherit" });
rmSync(frames, { recursive: true });
if (error !== undefined) throw error;
console.log(`${film}: ${list.length / 3} frames, ${(statSync(film).size / 1000).toFixed(0)} kB`);
process.exit(status ?? 1);
