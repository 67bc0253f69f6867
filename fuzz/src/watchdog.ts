import { Worker } from "node:worker_threads";

/** Runs in a thread of its own: ends the process when no run has come to an end for too long. */
const SOURCE = `
const { workerData } = require("node:worker_threads");
const { writeSync } = require("node:fs");
const progress = new Int32Array(workerData.shared);
let last = -1;
let since = Date.now();
setInterval(() => {
  const now = Atomics.load(progress, 0);
  if (now !== last) { last = now; since = Date.now(); }
  else if (Date.now() - since > workerData.milliseconds) {
    writeSync(2, "finding: run " + progress[1] + " of target " + workerData.names[progress[2]]
      + " has not come to an end for " + workerData.milliseconds + " ms\\n");
    process.kill(process.pid, "SIGKILL");
  }
}, 500);
`;

/** Ends the process, and says in which run, when one hangs. */
export class Watchdog {
  readonly #progress: Int32Array;
  readonly #worker: Worker;

  constructor(names: readonly string[], milliseconds: number) {
    const shared = new SharedArrayBuffer(12);
    this.#progress = new Int32Array(shared);
    this.#worker = new Worker(SOURCE, { eval: true, workerData: { shared, names, milliseconds } });
    this.#worker.unref();
  }

  /** A run begins. */
  begin(target: number, iteration: number): void {
    this.#progress[1] = iteration;
    this.#progress[2] = target;
    Atomics.add(this.#progress, 0, 1);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
