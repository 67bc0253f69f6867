import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findNatsServer, HOW_TO_GET_NATS_SERVER } from "./find-nats-server.js";

/** What the server is started with. */
export interface NatsServerOptions {
  /** Text of its configuration file, without address and port. */
  readonly config?: string;
  /** Address it listens on. Default: 127.0.0.1; another one is for a network namespace of its own. */
  readonly host?: string;
}

/** How often a port that somebody has taken meanwhile is tried again, after a restart. */
const ATTEMPTS = 20;

/** How long a stopped process may take to stand still, in milliseconds, before that is not waited for any more. */
const STOPS_WITHIN = 1000;

/** Whether a thread of a process is not stopped. False where the system does not tell. */
function isRunning(pid: number | undefined): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
      // The state follows the name of the program, which is in brackets.
      return stat[stat.lastIndexOf(")") + 2] !== "T";
    });
  } catch {
    return false;
  }
}

/** A nats-server on a free port, which stays the same when it is started again. */
export class NatsServer {
  /** What it logged since it was last started. */
  readonly lines: string[] = [];
  readonly #program: string;
  readonly #folder: string;
  readonly #host: string;
  #config = "";
  #port = -1;
  #child: ChildProcess | undefined = undefined;

  private constructor(program: string, config: string, host: string) {
    this.#program = program;
    this.#host = host;
    this.#folder = mkdtempSync(join(tmpdir(), "peng3dnet-nats-"));
    this.configure(config);
  }

  /** Starts one, and waits until it takes connections. */
  static async start({ config = "", host = "127.0.0.1" }: NatsServerOptions = {}): Promise<NatsServer> {
    const program = findNatsServer();
    if (program === undefined) throw new Error(`There is no nats-server here: ${HOW_TO_GET_NATS_SERVER}`);
    const server = new NatsServer(program, config, host);
    await server.start();
    return server;
  }

  /** Its address on this machine, as clients of NATS take it. */
  get url(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Has it another configuration from its next start on. */
  configure(config: string): void {
    this.#config = config;
  }

  /** Starts it again, on the same port. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#launch();
        return;
      } catch (error) {
        if (this.#port < 0 || attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Ends it, at once and without a word to its clients unless another signal is given, and waits until it is gone. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await exited;
  }

  /** Stops it where it is: its connections stay open, and nothing comes or goes. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
    // The signal takes a moment to arrive, in which it would still answer.
    const until = performance.now() + STOPS_WITHIN;
    while (performance.now() < until && isRunning(this.#child?.pid));
  }

  /** Lets it go on. */
  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Ends it for good. */
  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #launch(): Promise<void> {
    const file = join(this.#folder, "nats.conf");
    writeFileSync(file, this.#config);
    const args = ["--addr", this.#host, "--port", String(this.#port), "--config", file];
    const child = spawn(this.#program, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    this.lines.length = 0;
    // It must not outlive who started it.
    const end = (): void => void child.kill("SIGKILL");
    process.once("exit", end);
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        process.off("exit", end);
        reject(new Error(`nats-server ended with ${signal ?? code}:\n${this.lines.join("\n")}`));
      });
      createInterface({ input: child.stderr }).on("line", (line) => {
        this.lines.push(line);
        const [, port] = /Listening for client connections on .*:(\d+)$/.exec(line) ?? [];
        if (port !== undefined) this.#port = Number(port);
        if (line.includes("Server is ready")) resolve();
      });
    });
  }
}
