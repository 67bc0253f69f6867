/** Whether two values that were sent and received are the same; 0 and -0 are not. Maps have to be in the same order. */
export function same(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (left instanceof Date) return Object.is(left.getTime(), (right as Date).getTime());
  if (left instanceof Uint8Array || Array.isArray(left)) {
    const [one, other] = [left, right] as [ArrayLike<unknown>, ArrayLike<unknown>];
    if (one.length !== other.length) return false;
    for (let index = 0; index < one.length; index++) if (!same(one[index], other[index])) return false;
    return true;
  }
  if (left instanceof Map) return same([...left].flat(1), [...(right as typeof left)].flat(1));
  const [one, other] = [left, right] as Record<string, unknown>[] as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]));
}

/** What a value is, as far as a line has room. */
function shown(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint"
      ? `${item}n`
      : ArrayBuffer.isView(item)
        ? `binary ${item.byteLength}`
        : item instanceof Map
          ? [...item]
          : item,
  );
  return (text ?? String(value)).slice(0, 300);
}

/** @throws {Error} with both values unless they are the same. */
export function expectSame(actual: unknown, expected: unknown, what = "the value"): void {
  if (!same(actual, expected)) throw new Error(`${what}: got ${shown(actual)}, not ${shown(expected)}`);
}

/** @throws {Error} unless `call` throws an error with this code. */
export function expectCode(call: () => unknown, code: string, what: string): void {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    const thrown = error as { readonly code?: unknown };
    if (thrown.code === code) return;
    throw error;
  }
  throw new Error(`${what}: no error, but ${shown(value)}`);
}
