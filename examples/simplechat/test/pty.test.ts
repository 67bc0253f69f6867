// Three people in front of three terminals, each a pseudo-terminal made by util-linux' `script`.

import { spawnSync } from "node:child_process";
import { Screen } from "../../cli/test/support/screen.js";
import { endAll, Spawned, startServer } from "../../cli/test/support/spawned.js";

const COLUMNS = 80;
/** Longer than a row. */
const SENTENCE = "I am just writing a sentence, which is so long that it goes over the edge of the screen";

const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux");
if (hasScript !== true) console.warn("skipped: pseudo-terminals need `script` of util-linux");

// Starting a program takes a while on a busy machine.
jest.setTimeout(60_000);
afterEach(endAll);

/** A person with a chat client in front of them. */
class Person {
  readonly #program: Spawned;
  #screen = new Screen(COLUMNS);
  #seen = 0;

  constructor(address: string, ...args: string[]) {
    const client = [process.execPath, "examples/simplechat/dist/client.js", address, ...args].join(" ");
    this.#program = new Spawned(
      "script",
      [
        "--quiet",
        "--flush",
        "--return",
        "--command",
        `stty cols ${COLUMNS} rows 24; exec ${client}`,
        "/dev/null",
      ],
      { TERM: "xterm-256color" },
    );
  }

  /** The rows of the screen, without the times. */
  get lines(): string[] {
    const { stdout } = this.#program;
    this.#screen.write(stdout.slice(this.#seen));
    this.#seen = stdout.length;
    expect(this.#screen.unknown).toEqual([]);
    return this.#screen.lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ""));
  }

  /** Waits until the last rows of the screen are these. */
  async sees(...rows: string[]): Promise<void> {
    const expected = rows.join("\n");
    await this.#program.until(
      () => this.lines.slice(-rows.length).join("\n") === expected,
      () => `expected\n${expected}\nat the end of\n${this.lines.join("\n")}`,
    );
  }

  /** Presses keys. */
  types(keys: string): void {
    this.#program.write(keys);
  }

  async leaves(keys: string): Promise<number | null> {
    this.#program.write(keys);
    return (await this.#program.ended).code;
  }
}

/** The rows that a line takes. @param first - columns that are left in the first of them. */
function wrapped(line: string, first = COLUMNS): string[] {
  const rows = [line.slice(0, first)];
  for (let at = first; at < line.length; at += COLUMNS) rows.push(line.slice(at, at + COLUMNS));
  return rows.map((row) => row.trimEnd());
}

(hasScript === true ? test : test.skip)("three people chat, each in front of a terminal", async () => {
  const { server, address } = await startServer("simplechat");
  const ada = new Person(address);
  await ada.sees(`Connected to ${address}.`, "Nickname:");
  ada.types("Ada\r");
  await ada.sees(
    `Connected to ${address}.`,
    "* Welcome, Ada! Nobody else is here yet. /help lists the commands.",
    ">",
  );

  // Ada is in the middle of a long sentence while others come and talk.
  ada.types(SENTENCE);
  await ada.sees(...wrapped(`> ${SENTENCE}`));
  const bob = new Person(address, "--nick", "Bob");
  await bob.sees("* Welcome, Bob! 2 are here: Ada, Bob. /help lists the commands.", ">");
  const eve = new Person(address);
  await eve.sees("Nickname:");
  eve.types("ada\r");
  await bob.sees("* ada2 has joined.", ">");
  bob.types("hello, all\r");
  await eve.sees("<Bob> hello, all", ">");
  eve.types("/whisper Ada psst\r");
  await eve.sees("<Bob> hello, all", "> /whisper Ada psst", "* To Ada: psst", ">");
  await ada.sees(
    "* Bob has joined.",
    "* ada2 has joined.",
    "<Bob> hello, all",
    "ada2 whispers: psst",
    ...wrapped(`> ${SENTENCE}`),
  );

  // What she has typed gives way to what all get to read.
  ada.types("!\r");
  const said = wrapped(`<Ada> ${SENTENCE}!`, COLUMNS - "00:00:00 ".length);
  for (const person of [ada, bob, eve]) await person.sees(...said, ">");

  expect(await eve.leaves("/quit\r")).toBe(0);
  await ada.sees(...said, "* ada2 has left.", ">");
  expect(eve.lines.slice(-2)).toEqual(["> /quit", "You have left the chat: userrequest."]);
  expect(await bob.leaves("\u0004")).toBe(0);
  expect(await ada.leaves("\u0003")).toBe(0);
  for (const person of [ada, bob]) {
    expect(person.lines.at(-1)).toBe("You have left the chat: userrequest.");
  }
  await server.printed(/\(Ada\): closed, userrequest\n/);
});
