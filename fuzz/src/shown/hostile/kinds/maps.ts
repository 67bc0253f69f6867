import { concat } from "../../../bytes.js";
import { ENTER, flood } from "../attacker.js";
import {
  compressed,
  ELEMENTS,
  encoded,
  fullListOf,
  INFLATED_EARLY,
  integerKeys,
  mapOf,
  repeated,
  SETTYPE_ID,
} from "../bodies.js";
import type { AppName, Kind } from "../kind.js";
import { IN } from "../packets.js";

const SPARSE = encoded({ 1023: null, 2575: null });
/** It and its two pairs. */
const SPARSE_ELEMENTS = 5;

/** Compressed bodies, a read's worth of them ten times a second. */
function maps(name: string, title: string, body: () => Uint8Array, app: AppName = "ignore"): Kind {
  return {
    name,
    title,
    connections: 1,
    victim: { app },
    prepare: () => {
      const chunk = repeated(compressed(IN.id, body()));
      return (attacker) => flood(attacker, { first: ENTER, chunk, every: 100 });
    },
  };
}

const sparse = (): Uint8Array => fullListOf(SPARSE, SPARSE_ELEMENTS);
/** Keys in one map, at most, of which no two are alike. */
const PAIRS = Math.floor(ELEMENTS / 4);

/** A settype whose map has more in it than its type, as much as may be inflated before the handshake. */
function settypes(connections: number): Kind {
  return {
    name: `settype-${connections}`,
    title: "settype of some 200 bytes that unfolds into maps with keys like numbers, before the handshake",
    connections,
    seconds: 2,
    prepare: () => {
      const list = fullListOf(SPARSE, SPARSE_ELEMENTS, { inflated: INFLATED_EARLY - 64 });
      const body = concat([Uint8Array.of(0x82), encoded("conntype"), encoded("classic"), encoded("x"), list]);
      const chunk = compressed(SETTYPE_ID, body);
      return (attacker) => flood(attacker, { connections, chunk, every: 250, addresses: 16, anew: true });
    },
  };
}

export const MAPS: readonly Kind[] = [
  maps("sparse-keys", "maps with two keys like numbers, far apart, as many as pass", sparse),
  maps("sparse-spread", "the same, and the application copies each with { ...map }", sparse, "spread"),
  maps("sparse-entries", "the same, copied with Object.fromEntries", sparse, "entries"),
  maps("sparse-clone", "the same, copied with structuredClone", sparse, "clone"),
  maps("sparse-json", "the same, copied as JSON", sparse, "json"),
  maps(
    "descending-keys",
    "a map with keys like numbers, counting down",
    () => mapOf(integerKeys(PAIRS, 0, -1)),
    "spread",
  ),
  maps(
    "gaps",
    "maps of 32 keys like numbers, with gaps of 1,021",
    () => {
      const one = mapOf(integerKeys(1021 * 32, 0, -1021));
      return fullListOf(one, 65);
    },
    "spread",
  ),
  maps(
    "small-maps",
    "maps of one key like a number, as many as pass",
    () => fullListOf(encoded({ 7: null }), 3),
    "spread",
  ),
  maps(
    "unique-keys",
    "a map of keys of which no two are alike",
    () => mapOf(Array.from({ length: PAIRS }, (_, index) => `key-${index.toString(36)}`)),
    "entries",
  ),
  maps(
    "mixed-shapes",
    "maps of which no two have the same keys",
    () => {
      const shapes = Array.from({ length: 512 }, (_, index) =>
        encoded({ [`a${index}`]: 1, [`b${index * 7}`]: 2 }),
      );
      return fullListOf(concat(shapes), 512 * 5, { values: 512 });
    },
    "json",
  ),
  settypes(1),
  settypes(20),
  settypes(200),
];
