/** A child process that answers requests. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { FATAL, type RequestName, type Requests, type Response } from "./messages.js";

const REQUEST_TIMEOUT_MS = 120_000;

export class Child {
  private readonly process: ChildProcess;
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private nextId = 0;

  /** @param built - where the compiled benchmark is; default: here. */
  constructor(
    private readonly name: string,
    execArgv: readonly string[],
    built: URL = new URL(".", import.meta.url),
  ) {
    const file = fileURLToPath(new URL(`${name}-process.js`, built));
    this.process = fork(file, { execArgv: ["--expose-gc", ...execArgv] });
    this.process.on("message", (response: Response) => {
      if (response.id === FATAL) {
        this.failAll(new Error(`${name}: ${response.error}`));
      }
      const waiter = this.waiting.get(response.id);
      this.waiting.delete(response.id);
      if (response.error === undefined) {
        waiter?.resolve(response.answer);
      } else {
        waiter?.reject(new Error(response.error));
      }
    });
    this.process.on("exit", (code) => this.failAll(new Error(`the ${name} process ended with ${code}`)));
  }

  ask<Name extends RequestName>(name: Name, data: Requests[Name]["data"]): Promise<Requests[Name]["answer"]> {
    const id = this.nextId++;
    const timer = setTimeout(
      () => this.failAll(new Error(`${this.name}: no answer to ${name}`)),
      REQUEST_TIMEOUT_MS,
    );
    const answer = new Promise<Requests[Name]["answer"]>((resolve, reject) => {
      this.waiting.set(id, { resolve: (value) => resolve(value as Requests[Name]["answer"]), reject });
      this.process.send({ id, name, data });
    });
    return answer.finally(() => clearTimeout(timer));
  }

  private failAll(error: Error): void {
    for (const waiter of this.waiting.values()) {
      waiter.reject(error);
    }
    this.waiting.clear();
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        resolve();
        return;
      }
      this.process.once("exit", () => resolve());
      this.process.disconnect();
    });
  }
}
