/** What the runner and its two child processes say to each other. */
import type { ClusterRequests } from "./cluster/requests.js";
import type { Credentials } from "./peer.js";
import type { Cell } from "./workloads.js";

/** What a process has used since it began. */
export interface Usage {
  /** At the request. */
  readonly cpuMicroseconds: number;
  /** When the answer is sent, which is later if garbage was collected. */
  readonly cpuMicrosecondsAfter: number;
  readonly rss: number;
  /** Heap in use and memory outside it that it owns, after a collection. */
  readonly live: number;
}

/** What the measured part of a run came to, as the client saw it. */
export interface Outcome {
  /** Messages answered, messages delivered, or connections opened. */
  readonly count: number;
  readonly elapsedMs: number;
}

export interface Setup {
  readonly peer: string;
  readonly cell: Cell;
  readonly credentials?: Credentials;
}

export interface Requests extends ClusterRequests {
  serve: { readonly data: Setup; readonly answer: { readonly port: number } };
  /** Connects as far as the cell wants it, and warms up. */
  prepare: { readonly data: Setup & { readonly port: number }; readonly answer: null };
  /** The measured part. With `port`, the server is there from now on. */
  run: { readonly data: { readonly durationMs: number; readonly port?: number }; readonly answer: Outcome };
  /** With `collect`, garbage is collected first, outside the processor time reported. */
  usage: { readonly data: { readonly collect: boolean }; readonly answer: Usage };
}

export type RequestName = keyof Requests;

export interface Request {
  readonly id: number;
  readonly name: RequestName;
  readonly data: unknown;
}

/** The id of a response that answers no request: the process fails. */
export const FATAL = -1;

export interface Response {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}

export type Handlers = {
  readonly [Name in RequestName]?: (data: Requests[Name]["data"]) => Promise<Requests[Name]["answer"]>;
};

const COLLECTIONS = 4;

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function usage(collect: boolean): Usage {
  const cpuMicroseconds = cpu();
  if (collect) {
    // After one collection, the young generation is still as large as its busiest moment made it.
    for (let times = 0; times < COLLECTIONS; times++) {
      globalThis.gc?.();
    }
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { cpuMicroseconds, cpuMicrosecondsAfter: cpu(), rss, live: heapUsed + external };
}

/** Answers the runner's requests in a child process, which ends with the runner. */
export function answer(handlers: Handlers): void {
  const all: Handlers = { usage: async ({ collect }) => usage(collect), ...handlers };
  process.on("message", (request: Request) => {
    const handler = all[request.name] as ((data: unknown) => Promise<unknown>) | undefined;
    const reply = (response: Response): void => void process.send?.(response);
    Promise.resolve(handler?.(request.data)).then(
      (value) => reply({ id: request.id, answer: value }),
      (error: Error) => reply({ id: request.id, error: String(error?.stack ?? error) }),
    );
  });
  process.on("uncaughtException", (error) => {
    process.send?.({ id: FATAL, error: String(error?.stack ?? error) }, () => process.exit(1));
  });
  process.on("disconnect", () => process.exit());
}
