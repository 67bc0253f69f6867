import type { Compression } from "@peng3dnet/peer";
import { zlibSync } from "fflate";
import { inflate } from "./inflate.js";

type Level = NonNullable<NonNullable<Parameters<typeof zlibSync>[1]>["level"]>;

/** What zlib takes for -1. */
const DEFAULT_LEVEL = 6;

/** {@link Compression} without anything of a platform. @param level - zlib level, -1 to 9. */
export function browserCompression(level: number): Compression {
  const options = { level: (level === -1 ? DEFAULT_LEVEL : level) as Level };
  return { deflate: (bytes) => zlibSync(bytes, options), inflate };
}
