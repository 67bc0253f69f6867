// One room: its players and sparks, and what becomes of them in a step. This is the game itself.

import type { ClientOnServer } from "@peng3dnet/core";
import { HZ, PILLARS, RADIUS, SAW_RADIUS, type Saw, STUN_STEPS, sawsAt, WORLD } from "../shared/motion.js";
import { News, type NewsItem, People, type RoomInfo, Scores, type Who, You } from "../shared/packets.js";
import { Areas, type ArenaServer, type Spark, type Viewers } from "./areas.js";
import { Bot, type Surroundings } from "./bot.js";
import type { Player } from "./player.js";

/** Players that a room has at least: bots fill it up, and leave when people come. */
const FILLED = 12;
/** Sparks that lie around: where there are fewer, each step brings one. */
const SPARKS = 70;
/** How near a player's middle a spark is taken. */
const REACH = RADIUS + 12;
const ROUND_STEPS = 120 * HZ;
/** Steps from one list of scores to the next. */
const SCORES_EVERY = HZ / 2;
/** Sparks that one hit can cost. */
const MOST_LOST = 12;
/** Speed at which one who was hit flies away. */
const KNOCK = 420;

/** What rooms share. */
export interface House {
  readonly server: ArenaServer;
  /** From 0 to 1: tests choose it. */
  readonly random: () => number;
  /** Numbers that no other player has. */
  readonly id: () => number;
  /** Is told who has won a round, for those of other rooms. */
  readonly onWon: (item: NewsItem, room: Viewers) => void;
}

export class Room {
  readonly name: string;
  /** The people in it; bots have no connection. */
  readonly members: Viewers;
  readonly #house: House;
  readonly #areas: Areas;
  readonly #players = new Map<number, Player>();
  readonly #byClient = new Map<ClientOnServer, Player>();
  #sparks = 0;
  #lastSpark = 0;
  #round = ROUND_STEPS;

  constructor(house: House, name: string) {
    this.name = name;
    this.#house = house;
    this.members = house.server.group(`room ${name}`);
    this.#areas = new Areas(house.server, name);
    this.#fill();
  }

