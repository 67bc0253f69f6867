import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";
import { styleText } from "node:util";
import { Keyboard, type KeyboardInput } from "./keyboard.js";
import { displayWidth } from "./text.js";

/** One or more of the formats of `util.styleText`. */
export type Style = Parameters<typeof styleText>[0];

/** Options of a {@link Terminal}. */
export interface TerminalOptions {
  /** Default: standard input. */
  readonly input?: KeyboardInput & { readonly isTTY?: boolean };
  /** Default: standard output. */
  readonly output?: NodeJS.WritableStream & Partial<Pick<WriteStream, "columns" | "isTTY" | "hasColors">>;
  /** Shown where the user types. Default `"> "`. */
  readonly prompt?: string;
  /** Lines that are taken off the screen once typed, because something will be printed in their place. */
  readonly replaces?: (line: string) => boolean;
  /** Default: that of the process. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Lines in, lines out. On a terminal the line that the user is typing stays intact, at the bottom, whatever is
 * printed meanwhile. Through a pipe there is no prompt, no colour and no escape sequence.
 */
export class Terminal implements Disposable {
  /** Whether a person sits in front of it. */
  readonly interactive: boolean;
  readonly #input: KeyboardInput;
  readonly #output: NonNullable<TerminalOptions["output"]>;
  readonly #colours: boolean;
  readonly #replaces: (line: string) => boolean;
  readonly #readline: Interface;
  readonly #lines: AsyncIterator<string, undefined>;
  #prompting = false;
  #ended = false;

  constructor(options: TerminalOptions = {}) {
    const { input = process.stdin as ReadStream, output = process.stdout, env = process.env } = options;
    this.#input = input;
    this.#output = output;
    this.#replaces = options.replaces ?? (() => false);
    this.#colours = output.isTTY === true && output.hasColors?.(env) === true;
    this.interactive = input.isTTY === true && output.isTTY === true && env.TERM !== "dumb";
    this.#readline = this.interactive
      ? createInterface({
          input: new Keyboard(input),
          output,
          terminal: true,
          prompt: options.prompt ?? "> ",
        })
      : createInterface({ input, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
    // From here on no line is lost, however late somebody asks for it.
    this.#lines = this.#readline[Symbol.asyncIterator]();
    if (this.interactive) this.#listen();
  }

  #listen(): void {
    const readline = this.#readline;
    readline.on("line", (line) => {
      if (this.#replaces(line)) this.#eraseTyped(line);
      readline.prompt();
    });
    // The terminal passes Ctrl+C on as a key; make it what it is everywhere else.
    readline.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    readline.on("close", () => this.#end());
  }

  /** Text in a style, if the output shows colours. */
  style(style: Style, text: string): string {
    return this.#colours ? styleText(style, text, { validateStream: false }) : text;
  }

  /** Prints a line, above the one that the user is typing. */
  print(line: string): void {
    if (!this.#prompting) {
      this.#output.write(`${line}\n`);
      return;
    }
    const rows = this.#eraseInput();
    // Before readline draws its line anew, it goes up by as many rows as the cursor was down in it.
    this.#output.write(`${line}\n${"\n".repeat(rows)}`);
    this.#readline.prompt(true);
  }

  /** Prints a line for a person only: it would be in the way in a pipe. */
  notice(line: string): void {
    if (this.interactive) this.print(this.style("dim", line));
  }

  /** Asks for one line. @returns what was typed, or `undefined` at the end of the input. */
  async ask(question: string): Promise<string | undefined> {
    const prompt = this.#readline.getPrompt();
    this.#readline.setPrompt(question);
    this.#showPrompt();
    const { value } = await this.#lines.next();
    this.#readline.setPrompt(prompt);
    this.#showPrompt();
    return value;
  }

  /** The lines that the user types, to the end of the input or until the terminal is closed. */
  async *lines(): AsyncGenerator<string, void> {
    this.#showPrompt();
    for (let next = await this.#lines.next(); next.done !== true; next = await this.#lines.next()) {
      yield next.value;
    }
  }

  /** Ends the input; what is printed from now on comes without a prompt. */
  close(): void {
    this.#readline.close();
    // Input that nobody reads would keep the process alive.
    this.#input.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #showPrompt(): void {
    if (!this.interactive || this.#ended) return;
    this.#prompting = true;
    this.#readline.prompt(true);
  }

  #end(): void {
    this.#ended = true;
    if (this.#prompting) this.#eraseInput();
    this.#prompting = false;
  }

  /** Takes prompt and input off the screen. @returns the row of them that the cursor was in. */
  #eraseInput(): number {
    const { rows } = this.#readline.getCursorPos();
    this.#erase(rows);
    return rows;
  }

  /** Takes a line off the screen that was typed and ended, prompt included. */
  #eraseTyped(line: string): void {
    const width = displayWidth(this.#readline.getPrompt() + line);
    this.#erase(Math.floor(width / (this.#output.columns || 80)) + 1);
  }

  #erase(rowsUp: number): void {
    moveCursor(this.#output, 0, -rowsUp);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
  }
}
