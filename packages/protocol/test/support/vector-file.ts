import type { ConfigOverrides } from "@peng3dnet/protocol";
import { bytes, concat } from "./bytes.js";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Hex = string | readonly (string | Repeated)[];

interface Repeated {
  readonly repeat: string;
  readonly times: number;
}

interface RawPacket {
  readonly title?: string;
  readonly dir?: "S>C" | "C>S";
  readonly eof?: boolean;
  readonly hex?: Hex;
  readonly id?: number;
  readonly flags?: number;
  readonly value?: Json;
  readonly reencoded?: string;
  readonly error?: string;
}

/** One packet of a file in `vectors/`; see its README. */
export interface Vector {
  readonly name: string;
  readonly dir: "S>C" | "C>S" | undefined;
  readonly bytes: Uint8Array;
  readonly id: number;
  readonly flags: number;
  readonly value: unknown;
  /** What encoding the value again gives. */
  readonly reencoded: Uint8Array;
  readonly error: string | undefined;
}

export interface VectorFile {
  readonly title: string;
  readonly settings: ConfigOverrides;
  readonly packets: readonly Vector[];
}

/** Reads what such a file holds, once its JSON is parsed. */
export function parseVectors(file: unknown): VectorFile {
  const { title, settings, packets } = file as {
    title: string;
    settings?: ConfigOverrides;
    packets: RawPacket[];
  };
  return {
    title,
    settings: settings ?? {},
    packets: packets.flatMap((raw, index) => {
      if (raw.hex === undefined) return [];
      const whole = toBytes(raw.hex);
      return {
        name: `#${index} ${raw.title ?? `${raw.dir} ${JSON.stringify(raw.value).slice(0, 40)}`}`,
        dir: raw.dir,
        bytes: whole,
        id: raw.id ?? -1,
        flags: raw.flags ?? 0,
        value: raw.value === undefined ? undefined : revive(raw.value),
        reencoded: raw.reencoded === undefined ? whole : toBytes(raw.reencoded),
        error: raw.error,
      };
    }),
  };
}

function toBytes(hex: Hex): Uint8Array {
  if (typeof hex === "string") return bytes(hex);
  return concat(
    ...hex.map((part) => bytes(typeof part === "string" ? part : part.repeat.repeat(part.times))),
  );
}

function revive(json: Json): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(revive);
  const map = json as { readonly [key: string]: Json };
  if (map.$bin !== undefined) {
    const part = map.$bin as unknown as string | Repeated;
    return toBytes(typeof part === "string" ? part : [part]);
  }
  if (map.$int !== undefined) return BigInt(map.$int as string);
  if (map.$float !== undefined) return Number(map.$float);
  if (map.$date !== undefined) return new Date(map.$date as number);
  if (map.$map !== undefined) {
    const entries = map.$map as readonly (readonly [Json, Json])[];
    return new Map(entries.map(([key, value]) => [revive(key), revive(value)]));
  }
  if (map.$repeat !== undefined) {
    const times = map.times as number;
    const { $repeat } = map;
    if (typeof $repeat === "string") return $repeat.repeat(times);
    const items = revive($repeat) as unknown[];
    return Array.from({ length: times }, () => items).flat(1);
  }
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, revive(value)]));
}
