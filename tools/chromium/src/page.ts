/**
 * The page's half: answers calls that come from Node, in the page and in a dedicated worker of the same script.
 *
 * @packageDocumentation
 */
import type { CallResult } from "./call-result.js";
import type { Place, Programs } from "./chromium-page.js";

interface WorkerCall {
  readonly number: number;
  readonly name: string;
  readonly argument: unknown;
}

interface WorkerAnswer {
  readonly number: number;
  readonly result: CallResult;
}

function textOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { stack, message } = thrown;
  // Chromium's stacks begin with the message, unless it was changed later.
  return stack?.includes(message) ? stack : `${message}\n${stack}`;
}

async function run(programs: Programs, name: string, argument: unknown): Promise<CallResult> {
  // In a task of its own: what DevTools calls itself may evaluate code that the page's policy forbids.
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  try {
    const program = programs[name];
    if (program === undefined) throw new Error(`there is no function ${name}`);
    return { value: await program(argument) };
  } catch (thrown) {
    return { error: textOf(thrown) };
  }
}

/** The worker, which is made with the first call of it. */
class WorkerPlace {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (result: CallResult) => void>();
  #calls = 0;

  constructor(script: string) {
    this.#worker = new Worker(script);
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      this.#waiting.get(data.number)?.(data.result);
      this.#waiting.delete(data.number);
    };
    this.#worker.onerror = ({ message }) => {
      for (const answer of this.#waiting.values()) answer({ error: `the worker failed: ${message}` });
      this.#waiting.clear();
    };
  }

  call(name: string, argument: unknown): Promise<CallResult> {
    const number = ++this.#calls;
    this.#worker.postMessage({ number, name, argument } satisfies WorkerCall);
    return new Promise((resolve) => this.#waiting.set(number, resolve));
  }
}

/** Makes these functions callable from Node, in the page and in a worker. The script has to be served as one file. */
export function serve(programs: Programs): void {
  if (typeof document === "undefined") {
    const scope = globalThis as unknown as {
      addEventListener(type: "message", listener: (event: MessageEvent<Partial<WorkerCall>>) => void): void;
      postMessage(answer: WorkerAnswer): void;
    };
    scope.addEventListener("message", ({ data: { number, name, argument } }) => {
      if (number === undefined || name === undefined) return; // the program's own message
      void run(programs, name, argument).then((result) => scope.postMessage({ number, result }));
    });
    return;
  }
  const script = (document.currentScript as HTMLScriptElement).src;
  let worker: WorkerPlace | undefined;
  const peng3dnetCall = (place: Place, name: string, argument: unknown): Promise<CallResult> => {
    if (place === "page") return run(programs, name, argument);
    worker ??= new WorkerPlace(script);
    return worker.call(name, argument);
  };
  Object.assign(globalThis, { peng3dnetCall });
}
