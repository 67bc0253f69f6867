/** Keys that follow each other in a map, up to four of them. */
export type KeyGroup = readonly [string, ...string[]];

/** Sets the properties of a map that a group of keys names, in that order. There are as many values as keys. */
export type GroupStore = (
  map: Record<string, unknown>,
  keys: KeyGroup,
  a: unknown,
  b: unknown,
  c: unknown,
  d: unknown,
) => void;

/**
 * Functions that all do the same. The engine remembers for each place in the code which key was set there in which kind of
 * object. As long as that is always the same one, it takes a nanosecond or two; once there was another key, it takes some
 * thirty each time. So each of these is for one group of keys behind the same other keys, see `KeySteps`.
 */
export const GROUP_STORES: readonly GroupStore[] = [
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
  (map, keys, a, b, c, d) => {
    map[keys[0]] = a;
    if (keys.length === 1) return;
    map[keys[1] as string] = b;
    if (keys.length === 2) return;
    map[keys[2] as string] = c;
    if (keys.length === 3) return;
    map[keys[3] as string] = d;
  },
];
