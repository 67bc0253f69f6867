import { PassThrough } from "node:stream";
import { Terminal, type TerminalOptions } from "../src/terminal.js";
import { Screen } from "./support/screen.js";

const COLUMNS = 20;
const open: Terminal[] = [];

afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close();
});

function keep(terminal: Terminal): Terminal {
  open.push(terminal);
  return terminal;
}

/** A terminal in front of a screen, and a keyboard. */
function tty(options: TerminalOptions = {}) {
  const screen = new Screen(COLUMNS);
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: COLUMNS, hasColors: () => false });
  output.setEncoding("utf8").on("data", (text: string) => screen.write(text));
  const terminal = keep(new Terminal({ input, output, env: { TERM: "xterm" }, ...options }));
  const lines = terminal.lines();
  return {
    screen,
    terminal,
    lines,
    /** Waits until what was written is on the screen. */
    shown: () => new Promise<string[]>((resolve) => setImmediate(() => resolve(screen.lines))),
    /** Types key by key, as a person does. */
    type(text: string) {
      for (const key of text) input.write(key);
      return new Promise<string[]>((resolve) => setImmediate(() => resolve(screen.lines)));
    },
    /** Sends all at once, as a terminal does with what is pasted. */
    paste(text: string) {
      input.write(text);
      return new Promise<string[]>((resolve) => setImmediate(() => resolve(screen.lines)));
    },
  };
}

function piped(text: string, options: TerminalOptions = {}) {
  const input = new PassThrough();
  const output = new PassThrough().setEncoding("utf8");
  input.end(text);
  const terminal = keep(new Terminal({ input, output, env: {}, ...options }));
  return { terminal, printed: () => output.read() as string | null };
}

describe("on a terminal", () => {
  test("shows a prompt and hands over what is typed", async () => {
    const { screen, lines, type } = tty();
    const first = lines.next();
    await type("hello");
    expect(screen.lines).toEqual(["> hello"]);
    await type("\r");
    await expect(first).resolves.toEqual({ done: false, value: "hello" });
    expect(screen.lines).toEqual(["> hello", ">"]);
    expect(screen.unknown).toEqual([]);
  });

  describe.each(["type", "paste"] as const)("with a line that one begins to %s", (how) => {
    test("keeps it intact, at the bottom, whatever is printed", async () => {
      const tested = tty();
      void tested.lines.next();
      await tested[how]("half a");
      tested.terminal.print("one");
      tested.terminal.print("two, which is longer than the screen is wide");
      expect(await tested[how](" sentence")).toEqual([
        "one",
        "two, which is longer",
        " than the screen is",
        "wide",
        "> half a sentence",
      ]);
      expect(tested.screen.cursor).toEqual({ row: 4, column: 17 });
    });

    // 18 characters and the prompt fill a row.
    test.each([17, 18, 19, 37, 38, 39, 50])("keeps it intact if it is %d characters long", async (length) => {
      const tested = tty();
      void tested.lines.next();
      const text = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz".slice(0, length);
      await tested[how](text);
      tested.terminal.print("one");
      tested.terminal.print("two");
      const shown = await tested[how]("!");
      expect(shown.slice(0, 2)).toEqual(["one", "two"]);
      expect(shown.slice(2).join("")).toBe(`> ${text}!`);
    });
  });

  test("keeps the cursor where it is in the line", async () => {
    const { terminal, lines, type, screen } = tty();
    void lines.next();
    await type("abcdefghijklmnopqrstuvwxyz");
    await type("\u001b[D".repeat(20));
    const { row, column } = screen.cursor;
    terminal.print("one");
    await type("");
    expect(screen.cursor).toEqual({ row: row + 1, column });
    expect(await type("X")).toEqual(["one", "> abcdefXghijklmnopq", "rstuvwxyz"]);
  });

  test("counts the columns of wide characters", async () => {
    const { terminal, lines, type } = tty();
    void lines.next();
    await type("日本語日本語日本語日");
    terminal.print("one");
    const shown = await type("x");
    expect(shown[0]).toBe("one");
    expect(shown).toHaveLength(3);
  });

  test("lets go of a line that fills its last row", async () => {
    const { terminal, lines, paste, shown } = tty({ replaces: () => true });
    void lines.next();
    terminal.print("one");
    await paste(`${"x".repeat(38)}\r`);
    terminal.print("two");
    expect(await shown()).toEqual(["one", "two", ">"]);
  });

  test("takes lines off that will be printed in another form", async () => {
    const { screen, terminal, lines, type } = tty({ replaces: (line) => !line.startsWith("/") });
    void lines.next();
    await type("said, and over the edge\r");
    terminal.print("me: said, and");
    await type("/command\r");
    expect(screen.lines).toEqual(["me: said, and", "> /command", ">"]);
  });

  test("asks a question", async () => {
    const { screen, terminal, lines, type } = tty({ replaces: () => true });
    const answer = terminal.ask("Who? ");
    await type("Ada");
    expect(screen.lines).toEqual(["Who? Ada"]);
    await type("\rnext\r");
    await expect(answer).resolves.toBe("Ada");
    await expect(lines.next()).resolves.toEqual({ done: false, value: "next" });
    expect(screen.lines).toEqual([">"]);
  });

  test("Ctrl+D ends the lines, and the prompt goes", async () => {
    const { screen, terminal, lines, type } = tty();
    const end = lines.next();
    terminal.print("one");
    await type("\u0004");
    await expect(end).resolves.toEqual({ done: true, value: undefined });
    terminal.print("two");
    await type("");
    expect(screen.lines).toEqual(["one", "two"]);
  });

  test("Ctrl+D at a question is no answer", async () => {
    const { terminal, type } = tty();
    const answer = terminal.ask("Who? ");
    await type("\u0004");
    await expect(answer).resolves.toBeUndefined();
  });

  test("Ctrl+C interrupts the process, as it does without a prompt", async () => {
    const kill = jest.spyOn(process, "kill").mockReturnValue(true);
    const { lines, type } = tty();
    void lines.next();
    await type("\u0003");
    expect(kill).toHaveBeenCalledWith(process.pid, "SIGINT");
    kill.mockRestore();
  });

  test("closing it ends the lines", async () => {
    const { terminal, lines, shown } = tty();
    const end = lines.next();
    terminal.close();
    await expect(end).resolves.toEqual({ done: true, value: undefined });
    expect(await shown()).toEqual([]);
  });
});

