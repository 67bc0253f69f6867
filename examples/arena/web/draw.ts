// Draws the room on a canvas. Who is who is told by colour and by mark, and what is dangerous by its form, too.

import { DASH_EVERY, PILLARS, RADIUS, SAW_RADIUS, sawsAt, WORLD } from "../src/shared/motion.js";
import { AWAY, DASHES, STUNNED } from "../src/shared/packets.js";
import { Effects } from "./effects.js";
import type { Input } from "./input.js";
import type { Shown } from "./interpolation.js";
import type { World } from "./world.js";

/** Units that the longer side of the page shows: two areas, which is what the server tells a player of at least. */
const VIEW = 1000;
/** Units that it shows of what is outside: whoever is at a wall is not under the scores. */
const OUTSIDE = 150;
const GRID = 100;
/** Colours that people with any colour vision tell apart (Okabe and Ito). */
const COLOURS = ["#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#d55e00", "#0072b2", "#f0e442"];
const TAU = 2 * Math.PI;

export class Painter {
  readonly effects = new Effects();
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #theme: Readonly<Record<"floor" | "grid" | "wall" | "pillar" | "ink" | "spark" | "saw", string>>;
  #scale = 1;
  /** Where the player is on the screen. */
  #middle = { x: 0, y: 0 };
  /** Where players were in the last frames in which they dashed. */
  #trail: { x: number; y: number; colour: string; life: number }[] = [];

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d") as CanvasRenderingContext2D;
    this.#theme = readTheme();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#theme = readTheme();
    });
    new ResizeObserver(() => this.#fit()).observe(canvas);
  }

  /** Where the player is on the screen. */
  middle(): { x: number; y: number } {
    return this.#middle;
  }

  draw(world: World, input: Input): void {
    const me = world.prediction.shown(performance.now() / 1000);
    this.#inPixels();
    this.#drawWall();
    this.#inUnits(me);
    this.#drawFloor();
    for (const spark of world.visibleSparks()) this.#drawSpark(spark);
    this.#drawTrail();
    this.#drawPlayers(world, me);
    // Saws are drawn where they will be when the server makes the player's step: they hit it there.
    const soon = world.clock.soon();
    for (const saw of sawsAt(soon)) this.#drawSaw(saw, soon);
    this.effects.draw(this.#context, this.#theme.ink, (...text) => this.#text(...text));
    this.#inPixels();
    this.#drawStick(input);
  }

  /** What is drawn from here on is in pixels of the page. */
  #inPixels(): void {
    this.#context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  }

  /** What is drawn from here on is in units of the room, around a player. */
  #inUnits({ x, y }: { readonly x: number; readonly y: number }): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = Math.max(width, height) / VIEW;
    const left = camera(x, width / scale);
    const top = camera(y, height / scale);
    this.#scale = scale;
    this.#middle = { x: (x - left) * scale, y: (y - top) * scale };
    const zoom = devicePixelRatio * scale;
    this.#context.setTransform(zoom, 0, 0, zoom, -left * zoom, -top * zoom);
  }

  #drawWall(): void {
    this.#context.fillStyle = this.#theme.wall;
    this.#context.fillRect(0, 0, this.#canvas.clientWidth, this.#canvas.clientHeight);
  }

  /** Others are drawn where they were a moment ago, since no more is known; the page's own player where it is now. */
  #drawPlayers(world: World, me: { readonly x: number; readonly y: number }): void {
    const { dash, stun } = world.prediction.body;
    const flags = (dash > 0 ? DASHES : 0) | (stun > 0 ? STUNNED : 0);
    const leader = [...world.scores].sort((a, b) => b[1] - a[1])[0];
    const crowned = leader !== undefined && leader[1] > 0 ? leader[0] : undefined;
    for (const other of world.others.at(world.clock.now()))
      if (other.id !== world.me) this.#drawPlayer(other, world, crowned === other.id);
    this.#drawPlayer({ id: world.me, ...me, flags }, world, crowned === world.me);
  }

  #fit(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    this.#canvas.width = clientWidth * devicePixelRatio;
    this.#canvas.height = clientHeight * devicePixelRatio;
  }

  #drawFloor(): void {
    const context = this.#context;
    context.fillStyle = this.#theme.floor;
    context.fillRect(0, 0, WORLD, WORLD);
    context.strokeStyle = this.#theme.grid;
    context.lineWidth = 1 / this.#scale;
    context.beginPath();
    for (let at = GRID; at < WORLD; at += GRID) {
      context.moveTo(at, 0);
      context.lineTo(at, WORLD);
      context.moveTo(0, at);
      context.lineTo(WORLD, at);
    }
    context.stroke();
    context.fillStyle = this.#theme.pillar;
    context.strokeStyle = this.#theme.ink;
    context.lineWidth = 2;
    for (const { x, y, radius } of PILLARS) {
      this.#circle(x, y, radius);
      context.fill();
      context.stroke();
    }
    context.strokeRect(0, 0, WORLD, WORLD);
  }

  #drawSpark({ x, y }: { readonly x: number; readonly y: number }): void {
    const context = this.#context;
    context.fillStyle = this.#theme.spark;
    context.strokeStyle = this.#theme.ink;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x, y - 11);
    context.lineTo(x + 8, y);
    context.lineTo(x, y + 11);
    context.lineTo(x - 8, y);
    context.closePath();
    context.fill();
    context.stroke();
  }

  #drawSaw({ x, y }: { readonly x: number; readonly y: number }, now: number): void {
    const context = this.#context;
    const teeth = 12;
    context.fillStyle = this.#theme.saw;
    context.strokeStyle = this.#theme.ink;
    context.lineWidth = 2;
    context.beginPath();
    for (let n = 0; n < 2 * teeth; n++) {
      const angle = (n / (2 * teeth)) * TAU + now * 6;
      const radius = n % 2 === 0 ? SAW_RADIUS + 4 : SAW_RADIUS - 8;
      context.lineTo(x + Math.cos(angle) * radius, y + Math.sin(angle) * radius);
    }
    context.closePath();
    context.fill();
    context.stroke();
    this.#circle(x, y, 9);
    context.fillStyle = this.#theme.floor;
    context.fill();
  }

  #drawPlayer({ id, x, y, flags }: Shown, world: World, crowned: boolean): void {
    const context = this.#context;
    const mine = id === world.me;
    const colour = COLOURS[id % COLOURS.length] as string;
    if ((flags & DASHES) !== 0) this.#trail.push({ x, y, colour, life: 1 });
    context.globalAlpha = (flags & AWAY) !== 0 ? 0.4 : 1;
    this.#circle(x, y, RADIUS);
    context.fillStyle = colour;
    context.fill();
    context.strokeStyle = this.#theme.ink;
    context.lineWidth = mine ? 4 : 2;
    context.stroke();
    this.#drawMark(id, x, y);
    if ((flags & STUNNED) !== 0) this.#text("✶ ✶ ✶", x, y - RADIUS - 14, 16);
    if (mine) this.#drawRest(x, y, world.prediction.body.rest);
    const name = mine ? "you" : (world.people.get(id)?.name ?? "");
    const more = (flags & AWAY) !== 0 ? " (line broken)" : "";
    this.#text(`${crowned ? "♛ " : ""}${name}${more}`, x, y + RADIUS + 25, 15);
    context.globalAlpha = 1;
  }

  /** A mark for those who do not see the colours. */
  #drawMark(id: number, x: number, y: number): void {
    const context = this.#context;
    context.strokeStyle = context.fillStyle = "#10151c";
    context.lineWidth = 3;
    context.beginPath();
    const kind = Math.floor(id / COLOURS.length) % 4;
    if (kind === 0) context.arc(x, y, 5, 0, TAU);
    else if (kind === 1) context.rect(x - 9, y - 2, 18, 4);
    else if (kind === 2) {
      context.rect(x - 9, y - 2, 18, 4);
      context.rect(x - 2, y - 9, 4, 18);
    } else {
      context.moveTo(x, y - 9);
      context.lineTo(x + 8, y + 6);
      context.lineTo(x - 8, y + 6);
    }
    context.fill();
  }

  /** A ring around the player, which closes until it can dash again. */
  #drawRest(x: number, y: number, rest: number): void {
    const context = this.#context;
    context.strokeStyle = this.#theme.ink;
    context.lineWidth = 3;
    context.beginPath();
    context.arc(x, y, RADIUS + 8, -TAU / 4, -TAU / 4 + TAU * (1 - rest / DASH_EVERY));
    context.stroke();
  }

  #drawTrail(): void {
    const context = this.#context;
    for (const puff of this.#trail) {
      context.globalAlpha = puff.life * 0.35;
      context.fillStyle = puff.colour;
      this.#circle(puff.x, puff.y, RADIUS * puff.life);
      context.fill();
      puff.life -= 0.06;
    }
    context.globalAlpha = 1;
    this.#trail = this.#trail.filter(({ life }) => life > 0);
  }

  #drawStick({ stick }: Input): void {
    if (stick === undefined) return;
    const context = this.#context;
    context.strokeStyle = this.#theme.ink;
    context.lineWidth = 2;
    context.globalAlpha = 0.5;
    this.#circle(stick.from.x, stick.from.y, 50);
    context.stroke();
    this.#circle(stick.to.x, stick.to.y, 18);
    context.fillStyle = this.#theme.ink;
    context.fill();
    context.globalAlpha = 1;
  }

  #circle(x: number, y: number, radius: number): void {
    this.#context.beginPath();
    this.#context.arc(x, y, Math.max(0, radius), 0, TAU);
  }

  /** A text of a size that does not depend on the page's. */
  #text(text: string, x: number, y: number, size: number): void {
    const context = this.#context;
    context.font = `600 ${size / Math.min(1.2, this.#scale)}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.lineWidth = 4;
    context.strokeStyle = this.#theme.floor;
    context.strokeText(text, x, y);
    context.fillStyle = this.#theme.ink;
    context.fillText(text, x, y);
  }
}

/** Where the picture begins: the player is in its middle, but for near the walls. @param size - of the picture, in units. */
function camera(at: number, size: number): number {
  return Math.min(WORLD + OUTSIDE - size, Math.max(-OUTSIDE, at - size / 2));
}

function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    floor: colour("floor"),
    grid: colour("grid"),
    wall: colour("wall"),
    pillar: colour("pillar"),
    ink: colour("ink"),
    spark: colour("spark"),
    saw: colour("saw"),
  };
}
