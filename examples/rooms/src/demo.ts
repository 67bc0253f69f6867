// What `npm run rooms` runs: a server with five rooms and fifty bots, over TCP, for a few seconds, in which the line of one of them
// breaks; then it lets nobody in any more, and shuts down once all have left.

import { Client, Server } from "@peng3dnet/core";
import { enablePing, pingServer } from "@peng3dnet/ping";
import { Bot, seeded } from "./bot.js";
import { play } from "./game.js";
import { Join, packets } from "./shared.js";

const ROOMS = ["hall", "kitchen", "garden", "attic", "cellar"];
const BOTS = 50;
const seconds = Number(process.argv[2] ?? 5);

function say(who: string, what: string): void {
  console.log(`${who.padEnd(7)} ${what}`);
}

const server = new Server({ addr: "127.0.0.1:0", packets, cfg: { "net.resume.window": 30 } });
enablePing(server);
await server.runAsync();
let late = 0;
let skipped = 0;
const game = play(server, {
  rooms: ROOMS,
  onStep(tick) {
    late = Math.max(late, tick.late);
    skipped += tick.skipped;
  },
});
say("server", `has ${ROOMS.length} rooms, and makes 20 steps a second`);

const { addr } = server;
const bots = Array.from(
  { length: BOTS },
  (_bot, n) => new Bot(new Client({ addr, packets, resume: true }), seeded(n)),
);
await Promise.all(bots.map(({ client }) => client.start()));
const watched = bots[0] as Bot;
try {
  await watched.join("dungeon");
} catch (error) {
  if (!Join.isError(error)) throw error;
  say("bot 1", `cannot join the dungeon: ${error.code}. ${error.message}`);
}
await Promise.all(bots.map((bot, n) => bot.join(ROOMS[n % ROOMS.length] as string)));
for (const bot of bots) bot.play(ROOMS);
say("bots", `${bots.length} of them have joined`);
watched.client.once("resume", ({ packets: again }) => {
  say("bot 1", `goes on, in the ${watched.room}: ${again} packets were sent again`);
});
say("bot 1", "loses its line");
watched.client.sock?.destroy();

let { packetsOut, bytesOut } = server.metrics;
for (let second = 1; second <= seconds; second++) {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const players = [...game.rooms.values()].map(({ name, members }) => `${name} ${members.size}`);
  say("server", `step ${game.loop.tick}: ${players.join(", ")}`);
  const { metrics } = server;
  const [sent, kilobytes] = [metrics.packetsOut - packetsOut, (metrics.bytesOut - bytesOut) / 1000];
  say(
    "server",
    `  sent ${sent} packets, ${kilobytes.toFixed(0)} kB; late by ${(late * 1000).toFixed(1)} ms at most`,
  );
  say("bot 1", `  is in the ${watched.room}, and sees ${watched.view.size} players`);
  ({ packetsOut, bytesOut } = metrics);
  late = 0;
}
if (skipped > 0) say("server", `skipped ${skipped} steps: this machine is too slow for it`);

const drained = server.drain();
say("server", "lets nobody in any more");
const refused = await new Client({ addr, packets })
  .start()
  .catch((error: { reason?: unknown }) => error.reason);
say("bot 51", `was refused: ${refused}`);
const { peng3dnet } = await pingServer({ addr });
say("ping", JSON.stringify(peng3dnet));
for (const { client } of bots) void client.close("the match is over");
await drained;
say("server", "has no players any more");
await server.shutdown();
say("server", "has shut down");
