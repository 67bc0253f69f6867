import { callCases } from "./call-cases.js";
import type { CaseDraft } from "./case.js";
import { closeCases } from "./close-cases.js";
import { handlerCases } from "./handler-cases.js";
import { refusalCases } from "./refusal-cases.js";
import { type CreatePair, Scene } from "./scene.js";
import { transferCases } from "./transfer-cases.js";
import type { Role } from "./transport-end.js";

/** What {@link transportConformance} tests. */
export interface TransportConformanceOptions {
  /** Name of the transport; names of cases begin with it. */
  readonly name: string;
  /**
   * Makes a connection, and hands over both ends, each within the event that says that it is there: it may be started
   * within the call. Each case makes one. It may reject if an end was destroyed at once.
   */
  readonly createPair: CreatePair;
  /** Makes a connection whose client the server's end refuses. Left out: the transport refuses nobody. */
  readonly createRefusedPair?: CreatePair | undefined;
  /**
   * Ends whose input cannot be held back, as a WebSocket's of a browser: the other end is never busy because they are paused.
   * Cases that need that are left out. Default: none.
   */
  readonly cannotPause?: readonly Role[] | undefined;
  /** Seconds that a case waits for anything at most; default 30. */
  readonly timeout?: number | undefined;
}

/** One test of a transport. */
export interface ConformanceCase {
  /** What it tests, in words. */
  readonly name: string;
  /** @throws an error that says in a sentence what the transport did wrong. */
  run(): Promise<void>;
}

/**
 * Tests of all that servers and clients rely on in a transport, as {@link Transport} and {@link TransportHandler} say it, for
 * any test framework. Each case makes a connection of its own.
 *
 * @example
 * ```ts no-run
 * import { transportConformance, MemoryLink } from "@peng3dnet/core/testing";
 * const cases = transportConformance({
 *   name: "memory",
 *   createPair: ({ server, client }) => {
 *     const link = new MemoryLink();
 *     server(link.server);
 *     client(link.client);
 *   },
 * });
 * for (const { name, run } of cases) test(name, run); // of jest, vitest, node:test ...
 * ```
 */
export function transportConformance({
  name,
  createPair,
  createRefusedPair,
  cannotPause = [],
  timeout = 30,
}: TransportConformanceOptions): ConformanceCase[] {
  const caseOf = (draft: CaseDraft, create: CreatePair): ConformanceCase => ({
    name: `${name}: ${draft.name}`,
    run: async () => {
      const scene = new Scene(create, timeout);
      try {
        await draft.run(scene);
        await scene.finish();
      } finally {
        await scene.dispose();
      }
    },
  });
  const drafts = [...transferCases, ...closeCases, ...handlerCases, ...callCases].filter(
    ({ pausing }) => pausing === undefined || !cannotPause.includes(pausing),
  );
  const refusals =
    createRefusedPair === undefined ? [] : refusalCases.map((draft) => caseOf(draft, createRefusedPair));
  return [...drafts.map((draft) => caseOf(draft, createPair)), ...refusals];
}
