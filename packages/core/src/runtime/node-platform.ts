import { availableParallelism } from "node:os";
import type { Clock, Platform } from "@peng3dnet/peer";
import { BusyPoll } from "./busy-poll.js";
import { clusterDiagnosticsObserver } from "./cluster-diagnostics.js";
import { zlibCompression } from "./compression.js";
import { connectionsByDescriptors } from "./descriptors.js";
import { diagnosticsObserver } from "./diagnostics.js";
import { formatOnOneLine, writeLine } from "./node-print.js";
import { receiveResources } from "./receive-resources.js";

const { performance: ownPerformance, setTimeout: ownTimeout } = globalThis;

/**
 * A look at the clock. The global `performance` is a getter, which takes longer than the look. Test frameworks replace it
 * together with the timers: as long as those are the ones that were there at first, it is, too.
 */
function now(): number {
  return setTimeout === ownTimeout ? ownPerformance.now() : performance.now();
}

/** The system's clock. */
export const systemClock: Clock = {
  now,
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  // A turn of the event loop runs timers first, then reads, and then runs immediates.
  afterInput: (callback) => void setImmediate(callback),
};

/** Goes on while those of a test stand still. */
const realClock = { now: (): number => ownPerformance.now() };

/** Whether there is more than one processor; `undefined`: nobody has asked the system yet, which thousands of clients would do. */
let several: boolean | undefined;

function severalProcessors(): boolean {
  several ??= availableParallelism() > 1;
  return several;
}

/** {@link Platform} of Node, which servers and clients of this package have unless another one is handed in. */
export const nodePlatform: Platform = {
  clock: systemClock,
  get validateSent() {
    return process.env.NODE_ENV !== "production";
  },
  defer: (call) => process.nextTick(call),
  yield: (call) => void setImmediate(call),
  receiveResources,
  compression: zlibCompression,
  format: formatOnOneLine,
  print: writeLine,
  warn: (message) => process.emitWarning(message, "Peng3dnetWarning"),
  // With one processor the peer could not work while this polls; by a clock that a test turns, a poll would not end.
  poll: (clock) => (clock === systemClock && severalProcessors() ? new BusyPoll(realClock) : undefined),
  connectionLimit: connectionsByDescriptors,
  observer: diagnosticsObserver,
  nodeObserver: clusterDiagnosticsObserver,
};
