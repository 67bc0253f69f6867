import { displayWidth } from "../../src/text.js";

const ESCAPE = "\\u001b";
const CHARACTER = new RegExp(`${ESCAPE}\\[([\\d;?]*)([A-Za-z])|[\\s\\S]`, "gu");
const UNFINISHED = new RegExp(`${ESCAPE}(\\[[\\d;?]*)?$`);

/** What a terminal shows after it was sent what a program wrote: enough of one for what readline writes. */
export class Screen {
  readonly #columns: number;
  readonly #rows: string[][] = [[]];
  readonly #unknown: string[] = [];
  #row = 0;
  #column = 0;
  #rest = "";

  constructor(columns = 80) {
    this.#columns = columns;
  }

  /** The rows, without blanks behind them. */
  get lines(): string[] {
    const lines = this.#rows.map((row) =>
      Array.from(row, (cell) => cell ?? " ")
        .join("")
        .trimEnd(),
    );
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  /** Row and column of the cursor. */
  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: this.#column };
  }

  /** Escape sequences that it does not know, which is a reason to fail a test. */
  get unknown(): readonly string[] {
    return this.#unknown;
  }

  write(text: string): void {
    const data = this.#rest + text;
    this.#rest = UNFINISHED.exec(data)?.[0] ?? "";
    for (const [all, parameter, command] of data
      .slice(0, data.length - this.#rest.length)
      .matchAll(CHARACTER)) {
      if (command !== undefined) this.#control(command, parameter ?? "");
      else this.#put(all);
    }
  }

  #put(char: string): void {
    if (char === "\n") this.#nextLine();
    else if (char === "\r") this.#column = 0;
    else if (/\p{Cc}/u.test(char)) this.#unknown.push(JSON.stringify(char));
    else {
      // Like a real one, it wraps when there is something to put into the next row.
      const width = displayWidth(char);
      if (this.#column + width > this.#columns) this.#nextLine();
      const row = this.#rows[this.#row] as string[];
      row[this.#column] = char;
      if (width === 2) row[this.#column + 1] = "";
      this.#column += width;
    }
  }

  /** Programs send a line feed alone; the driver of a terminal makes it begin the next line. */
  #nextLine(): void {
    this.#column = 0;
    this.#down();
  }

  #down(): void {
    this.#row++;
    this.#rows[this.#row] ??= [];
  }

  #control(command: string, parameter: string): void {
    const n = Number(parameter || "1");
    const column = Math.min(this.#column, this.#columns - 1);
    if (command === "A") this.#row = Math.max(0, this.#row - n);
    else if (command === "B") for (let i = 0; i < n; i++) this.#down();
    else if (command === "C") this.#column = Math.min(this.#columns - 1, column + n);
    else if (command === "D") this.#column = Math.max(0, column - n);
    else if (command === "G") this.#column = n - 1;
    else if (command === "K" && parameter === "") this.#rows[this.#row]?.splice(this.#column);
    else if (command === "J" && (parameter === "" || parameter === "0")) {
      this.#rows[this.#row]?.splice(this.#column);
      this.#rows.splice(this.#row + 1);
    } else if (command !== "m" && command !== "h" && command !== "l") {
      this.#unknown.push(`${command} ${parameter}`);
    }
  }
}
