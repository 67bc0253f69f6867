/**
 * An element of a list.
 *
 * Where one place in a program reads lists of numbers and lists of objects, the engine's optimizing compiler has the former
 * converted to the latter as they are read, once for each list: every number in it becomes an object. A place that has met more
 * kinds of lists than the engine makes code for reads each kind as it is: "Leave lists of numbers as they are" in
 * docs/performance.
 */
export function elementOf(list: ArrayLike<unknown>, index: number): unknown {
  return list[index];
}

/** More kinds than the engine makes code for at one place. */
const KINDS: readonly ArrayLike<unknown>[] = [
  new Int8Array(1),
  new Uint8Array(1),
  new Int16Array(1),
  new Uint16Array(1),
  new Int32Array(1),
  new Uint32Array(1),
];

// The engine begins to note what a place meets once its function has been called a few times.
for (let times = 0; times < 16; times++) for (const list of KINDS) elementOf(list, 0);
