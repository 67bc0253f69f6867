// An nginx for tests: with a configuration of one's own, in the foreground, with all its files in one folder.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

/** Where Debian has it, which is not in everybody's PATH. */
const ALSO = ["/usr/sbin", "/usr/local/sbin"];

const ATTEMPTS = 5;

const HOW_TO_GET_NGINX =
  "install nginx (Debian: apt-get install nginx-light libnginx-mod-stream), or set PENG3DNET_NGINX to the path of one";

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of an nginx: the one that `PENG3DNET_NGINX` names, or the first one in `PATH` and the usual folders. */
function findNginx(): string | undefined {
  const { PENG3DNET_NGINX: named, PATH: path = "" } = process.env;
  if (named !== undefined && named !== "") {
    if (isProgram(named)) return named;
    throw new Error(`PENG3DNET_NGINX is ${named}, which is no program that can be run`);
  }
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return [...folders, ...ALSO].map((folder) => join(folder, "nginx")).find(isProgram);
}

const program = findNginx();

/** The line that loads the module for TCP: "" if it is built in, `undefined` if there is none. */
function streamModule(): string | undefined {
  if (program === undefined) return undefined;
  const { stderr: about } = spawnSync(program, ["-V"], { encoding: "utf8" });
  if (/--with-stream(\s|$)/.test(about)) return "";
  const file = join(/--modules-path=(\S+)/.exec(about)?.[1] ?? "", "ngx_stream_module.so");
  return existsSync(file) ? `load_module ${file};` : undefined;
}

/** What a configuration with a `stream` block begins with. */
export const STREAM_MODULE = streamModule();

/** As `describe`, for tests that start an nginx. Without one on the machine they are skipped, and the end of the run says so. */
export function describeWithNginx(name: string, declare: () => void, missing = program === undefined): void {
  const title = `behind nginx: ${name}${missing ? ` [needs nginx: ${HOW_TO_GET_NGINX}]` : ""}`;
  (missing ? describe.skip : describe)(title, declare);
}

/** A port of 127.0.0.1 that is free now. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** A running nginx. */
export class Nginx {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #lines: string[] = [];
  #heard = () => {};

  private constructor(path: string, folder: string, port: number) {
    this.port = port;
    this.#folder = folder;
    this.#child = spawn(path, ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    void this.#ended.then(() => this.#heard());
    if (this.#child.stderr === null) throw new Error("its output is not piped");
    createInterface({ input: this.#child.stderr }).on("line", (line) => {
      this.#lines.push(line);
      this.#heard();
    });
  }

  /**
   * Starts one, and waits until it listens.
   *
   * @param folder - for its files.
   * @param config - what stands beside its general settings, blocks such as `http`, to listen on a port.
   */
  static async start(folder: string, config: (port: number) => string): Promise<Nginx> {
    if (program === undefined) throw new Error(`There is no nginx here: ${HOW_TO_GET_NGINX}`);
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      configure(folder, config(port));
      const nginx = new Nginx(program, folder, port);
      try {
        await nginx.#says(/start worker process \d/);
        return nginx;
      } catch (error) {
        // Somebody has taken the port meanwhile.
        if (attempt === ATTEMPTS || !/Address already in use/.test(String(error))) throw error;
      }
    }
  }

  /** Has it read another configuration, and waits until it takes connections as that says, and only so. */
  async reload(config: (port: number) => string): Promise<void> {
    configure(this.#folder, config(this.port));
    this.#lines.length = 0;
    this.#child.kill("SIGHUP");
    await this.#says(/gracefully shutting down/);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#ended;
  }

  /** Waits for a line of its log. */
  async #says(text: RegExp): Promise<void> {
    while (!this.#lines.some((line) => text.test(line))) {
      const { exitCode } = this.#child;
      if (exitCode !== null) throw new Error(`nginx has ended with ${exitCode}:\n${this.#lines.join("\n")}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}

function configure(folder: string, config: string): void {
  const [first = "", ...rest] = config.split("\n");
  const modules = first.startsWith("load_module") ? first : "";
  const settings = `daemon off;\nworker_processes 1;\npid ${folder}/nginx.pid;\nerror_log stderr notice;\nevents {}\n`;
  const text = `${modules}\n${settings}${(modules === "" ? [first, ...rest] : rest).join("\n")}\n`;
  writeFileSync(join(folder, "nginx.conf"), text);
}

/** The settings of an `http` block that keep files in a folder. */
export const httpBlock = (folder: string, inside: string): string =>
  `http {
access_log off;
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join("\n")}
${inside}
}`;
