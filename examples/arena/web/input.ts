// What the player does: keyboard, mouse, and touch.

import type { Steering } from "../src/shared/motion.js";

const KEYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  KeyA: [-1, 0],
  KeyD: [1, 0],
  KeyW: [0, -1],
  KeyS: [0, 1],
};
/** Pixels that a finger is dragged for full speed. */
const STICK = 50;
/** Pixels around the player in which the mouse does not move it. */
const STILL = 12;

interface Point {
  readonly x: number;
  readonly y: number;
}

export class Input {
  /** Where a finger was put down and where it is now; the page draws a stick there. */
  stick: { readonly id: number; readonly from: Point; to: Point } | undefined;
  readonly #keys = new Set<string>();
  #mouse: Point | undefined;
  #dash = false;

  /** @param middle - where the player is on the screen. */
  constructor(canvas: HTMLCanvasElement, dashButton: HTMLElement, middle: () => Point) {
    const inField = (event: Event) => !(event.target instanceof HTMLInputElement);
    addEventListener("keydown", (event) => {
      if (!inField(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      // A button that has the focus is pressed by Space, and does not dash.
      if (event.code === "Space" && !(event.target instanceof HTMLButtonElement)) {
        this.#dash = !event.repeat;
        event.preventDefault();
      } else if (event.code in KEYS) {
        this.#keys.add(event.code);
        event.preventDefault();
      }
    });
    addEventListener("keyup", ({ code }) => this.#keys.delete(code));
    // Whoever looks elsewhere does not let go of a key here.
    addEventListener("blur", () => this.#release());
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("pointerdown", (event) => this.#down(event, canvas, middle));
    canvas.addEventListener("pointermove", (event) => this.#move(event, middle));
    for (const end of ["pointerup", "pointercancel"] as const)
      canvas.addEventListener(end, (event) => this.#up(event));
    dashButton.addEventListener("pointerdown", (event) => {
      this.#dash = true;
      event.preventDefault();
    });
    // A key that presses it, or a screen reader, puts nothing down before.
    dashButton.addEventListener("click", ({ detail }) => {
      if (detail === 0) this.#dash = true;
    });
  }

  /** What to do in the next step. A dash is asked for once. */
  take(): Steering {
    const dash = this.#dash;
    this.#dash = false;
    let [dx, dy] = [0, 0];
    for (const key of this.#keys) {
      const [x, y] = KEYS[key] ?? [0, 0];
      dx += x;
      dy += y;
    }
    if (dx === 0 && dy === 0) ({ x: dx, y: dy } = this.#pointed());
    return { dx: unit(dx), dy: unit(dy), dash };
  }

  #pointed(): Point {
    if (this.stick !== undefined) {
      const { from, to } = this.stick;
      return within({ x: (to.x - from.x) / STICK, y: (to.y - from.y) / STICK });
    }
    if (this.#mouse === undefined || Math.hypot(this.#mouse.x, this.#mouse.y) < STILL) return { x: 0, y: 0 };
    return within({ x: this.#mouse.x / STICK, y: this.#mouse.y / STICK });
  }

  #down(event: PointerEvent, canvas: HTMLCanvasElement, middle: () => Point): void {
    const at = { x: event.clientX, y: event.clientY };
    canvas.setPointerCapture(event.pointerId);
    if (event.pointerType === "mouse") {
      if (event.button === 2) this.#dash = true;
      else this.#mouse = minus(at, middle());
    } else if (this.stick === undefined) this.stick = { id: event.pointerId, from: at, to: at };
    else this.#dash = true;
    event.preventDefault();
  }

  #move(event: PointerEvent, middle: () => Point): void {
    const at = { x: event.clientX, y: event.clientY };
    if (this.stick?.id === event.pointerId) this.stick.to = at;
    else if (event.pointerType === "mouse") {
      // A second button of a mouse that is down comes as a move.
      if (event.button === 2 && (event.buttons & 2) !== 0) this.#dash = true;
      if (this.#mouse !== undefined) this.#mouse = minus(at, middle());
    }
  }

  #up(event: PointerEvent): void {
    if (this.stick?.id === event.pointerId) this.stick = undefined;
    if (event.pointerType === "mouse" && (event.buttons & 1) === 0) this.#mouse = undefined;
  }

  #release(): void {
    this.#keys.clear();
    this.#mouse = undefined;
    this.stick = undefined;
  }
}

function minus(a: Point, b: Point): Point {
  return { x: a.x - b.x, y: a.y - b.y };
}

function within({ x, y }: Point): Point {
  const length = Math.max(1, Math.hypot(x, y));
  return { x: x / length, y: y / length };
}

function unit(value: number): number {
  return Math.min(1, Math.max(-1, value));
}
