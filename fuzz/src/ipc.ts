import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** In a child: answers the questions of the parent, and ends with it. */
export function answer(handlers: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on("disconnect", () => process.exit());
  process.on("message", (question: Question) => {
    const { id, name, argument } = question;
    const reply = (answer: Answer): void => void process.send?.(answer);
    void Promise.resolve()
      .then(() => handlers[name]?.(argument as never))
      .then(
        (value) => reply({ id, value }),
        (error: unknown) => reply({ id, error: String(error) }),
      );
  });
}

/** A process that was started with a channel for messages, and calls `answer`: it can be asked. */
export class Child {
  readonly pid: number;
  readonly #process: ChildProcess;
  #exit: string | undefined;
  readonly #patience: number;
  #nextId = 1;

  /** @param patience - seconds that an answer may take where a question says nothing else. */
  constructor(process: ChildProcess, patience = 10) {
    this.#process = process;
    this.#patience = patience;
    this.pid = this.#process.pid ?? 0;
    this.#process.setMaxListeners(0);
    this.#process.on("error", () => {});
    this.#process.on("exit", (code, signal) => {
      this.#exit = signal ?? `exit code ${code}`;
    });
  }

  /** How it ended: signal or exit code; undefined while it lives. */
  get exit(): string | undefined {
    return this.#exit;
  }

  /** @throws if it has ended, or does not answer in time. */
  async ask<T>(name: string, argument?: unknown, seconds = this.#patience): Promise<T> {
    if (this.#exit !== undefined) throw new Error(`the process has ended: ${this.#exit}`);
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      const child = this.#process;
      const timer = setTimeout(() => settle(new Error(`no answer within ${seconds} s`)), seconds * 1000);
      const settle = (error?: Error, value?: unknown): void => {
        clearTimeout(timer);
        child.off("message", heard);
        child.off("exit", exited);
        if (error === undefined) resolve(value as T);
        else reject(error);
      };
      const heard = (reply: Answer): void => {
        if (reply.id !== id) return;
        settle(reply.error === undefined ? undefined : new Error(reply.error), reply.value);
      };
      const exited = (): void => settle(new Error("the process has ended"));
      child.on("message", heard);
      child.on("exit", exited);
      child.send({ id, name, argument } satisfies Question, (error) => {
        if (error !== null) settle(error);
      });
    });
  }

  /** Lets go of it, and waits for it to end by itself. @returns false if it had to be killed. */
  async leave(seconds: number): Promise<boolean> {
    if (this.#exit !== undefined) return true;
    const exited = once(this.#process, "exit");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), seconds * 1000);
    await exited;
    clearTimeout(timer);
    return this.#process.signalCode === null;
  }

  async kill(): Promise<void> {
    if (this.#exit !== undefined) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
  }
}
