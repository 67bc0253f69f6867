import type { Page } from "playwright-core";
import type { CallResult } from "./call-result.js";

/** Where a function runs: in the page's own thread, or in its dedicated worker. */
export type Place = "page" | "worker";

/** Functions by name. What they take and return is cloned: no functions, no instances of classes. */
// biome-ignore lint/suspicious/noExplicitAny: a function of any argument is meant, which nothing else says.
export type Programs = { readonly [name: string]: (argument: any) => unknown };

export interface PageOptions {
  /** Path of a program that calls `serve` of `@peng3dnet-internal/chromium/page`. */
  readonly entry: string;
  /** Path of the repository. */
  readonly root: string;
  /** Files that stand in for others in the bundle, path by path from the root. */
  readonly replaced?: Readonly<Record<string, string>>;
}

/** A page that waits for calls. It is under a Content-Security-Policy that allows its own script and connections alone. */
export class ChromiumPage<P extends Programs> {
  /** What the page reported: errors that nobody caught, what the policy refused, warnings and errors of the console. */
  readonly problems: string[] = [];
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    page.on("pageerror", (error) => this.problems.push(error.stack ?? error.message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.problems.push(message.text());
    });
  }

  /** Loads the page, and waits until its script has run. */
  async load(url: string): Promise<void> {
    await this.#page.goto(url);
  }

  /**
   * Calls a function in the page or in its worker, and waits for what it returns.
   *
   * @throws {Error} with the message of what it threw there, and the stack in the page behind it.
   */
  async call<K extends keyof P & string>(
    place: Place,
    name: K,
    argument: Parameters<P[K]>[0],
  ): Promise<Awaited<ReturnType<P[K]>>> {
    const result = await this.#page.evaluate(
      ([where, what, value]) => {
        const { peng3dnetCall } = globalThis as unknown as {
          peng3dnetCall(place: string, name: string, argument: unknown): Promise<CallResult>;
        };
        return peng3dnetCall(where, what, value);
      },
      [place, name, argument as unknown] as const,
    );
    if (result.error !== undefined) throw new Error(`in the ${place}: ${result.error}`);
    return result.value as Awaited<ReturnType<P[K]>>;
  }

  async close(): Promise<void> {
    await this.#page.close();
  }
}
