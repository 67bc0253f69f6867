import cluster, { type Worker } from "node:cluster";
import type { FromWorker, ToWorker } from "./shared.js";

/** A worker that is ending may not take a message any more. Its exit is told anyhow. */
function ignore(): void {}

/** The workers, as the primary process sees them. One that dies is replaced. */
export class Crew {
  readonly #nats: string;
  readonly #say: (who: string, what: string) => void;
  /** How many players each has. */
  readonly #players = new Map<Worker, number>();
  #port = 0;
  #started = 0;
  #ending = false;

  /**
   * @param nats - address of the nats-server.
   * @param say - is told what happens to workers.
   */
  constructor(nats: string, say: (who: string, what: string) => void) {
    this.#nats = nats;
    this.#say = say;
  }

  /**
   * Starts them.
   *
   * @param port - where they listen; 0: on a free port.
   * @returns where all of them listen, once they do.
   */
  async start(count: number, port = 0): Promise<[host: string, port: number]> {
    this.#port = port;
    // A free port is given to the first one, and the same one to all others that ask for any.
    const addr = await this.#add();
    for (let index = 1; index < count; index++) await this.#add();
    return addr;
  }

  /** Has all of them shut down; resolves once they are gone. */
  async end(): Promise<void> {
    this.#ending = true;
    const gone = [...this.#players.keys()].map(
      (worker) => new Promise((resolve) => worker.once("exit", resolve)),
    );
    this.#tellAll({ is: "end" });
    await Promise.all(gone);
  }

  #add(): Promise<[host: string, port: number]> {
    const name = `worker-${++this.#started}`;
    const worker = cluster.fork({ NATS: this.#nats, NAME: name, PORT: String(this.#port) });
    this.#players.set(worker, 0);
    let listened = false;
    return new Promise((resolve, reject) => {
      worker.on("message", (message: FromWorker) => {
        if (message.is === "players") this.#count(worker, message.count);
        else {
          listened = true;
          this.#tellTotal();
          this.#say(name, `is process ${worker.process.pid}`);
          resolve([message.host, message.port]);
        }
      });
      worker.once("exit", (code, signal) => {
        this.#players.delete(worker);
        reject(new Error(`${name} ended with ${signal ?? code} before it listened`));
        if (this.#ending || !listened) return;
        this.#say(name, `has died (${signal ?? code}); another one takes its place`);
        this.#tellTotal();
        this.#add().catch((error: Error) => this.#say("primary", error.message));
      });
    });
  }

  #count(worker: Worker, count: number): void {
    if (this.#players.has(worker)) this.#players.set(worker, count);
    this.#tellTotal();
  }

  #tellTotal(): void {
    let total = 0;
    for (const count of this.#players.values()) total += count;
    this.#tellAll({ is: "players", total });
  }

  #tellAll(message: ToWorker): void {
    for (const worker of this.#players.keys()) if (worker.isConnected()) worker.send(message, ignore);
  }
}