describe("through a pipe", () => {
  test("hands over all lines, the last one without an end too, and prints nothing of its own", async () => {
    const { terminal, printed } = piped("one\r\ntwo\n\nthree");
    const lines: string[] = [];
    for await (const line of terminal.lines()) lines.push(line);
    expect(lines).toEqual(["one", "two", "", "three"]);
    terminal.notice("for a person");
    expect(printed()).toBeNull();
    terminal.print("for all");
    expect(printed()).toBe("for all\n");
  });

  test("loses no line if nobody asks for a while", async () => {
    const numbers = Array.from({ length: 5000 }, (_, n) => String(n));
    const { terminal } = piped(numbers.join("\n"));
    await new Promise((resolve) => setImmediate(resolve));
    const lines: string[] = [];
    for await (const line of terminal.lines()) lines.push(line);
    expect(lines).toEqual(numbers);
  });

  test("asks without showing the question", async () => {
    const { terminal, printed } = piped("Ada\nnext\n");
    await expect(terminal.ask("Who? ")).resolves.toBe("Ada");
    await expect(terminal.lines().next()).resolves.toEqual({ done: false, value: "next" });
    expect(printed()).toBeNull();
  });
});

describe("colours", () => {
  const colourful = (isTTY: boolean, hasColors: boolean) =>
    Object.assign(new PassThrough(), { isTTY, hasColors: () => hasColors });

  test.each([
    ["has colours", true, true, "\u001b[1mx\u001b[22m"],
    ["has none, or was told so by NO_COLOR", true, false, "x"],
    ["is a pipe", false, true, "x"],
  ])("where the output %s", (_what, isTTY, hasColors, expected) => {
    const { terminal } = piped("", { output: colourful(isTTY, hasColors) });
    expect(terminal.style("bold", "x")).toBe(expected);
  });

  test("a dumb terminal gets no escape sequences", () => {
    const { terminal } = tty({ env: { TERM: "dumb" } });
    expect(terminal.interactive).toBe(false);
  });
});
