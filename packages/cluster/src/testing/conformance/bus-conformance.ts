import { awayCases } from "./away-cases.js";
import { awayCallCases, callCases } from "./call-cases.js";
import { deliveryCases } from "./delivery-cases.js";
import { type BusUnderTest, type CaseDraft, Scene } from "./scene.js";
import { subjectCases } from "./subject-cases.js";

/** What {@link busConformance} tests. */
export interface BusConformanceOptions {
  /** Name of the bus; names of cases begin with it. */
  readonly name: string;
  /**
   * Prepares the bus that a case tests; each case calls it once.
   *
   * @param options - what becomes of publications while the broker cannot be reached.
   */
  readonly prepare: (options: {
    readonly offline?: "keep" | "refuse";
    readonly maxKept?: number;
  }) => BusUnderTest | Promise<BusUnderTest>;
  /** Whether its connections can be broken and restored, by `interrupt` and `restore`. Else those cases are left out. Default: true. */
  readonly interruptible?: boolean | undefined;
  /** Seconds that a case waits for anything at most; default 30. */
  readonly timeout?: number | undefined;
}

/** One test of a bus. */
export interface BusCase {
  /** What it tests, in words. */
  readonly name: string;
  /** @throws an error that says in a sentence what the bus did wrong. */
  run(): Promise<void>;
}

/**
 * Tests of all that a cluster relies on in a bus, as {@link Bus} says it, for any test framework. Whoever writes a bus of their
 * own runs them.
 *
 * @example
 * ```ts no-run
 * import { busConformance, TestBus } from "@peng3dnet/cluster/testing";
 * const cases = busConformance({
 *   name: "memory",
 *   prepare: (options) => {
 *     const bus = new TestBus(options);
 *     return { factory: bus, interrupt: () => bus.disconnect(), restore: () => bus.reconnect() };
 *   },
 * });
 * for (const { name, run } of cases) test(name, run); // of jest, vitest, node:test ...
 * ```
 */
export function busConformance({
  name,
  prepare,
  interruptible = true,
  timeout = 30,
}: BusConformanceOptions): BusCase[] {
  const drafts: CaseDraft[] = [...deliveryCases, ...subjectCases, ...callCases];
  if (interruptible) drafts.push(...awayCallCases, ...awayCases);
  return drafts.map((draft) => ({
    name: `${name}: ${draft.name}`,
    run: async () => {
      const scene = new Scene(await prepare(draft.options ?? {}), timeout);
      try {
        await draft.run(scene);
      } finally {
        await scene.dispose();
      }
    },
  }));
}
