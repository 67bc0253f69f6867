// One small plot of the last two minutes, drawn anew for each second.

import { element } from "./page.js";

/** Seconds that are shown. */
const SHOWN = 120;
const DASHED = [3, 3];

/** A second of the plot: a value of each line, or that there was no line to the server. */
export type Sample = readonly number[] | "suspended";

export class Plot {
  readonly box = element("figure");
  readonly #canvas = element("canvas");
  readonly #caption = element("figcaption");
  readonly #title: string;
  readonly #lines: readonly string[];
  readonly #samples: Sample[] = [];

  /** @param lines - what each line is of; the second one is dashed. */
  constructor(title: string, lines: readonly string[]) {
    this.#title = title;
    this.#lines = lines;
    this.box.append(this.#caption, this.#canvas);
  }

  add(sample: Sample): void {
    this.#samples.push(sample);
    if (this.#samples.length > SHOWN) this.#samples.shift();
    const values = this.#lines.map((line, n) =>
      `${line} ${sample === "suspended" ? "–" : short(sample[n] ?? 0)}`.trim(),
    );
    this.#caption.replaceChildren(element("b", this.#title), element("span", values.join(", ")));
    this.#draw();
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width === 0) return;
    this.#canvas.width = width * devicePixelRatio;
    this.#canvas.height = height * devicePixelRatio;
    const context = this.#canvas.getContext("2d") as CanvasRenderingContext2D;
    context.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(this.#canvas);
    const x = (n: number) => width * ((SHOWN - this.#samples.length + n) / (SHOWN - 1));
    const values = this.#samples.filter((sample) => sample !== "suspended").flat();
    const most = Math.max(1, ...values) * 1.1;
    context.fillStyle = style.getPropertyValue("--broken");
    this.#samples.forEach((sample, n) => {
      if (sample === "suspended") context.fillRect(x(n - 1), 0, x(1) - x(0), height);
    });
    context.strokeStyle = style.color;
    context.lineWidth = 1.5;
    for (const [line] of this.#lines.entries()) {
      context.setLineDash(line === 0 ? [] : DASHED);
      context.beginPath();
      let draws = false;
      this.#samples.forEach((sample, n) => {
        if (sample === "suspended") {
          draws = false;
          return;
        }
        const y = height - 1 - (height - 3) * ((sample[line] ?? 0) / most);
        if (draws) context.lineTo(x(n), y);
        else context.moveTo(x(n), y);
        draws = true;
      });
      context.stroke();
    }
  }
}

function short(value: number): string {
  return value.toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0);
}
