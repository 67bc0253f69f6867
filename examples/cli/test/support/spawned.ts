import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "../../../..");

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long to wait for what a program has to print, in milliseconds: less than a test may take. */
const DEADLINE = 20_000;

const running = new Set<Spawned>();

/** A program under test, talked to through pipes. */
export class Spawned {
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #watchers = new Set<() => void>();
  #over = false;

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    // What the tests run under may ask for colours.
    const { FORCE_COLOR, NO_COLOR, ...inherited } = process.env;
    void FORCE_COLOR;
    void NO_COLOR;
    const child = spawn(command, args, { cwd: root, env: { ...inherited, ...env } });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#look();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#look();
    });
    // A program may end without having read all that it is sent.
    child.stdin.on("error", () => {});
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        running.delete(this);
        this.#over = true;
        this.#look();
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    running.add(this);
  }

  /**
   * Resolves once `found` returns something.
   *
   * @param describe - says what was there instead, if it never does.
   * @throws if the program ends before, or takes too long.
   */
  until<T>(
    found: () => T | null | undefined | false,
    describe = () => this.stdout + this.stderr,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(deadline);
        this.#watchers.delete(look);
        end();
      };
      const look = (): void => {
        const value = found();
        if (value !== null && value !== undefined && value !== false) settle(() => resolve(value));
        else if (this.#over) settle(() => reject(new Error(`the program ended too early; ${describe()}`)));
      };
      const deadline = setTimeout(
        () => settle(() => reject(new Error(`the program takes too long; ${describe()}`))),
        DEADLINE,
      );
      this.#watchers.add(look);
      look();
    });
  }

  /** Resolves once what it printed matches. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(() => pattern.exec(this.stdout));
  }

  /** Types something, or sends it through the pipe. */
  write(text: string): this {
    this.#child.stdin.write(text);
    return this;
  }

  /** Ends its input. */
  end(text = ""): Promise<Ended> {
    this.#child.stdin.end(text);
    return this.ended;
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal);
    return this.ended;
  }

  #look(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** Starts a built program of an example, e.g. `echo`, `server`. */
export function start(example: string, program: string, ...args: string[]): Spawned {
  return new Spawned(process.execPath, [join(root, "examples", example, "dist", `${program}.js`), ...args]);
}

/** Starts a server on a free port; resolves to its address, too, once it listens. */
export async function startServer(
  example: string,
  ...args: string[]
): Promise<{ readonly server: Spawned; readonly address: string }> {
  const server = start(example, "server", "127.0.0.1:0", ...args);
  const [, address = ""] = await server.printed(/ on (127\.0\.0\.1:\d+);/);
  return { server, address };
}

/** Ends whatever a failed test has left behind. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((program) => program.kill("SIGKILL")));
}
