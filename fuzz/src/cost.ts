import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A body to be decoded. */
export interface CostQuestion {
  readonly bytes: Uint8Array;
  readonly compressed: boolean;
  /** Whether it comes to a server before the handshake is complete. */
  readonly early: boolean;
  /** Whether the value is copied, too. */
  readonly copies: boolean;
}

/** What that took. */
export interface CostAnswer {
  /** Why it was refused. */
  readonly error: string | undefined;
  /** Time of the processor. */
  readonly milliseconds: number;
  /** Bytes that were allocated meanwhile, garbage included. */
  readonly allocated: number;
  /** Bytes that the value holds. */
  readonly held: number;
  /** Bytes that the costliest copy of it holds. */
  readonly copied: number;
  /** What the decoder says of it. */
  readonly decodedSize: number;
  readonly inflatedBytes: number;
}

/** A process that decodes bodies and measures it. It ends with this one. */
export class CostMeter {
  readonly #child: ChildProcess;

  /** @param flags - of the engine, e.g. for a small heap. */
  constructor(flags: readonly string[]) {
    const program = fileURLToPath(new URL("cost-child.js", import.meta.url));
    this.#child = fork(program, { execArgv: [...flags], serialization: "advanced" });
  }

  /** @returns `undefined` if the process died of it. */
  async measure(question: CostQuestion): Promise<CostAnswer | undefined> {
    const gone = new AbortController();
    const { signal } = gone;
    const dead = once(this.#child, "exit", { signal }).then(
      () => undefined,
      () => undefined,
    );
    const answered = once(this.#child, "message", { signal }).then(
      ([answer]) => answer as CostAnswer,
      () => undefined,
    );
    this.#child.send(question, () => {});
    const answer = await Promise.race([answered, dead]);
    gone.abort();
    return answer;
  }

  end(): void {
    this.#child.kill();
  }
}
