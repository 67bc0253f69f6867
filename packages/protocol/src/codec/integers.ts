const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** Whether msgpack has an integer of that size. */
export function fits64Bits(value: bigint): boolean {
  return value <= MAX_UINT64 && value >= MIN_INT64;
}