  get info(): RoomInfo {
    const people = this.#byClient.size;
    return { name: this.name, people, bots: this.#players.size - people };
  }

  get players(): ReadonlyMap<number, Player> {
    return this.#players;
  }

  get sparks(): Spark[] {
    return [...this.#areas].flatMap((area) => [...area.sparks]);
  }

  playerOf(client: ClientOnServer): Player | undefined {
    return this.#byClient.get(client);
  }

  /** Lets somebody in. */
  join(client: ClientOnServer, player: Player): void {
    this.#byClient.set(client, player);
    this.#came(player);
    this.members.add(client);
    client.sendMessage(People, { came: [...this.#players.values()].map(who), left: [] });
    this.#areas.place(player);
    this.#fill();
  }

  /** Takes somebody out, and a bot comes in. @returns the player, so that it can go on elsewhere. */
  leave(client: ClientOnServer): Player | undefined {
    const player = this.#byClient.get(client);
    if (player === undefined) return undefined;
    this.#byClient.delete(client);
    this.members.delete(client);
    this.#left(player);
    this.#fill();
    return player;
  }

  /** Makes one step of the game. @returns whether a round is over with it. */
  step(tick: number): boolean {
    const saws = sawsAt(tick / HZ);
    for (const player of this.#players.values()) this.#move(player, saws);
    // All are where they are in this step. What happens where they touch something?
    for (const player of this.#players.values()) if (!player.away) this.#touch(player, saws);
    if (this.#sparks < SPARKS) this.#put(this.somewhere());
    for (const area of this.#areas) area.tell(tick);
    this.#tellEach(tick);
    this.#round--;
    if (this.#round % SCORES_EVERY === 0) this.#tellScores();
    if (this.#round > 0) return false;
    this.#endRound();
    return true;
  }

  #move(player: Player, saws: readonly Saw[]): void {
    if (player instanceof Bot) player.play(this.#around(player, saws));
    else player.advance();
    this.#areas.place(player);
  }

  /** What a bot may know: no more than a person sees. */
  #around({ body, area }: Player, saws: readonly Saw[]): Surroundings {
    const near = [...this.#areas.near(body.x, body.y, WORLD / 8)];
    return { players: area?.players ?? [], sparks: near.flatMap(({ sparks }) => [...sparks]), saws };
  }

  /** A player takes sparks, hits others while it dashes, and may be caught by a saw. */
  #touch(player: Player, saws: readonly Saw[]): void {
    const { body } = player;
    if (body.stun === 0) this.#collect(player);
    if (body.dash > 0) this.#hit(player);
    for (const saw of saws) {
      if (body.stun === 0 && distance(body, saw) < SAW_RADIUS + RADIUS)
        this.#news({ what: "sawn", id: player.id, lost: this.#knock(player, saw) });
    }
  }

  /** Tells each player exactly what became of its own steps. */
  #tellEach(tick: number): void {
    for (const { client, body, step } of this.#byClient.values()) {
      const { x, y, vx, vy, dash, rest, stun } = body;
      if (client?.active === true)
        client.sendMessage(You, { tick, step, body: [x, y, vx, vy, dash, rest, stun] });
    }
  }

  #collect(player: Player): void {
    const { x, y } = player.body;
    for (const area of this.#areas.near(x, y, REACH)) {
      for (const spark of area.sparks) {
        if (distance(spark, player.body) > REACH) continue;
        area.take(spark);
        this.#sparks--;
        player.sparks++;
      }
    }
  }

  /** Who dashes into somebody knocks sparks out of them. */
  #hit(by: Player): void {
    for (const area of this.#areas.near(by.body.x, by.body.y, 2 * RADIUS)) {
      for (const other of area.players) {
        if (other === by || other.away || other.body.stun > 0 || other.body.dash > 0) continue;
        if (distance(other.body, by.body) > 2 * RADIUS + 8) continue;
        this.#news({ what: "hit", by: by.id, id: other.id, lost: this.#knock(other, by.body) });
      }
    }
  }

  /** Knocks a player away from somewhere; a third of its sparks lies around then. @returns how many. */
  #knock(player: Player, from: { readonly x: number; readonly y: number }): number {
    const { body } = player;
    const angle = Math.atan2(body.y - from.y, body.x - from.x);
    Object.assign(body, {
      vx: Math.cos(angle) * KNOCK,
      vy: Math.sin(angle) * KNOCK,
      dash: 0,
      stun: STUN_STEPS,
    });
    const lost = Math.min(MOST_LOST, Math.ceil(player.sparks / 3));
    player.sparks -= lost;
    for (let n = 0; n < lost; n++) {
      const [turn, far] = [this.#house.random() * 2 * Math.PI, 50 + this.#house.random() * 90];
      this.#put({ x: inside(body.x + Math.cos(turn) * far), y: inside(body.y + Math.sin(turn) * far) });
    }
    return lost;
  }

  #put(at: { readonly x: number; readonly y: number }): void {
    const { x, y } = PILLARS.some((pillar) => distance(pillar, at) < pillar.radius) ? this.somewhere() : at;
    const spark: Spark = { id: ++this.#lastSpark, x: Math.round(x), y: Math.round(y) };
    this.#areas.at(x, y).put(spark);
    this.#sparks++;
  }

  /** A place that is in no pillar. */
  somewhere(): { x: number; y: number } {
    for (;;) {
      const at = { x: inside(this.#house.random() * WORLD), y: inside(this.#house.random() * WORLD) };
      if (PILLARS.every((pillar) => distance(pillar, at) > pillar.radius + RADIUS)) return at;
    }
  }

  /** Bots fill the room up to a number of players, and make place for people. */
  #fill(): void {
    const bots = [...this.#players.values()].filter((player) => player instanceof Bot);
    const wanted = Math.max(0, FILLED - this.#byClient.size);
    for (const bot of bots.slice(wanted)) this.#left(bot);
    for (let n = bots.length; n < wanted; n++)
      this.#came(new Bot(this.#house.id(), n, this.somewhere(), this.#house.random));
  }

  #came(player: Player): void {
    this.members.broadcast(People, { came: [who(player)], left: [] });
    this.#players.set(player.id, player);
    if (player instanceof Bot) this.#areas.place(player);
  }

  #left(player: Player): void {
    this.#players.delete(player.id);
    this.#areas.remove(player);
    this.members.broadcast(People, { came: [], left: [player.id] });
  }

  #news(item: NewsItem): void {
    this.members.broadcast(News, item);
  }

  #tellScores(): void {
    const scores = [...this.#players.values()].map(({ id, sparks, wins }): [number, number, number] => [
      id,
      sparks,
      wins,
    ]);
    this.members.broadcast(Scores, { left: Math.ceil(this.#round / HZ), scores });
  }

  #endRound(): void {
    const [best] = [...this.#players.values()].sort((a, b) => b.sparks - a.sparks);
    if (best !== undefined && best.sparks > 0) {
      best.wins++;
      this.#news({ what: "won", id: best.id, sparks: best.sparks });
      // In a room of bots alone nobody has won anything.
      if (this.#byClient.size > 0)
        this.#house.onWon(
          { what: "champion", name: best.name, room: this.name, sparks: best.sparks },
          this.members,
        );
    }
    for (const player of this.#players.values()) player.sparks = 0;
    this.#round = ROUND_STEPS;
    this.#tellScores();
  }
}

function who(player: Player): Who {
  return { id: player.id, name: player.name, bot: player instanceof Bot };
}

function inside(part: number): number {
  return Math.min(WORLD - RADIUS, Math.max(RADIUS, part));
}

function distance(
  a: { readonly x: number; readonly y: number },
  b: { readonly x: number; readonly y: number },
): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
