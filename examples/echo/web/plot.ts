const SVG = "http://www.w3.org/2000/svg";
/** Space for the labels, in pixels. */
const MARGIN = { left: 52, right: 10, top: 8, bottom: 8 };
const GRID_LINES = 4;

/** A line of the last values, drawn anew for each one. Its colours come from the style sheet. */
export class Plot {
  readonly #svg: SVGSVGElement;
  readonly #most: number;
  readonly #values: number[] = [];

  /** @param most - how many values it shows. */
  constructor(svg: SVGSVGElement, most: number) {
    this.#svg = svg;
    this.#most = most;
    new ResizeObserver(() => this.#draw()).observe(svg);
  }

  /** The values that are shown, the oldest first. */
  get values(): readonly number[] {
    return this.#values;
  }

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > this.#most) this.#values.shift();
    this.#draw();
  }

  #draw(): void {
    const { width, height } = this.#svg.getBoundingClientRect();
    const { left, right, top, bottom } = MARGIN;
    const ceiling = niceCeiling(Math.max(...this.#values, 0.1));
    const x = (n: number): number =>
      left + ((width - left - right) * (this.#most - this.#values.length + n)) / (this.#most - 1);
    const y = (value: number): number => height - bottom - ((height - top - bottom) * value) / ceiling;

    const parts: SVGElement[] = [];
    for (let line = 0; line <= GRID_LINES; line++) {
      const value = (ceiling * line) / GRID_LINES;
      parts.push(element("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
      const label = element("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" });
      label.textContent = line === GRID_LINES ? `${trim(value)} ms` : trim(value);
      parts.push(label);
    }
    const points = this.#values.map((value, n) => `${x(n).toFixed(1)},${y(value).toFixed(1)}`);
    parts.push(element("polyline", { points: points.join(" ") }));
    const last = this.#values.at(-1);
    if (last !== undefined)
      parts.push(element("circle", { cx: x(this.#values.length - 1), cy: y(last), r: 4 }));
    this.#svg.replaceChildren(...parts);
  }
}

/** The next of 1, 2, 4, 10, 20, 40, … */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 4].find((step) => step * power >= value) ?? 10);
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
