import { describeError, ReceiveResources } from "@peng3dnet/protocol";
import type { Platform } from "./platform.js";
import { yieldBy } from "./yield-by.js";

/** Frame decoders that are kept. For so many connections with an unfinished packet no decoder has to be made. */
const IDLE_DECODERS = 64;

function formatted(value: unknown): string {
  if (typeof value !== "object" || value === null) return typeof value === "string" ? value : String(value);
  // As JSON, a binary value would take many times its length, and a map would be empty.
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (value instanceof Map) return `Map(${value.size})`;
  try {
    return JSON.stringify(value) ?? describeError(value);
  } catch {
    return describeError(value);
  }
}

/**
 * A {@link Platform} of what every runtime has. It neither compresses nor polls: a
 * platform of one's own is this one with what the runtime does better, `{ ...standardPlatform, defer, … }`.
 */
export const standardPlatform: Platform = {
  clock: {
    now: () => performance.now(),
    setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
    clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  },
  validateSent: true,
  defer: (call) => queueMicrotask(call),
  yield: yieldBy({
    MessageChannel: typeof MessageChannel === "undefined" ? undefined : MessageChannel,
    // Looked for when it is called: a runtime that only loads this need not have it.
    setTimeout: (call, milliseconds) => setTimeout(call, milliseconds),
  }),
  receiveResources: () => new ReceiveResources({ idleDecoders: IDLE_DECODERS }),
  compression: () => undefined,
  format: (values) => values.map(formatted).join(" "),
  print: (line) => console.log(line),
  warn: (message) => console.warn(message),
};
