/** Whether two decoded values are the same; 0 and -0 are not. */
export function same(left: unknown, right: unknown): boolean {
  if (typeof left === "number" && typeof right === "number") return Object.is(left, right);
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null)
    return left === right;
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    return left instanceof Uint8Array && right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  }
  if (left instanceof Date || right instanceof Date) {
    return left instanceof Date && right instanceof Date && Object.is(left.getTime(), right.getTime());
  }
  if (left instanceof Map || right instanceof Map) {
    return left instanceof Map && right instanceof Map && sameMaps(left, right);
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => same(item, right[index]))
    );
  }
  const keys = Object.keys(left);
  const one = left as Readonly<Record<string, unknown>>;
  const other = right as Readonly<Record<string, unknown>>;
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]))
  );
}

/** Two maps, whose binary keys are compared by their bytes. */
function sameMaps(left: ReadonlyMap<unknown, unknown>, right: ReadonlyMap<unknown, unknown>): boolean {
  if (left.size !== right.size) return false;
  const binaries = [...right.keys()].filter((key) => key instanceof Uint8Array);
  for (const [key, value] of left) {
    const other = key instanceof Uint8Array ? binaries.find((one) => same(one, key)) : key;
    if (!right.has(other) || !same(value, right.get(other))) return false;
  }
  return true;
}
