// The page: puts its parts together.

import { ticker } from "@peng3dnet/browser";
import { HZ } from "../src/shared/motion.js";
import { Join, Leave, Moved, Restarting, Steer } from "../src/shared/packets.js";
import { type GameClient, gameClient, type Line, play } from "./connection.js";
import { Painter } from "./draw.js";
import { Hud } from "./hud.js";
import { Input } from "./input.js";
import { type Choice, Lobby } from "./lobby.js";
import { NetworkPanel } from "./network-panel.js";
import { part } from "./page.js";
import { World } from "./world.js";

/** Where the page keeps the key of its seat: one tab is one player, also when it is loaded anew. */
const SEAT = "arena.seat";
/** Where it keeps the address of the node that it plays at, as long as it does. */
const PLAYING = "arena.playing";

const canvas = part<HTMLCanvasElement>("field");
const painter = new Painter(canvas);
const input = new Input(canvas, part("dash"), () => painter.middle());
const hud = new Hud();
const panel = new NetworkPanel();
const lobby = new Lobby(enter);

interface Game {
  readonly client: GameClient;
  readonly world: World;
  room: string;
}

/** The game that is played, if any. */
let game: Game | undefined;

/** Plays until the player leaves. */
function enter(name: string, { addr, room: wanted }: Choice): void {
  lobby.hide();
  sessionStorage.setItem(PLAYING, addr);
  const client = gameClient(addr, tell);
  const world = new World(client);
  const mine: Game = { client, world, room: "" };
  game = mine;
  world.onNews = (item) => {
    hud.news(item, world);
    if (item.what !== "hit" && item.what !== "sawn") return;
    const place = world.placeOf(item.id);
    if (place !== undefined) painter.effects.add(place, item.lost > 0 ? `−${item.lost}` : "", true);
  };
  world.onTake = (spark) => painter.effects.add(spark, "+1", false);
  client.on(Restarting, () => hud.restarting());
  client.on(Moved, ({ room }) => {
    world.moved();
    mine.room = room;
  });
  ticker(client, { hz: HZ, onTick: () => step(mine) });
  play(client, () => join(mine, name, wanted), tell);
}

/** Goes into a room. @returns whether the player got back what it had. */
async function join(mine: Game, name: string, wanted: string | null): Promise<boolean> {
  const { client, world } = mine;
  world.begin();
  const seat = sessionStorage.getItem(SEAT);
  // Who has a seat goes to its room, and not to the one that was chosen at first.
  const answer = await client.request(Join, { name, room: seat === null ? wanted : null, seat });
  sessionStorage.setItem(SEAT, answer.seat);
  mine.room = answer.room;
  world.joined(answer.id, answer.time);
  return answer.again;
}

/** Tells the server what the player does now, and does it here at once. While the line is broken, the player stands still. */
function step({ client, world }: Game): void {
  if (!client.active || client.suspended) return;
  const made = world.prediction.step(input.take(), performance.now() / 1000);
  if (made !== undefined) client.sendMessage(Steer, made);
}

function tell(line: Line): void {
  hud.line(line);
  if (line.is === "suspended") panel.suspended();
  if (line.is !== "ended") return;
  game = undefined;
  sessionStorage.removeItem(PLAYING);
  sessionStorage.removeItem(SEAT);
  lobby.show();
}

part("leave").addEventListener("click", async () => {
  if (game === undefined) return;
  const { client } = game;
  // Whether the server heard of it or not: who wants to leave has left. While the line is broken, closing would wait for it.
  if (client.suspended) return client.stop();
  if (client.active) await client.request(Leave, null, { timeout: 1 }).catch(() => {});
  await client.close("left");
});

function frame(): void {
  requestAnimationFrame(frame);
  if (game?.world.prediction.known === true) painter.draw(game.world, input);
}
requestAnimationFrame(frame);

setInterval(() => {
  if (game !== undefined && game.room !== "") hud.update(game.world, game.room);
}, 250);
setInterval(() => {
  if (game !== undefined) panel.second(game.client, game.world, game.room);
}, 1000);

// A page that is loaded anew while it plays goes on.
const playing = sessionStorage.getItem(PLAYING);
if (playing === null) {
  document.body.dataset.state = "lobby";
  lobby.show();
} else enter(lobby.name, { addr: playing, room: null });
