// What is to be seen for a moment where something has happened: sparks won and lost, and a ring where somebody was hit.

/** Seconds that one is shown, and units that its text rises meanwhile. */
const SHOWN = 0.9;
const RISES = 60;

interface Effect {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  /** Whether there is a ring around it. */
  readonly hit: boolean;
  /** When it began, in seconds. */
  readonly at: number;
}

export class Effects {
  #effects: Effect[] = [];

  add({ x, y }: { readonly x: number; readonly y: number }, text: string, hit: boolean): void {
    this.#effects.push({ x, y, text, hit, at: performance.now() / 1000 });
  }

  /** @param write - writes a text in the colours of the theme. */
  draw(
    context: CanvasRenderingContext2D,
    ink: string,
    write: (text: string, x: number, y: number, size: number) => void,
  ): void {
    const now = performance.now() / 1000;
    this.#effects = this.#effects.filter(({ at }) => now - at < SHOWN);
    for (const { x, y, text, hit, at } of this.#effects) {
      const part = (now - at) / SHOWN;
      context.globalAlpha = 1 - part;
      if (hit) {
        context.strokeStyle = ink;
        context.lineWidth = 6 * (1 - part);
        context.beginPath();
        context.arc(x, y, 30 + 70 * part, 0, 2 * Math.PI);
        context.stroke();
      }
      write(text, x, y - 34 - RISES * part, hit ? 24 : 18);
    }
    context.globalAlpha = 1;
  }
}
