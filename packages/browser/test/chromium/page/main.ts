// What runs in Chromium, in a page and in its worker.

import { serve } from "@peng3dnet-internal/chromium/page";
import { suitesOf } from "../suites/suites.js";
import type { PagePrograms } from "../support/programs.js";
import { portPairs, spliceOnRequest } from "./port-pairs.js";

const inWorker = typeof document === "undefined";
const script = inWorker ? location.href : (document.currentScript as HTMLScriptElement).src;
const suites = suitesOf({ portPair: portPairs(script) });

/** Whether the policy of the page lets code be made of text. */
function evaluates(): boolean {
  try {
    return new Function("return true")() as boolean;
  } catch {
    return false;
  }
}

if (inWorker) spliceOnRequest();
serve({
  listCases: () =>
    Object.fromEntries(
      Object.entries(suites).map(([suite, cases]) => [suite, cases.map(({ name }) => name)]),
    ),
  async runCase({ suite, name }) {
    const found = suites[suite]?.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no case ${name} in ${suite}`);
    await found.run();
  },
  describeSurroundings: () => ({
    document: !inWorker,
    process: "process" in globalThis,
    evaluates: evaluates(),
    userAgent: navigator.userAgent,
  }),
} satisfies PagePrograms);
