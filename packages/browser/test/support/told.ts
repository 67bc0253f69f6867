// A transport's handler that notes what it is told.

import type { TransportHandler } from "@peng3dnet/browser";

export class Told implements TransportHandler {
  readonly all: unknown[] = [];
  bytes = 0;
  #changed: () => void = () => {};

  #note(...what: unknown[]): void {
    this.all.push(what);
    this.#changed();
  }

  ready(): void {
    this.#note("ready");
  }
  refused(): void {
    this.#note("refused");
  }
  readTarget(): undefined {}
  data(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#note("data", ...chunk);
  }
  ended(): void {
    this.#note("ended");
  }
  drained(): void {
    this.#note("drained");
  }
  closed(error: Error | undefined): void {
    this.#note("closed", error);
  }
  crashed(error: unknown): void {
    this.#note("crashed", error);
  }

  /** Resolves once that was told, with what else came with it. */
  async until(name: string): Promise<unknown[]> {
    for (;;) {
      const found = this.all.find((what) => Array.isArray(what) && what[0] === name) as unknown[] | undefined;
      if (found !== undefined) return found.slice(1);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** The error that it was closed with. */
  async closeError(): Promise<Error | undefined> {
    return (await this.until("closed"))[0] as Error | undefined;
  }
}
