import type { ClientPrograms } from "./client-program-types.js";
import type { RequestPrograms } from "./request-program-types.js";

/** What Node can call in the page and in its worker. */
export type PagePrograms = ClientPrograms &
  RequestPrograms & {
    /** The names of all cases, by suite. */
    listCases(): Readonly<Record<string, readonly string[]>>;
    /** Runs one case, and throws what it throws. */
    runCase(which: { readonly suite: string; readonly name: string; readonly url?: string }): Promise<void>;
    /** What is different here from Node: for tests of the harness itself. */
    describeSurroundings(): {
      readonly document: boolean;
      readonly process: boolean;
      readonly evaluates: boolean;
      readonly userAgent: string;
      readonly origin: string;
    };
  };
