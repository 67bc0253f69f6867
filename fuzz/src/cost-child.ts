// Decodes what it is sent, and tells what that took. A program of its own: what it measures must be alone, and it may
// run out of memory.

import type { ExtensionCodec } from "@peng3dnet/core";
import type { CostAnswer, CostQuestion } from "./cost.js";
import { collectGarbage, usedMemory } from "./measure.js";
import { OpenServer } from "./targets/open-server.js";

/** What an application's codec keeps is its own affair; this one keeps the data. */
const extensions: ExtensionCodec = { encode: () => undefined, decode: (_, data) => data };
const { bodies, inflatedLimit, handshakeInflatedLimit, elements, handshakeElements } = new OpenServer({
  extensions,
}).parts;

/** The engine frees buffers beside the program; a second time waits for that. */
function collect(): void {
  collectGarbage();
  collectGarbage();
}

/** A copy as applications make it: of each map and list by what the language has for it. */
function spread(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(spread);
  if (value instanceof Date) return new Date(value);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, spread(item)]));
  const copy: Record<string, unknown> = { ...value };
  for (const key in copy) copy[key] = spread(copy[key]);
  return copy;
}

const COPIES: readonly ((value: unknown) => unknown)[] = [
  spread,
  structuredClone,
  (value) => JSON.parse(JSON.stringify(value, (_, item) => (typeof item === "bigint" ? 0 : item))),
  (value) =>
    typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : value,
];

function answer({ bytes, compressed, early, copies }: CostQuestion): CostAnswer {
  const limit = early ? handshakeInflatedLimit : inflatedLimit;
  collect();
  const before = usedMemory();
  const { user, system } = process.cpuUsage();
  let value: unknown;
  let error: string | undefined;
  try {
    value = bodies.decode(
      bytes,
      0,
      bytes.length,
      compressed ? 1 : 0,
      false,
      limit,
      early ? handshakeElements : elements,
    );
  } catch (problem) {
    error = problem instanceof Error ? problem.message : String(problem);
  }
  const used = process.cpuUsage({ user, system });
  const milliseconds = (used.user + used.system) / 1000;
  const allocated = usedMemory() - before;
  collect();
  const held = usedMemory() - before;
  let copied = 0;
  if (copies && error === undefined) {
    for (const copy of COPIES) {
      const start = usedMemory();
      const made = copy(value);
      collect();
      copied = Math.max(copied, usedMemory() - start);
      if (made === undefined) copied++;
    }
  }
  return {
    error,
    milliseconds,
    allocated,
    held,
    copied,
    decodedSize: bodies.decodedSize,
    inflatedBytes: bodies.inflatedBytes,
  };
}

process.on("message", (question: CostQuestion) => {
  // Who asked may be gone meanwhile.
  process.send?.(answer(question), () => {});
});
process.on("disconnect", () => process.exit(0));
