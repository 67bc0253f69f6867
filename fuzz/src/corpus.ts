import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

type Hex = string | readonly (string | { readonly repeat: string; readonly times: number })[];

interface HexFile {
  readonly packets: readonly { readonly dir?: "S>C" | "C>S"; readonly hex?: Hex }[];
}

/** Inputs to start from. */
export interface Corpus {
  /** Packets, length prefix included, and other beginnings of streams. */
  readonly packets: readonly Uint8Array[];
  /** Bodies of these packets. */
  readonly bodies: readonly Uint8Array[];
}

/** Longest packet that is mutated: changing a few bytes of a long one mostly repeats what short ones show. */
const LONGEST = 2048;

function toBytes(hex: Hex): Uint8Array {
  const parts = typeof hex === "string" ? [hex] : hex;
  const digits = parts.map((part) => (typeof part === "string" ? part : part.repeat.repeat(part.times)));
  return new Uint8Array(Buffer.from(digits.join(""), "hex"));
}

/** Reads all files of folders, in the format of `vectors/`. */
export function loadCorpus(folders: readonly string[]): Corpus {
  const packets: Uint8Array[] = [];
  for (const folder of folders) {
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith(".json")) continue;
      const file = JSON.parse(readFileSync(join(folder, name), "utf8")) as HexFile;
      for (const { hex } of file.packets) if (hex !== undefined) packets.push(toBytes(hex));
    }
  }
  const short = packets.filter(({ length }) => length <= LONGEST);
  return {
    packets: short,
    bodies: short.filter(({ length }) => length > 10).map((packet) => packet.subarray(10)),
  };
}
