/** Sets a property of a map. */
export type PropertyStore = (map: Record<string, unknown>, key: string, value: unknown) => void;

/**
 * Functions that all do the same. The engine remembers for each place in the code which key was set there in which kind of
 * object. As long as that is always the same one, it takes a few nanoseconds; once there was another key, it takes some
 * thirty each time. So each of these is for one key behind the same other keys, see `KeySteps`.
 */
export const PROPERTY_STORES: readonly PropertyStore[] = [
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
  (map, key, value) => {
    map[key] = value;
  },
];
