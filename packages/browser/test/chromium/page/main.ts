// What runs in Chromium, in a page and in its worker.

import { serve } from "@peng3dnet-internal/chromium/page";
import { suitesOf } from "../suites/suites.js";
import type { PagePrograms } from "../support/programs.js";
import { clientPrograms } from "./client-programs.js";
import { portPairs, spliceOnRequest } from "./port-pairs.js";
import { requestPrograms } from "./request-programs.js";
import { webSocketPair } from "./web-socket-pair.js";

const inWorker = typeof document === "undefined";
const script = inWorker ? location.href : (document.currentScript as HTMLScriptElement).src;
/** Where Node joins WebSockets in pairs. */
let spliceUrl: string | undefined;
const suites = suitesOf({
  portPair: portPairs(script),
  webSocketPair: (handover) => webSocketPair(spliceUrl, handover),
});

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
  ...clientPrograms,
  ...requestPrograms,
  listCases: () =>
    Object.fromEntries(
      Object.entries(suites).map(([suite, cases]) => [suite, cases.map(({ name }) => name)]),
    ),
  async runCase({ suite, name, url }) {
    spliceUrl = url;
    const found = suites[suite]?.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no case ${name} in ${suite}`);
    await found.run();
  },
  describeSurroundings: () => ({
    document: !inWorker,
    process: "process" in globalThis,
    evaluates: evaluates(),
    userAgent: navigator.userAgent,
    origin: location.origin,
  }),
} satisfies PagePrograms);
