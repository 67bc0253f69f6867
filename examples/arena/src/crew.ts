// Several nodes on this machine: a process for each, which runs what `npm run arena -- HOST:PORT --nats ADDRESS` runs.

import { type ChildProcess, fork } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { ProgramError } from "@peng3dnet-examples/cli";

const PROGRAM = fileURLToPath(new URL("main.js", import.meta.url));

export interface CrewOptions {
  readonly host: string;
  /** Of the first node; the others have those after it. 0: each has any free one. */
  readonly port: number;
  readonly nats: string;
  /** File for the seats; each node has one of its own. */
  readonly seats: string;
}

interface Node {
  readonly process: ChildProcess;
  /** What it prints. */
  readonly lines: Interface;
}

export class Crew {
  readonly #nodes: Node[] = [];

  /** Starts the nodes; resolves once pages reach all of them. */
  async start(count: number, { host, port, nats, seats }: CrewOptions): Promise<void> {
    for (let n = 1; n <= count; n++) {
      const address = `${host}:${port === 0 ? 0 : port + n - 1}`;
      const child = fork(PROGRAM, [address, "--nats", nats, "--seats", `${seats}.${n}`], {
        stdio: ["pipe", "pipe", "inherit", "ipc"],
      });
      const node = { process: child, lines: createInterface({ input: child.stdout as Readable }) };
      node.lines.on("line", (line) => console.log(`node ${n}: ${line}`));
      this.#nodes.push(node);
    }
    await Promise.all(this.#nodes.map((node) => said(node, "Open")));
  }

  /** Restarts one after the other: those who play at the others notice nothing of it. */
  async restart(): Promise<void> {
    for (const node of this.#nodes) {
      if (ended(node)) continue;
      node.process.stdin?.write("r\n");
      await said(node, "Back again");
    }
  }

  /** Has all of them end; resolves once they are gone. */
  async end(): Promise<void> {
    const left = this.#nodes.filter((node) => !ended(node));
    await Promise.all(
      left.map(({ process: child }) => {
        const gone = new Promise((resolve) => child.once("exit", resolve));
        // One that is ending by itself may have gone from the channel already.
        if (child.connected) child.disconnect();
        return gone;
      }),
    );
  }
}

function ended({ process: { exitCode, signalCode } }: Node): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Resolves once a node prints a line that begins like this. */
function said({ process: child, lines }: Node, begin: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const heard = (line: string): void => {
      if (line.startsWith(begin)) settle(resolve);
    };
    const died = (): void => settle(() => reject(new ProgramError("a node has ended before that")));
    const settle = (end: () => void): void => {
      lines.off("line", heard);
      child.off("exit", died);
      end();
    };
    lines.on("line", heard);
    child.once("exit", died);
  });
}
