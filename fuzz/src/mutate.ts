import { concat } from "./bytes.js";
import type { Random } from "./random.js";

/** Bytes with a meaning: msgpack heads, lengths at their limits, flags. */
const INTERESTING = [
  0x00, 0x01, 0x05, 0x06, 0x07, 0x10, 0x40, 0x41, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1,
  0xc4, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcf, 0xd3, 0xd4, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xef,
  0xfe, 0xff,
];
const INTERESTING_32 = [
  0, 5, 6, 7, 4096, 4097, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000, 0x100001, 0x16030100,
];

/** Changes a copy of some bytes in a few places, as a broken or hostile peer may. */
export function mutate(random: Random, seed: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes: Uint8Array = seed.slice();
  for (let left = 1 + random.below(4); left > 0; left--) bytes = mutateOnce(random, bytes, other);
  return bytes;
}

function mutateOnce(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = random.below(bytes.length);
  switch (random.below(9)) {
    case 0:
      if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      return bytes;
    case 1:
      if (bytes.length > 0) bytes[at] = random.uint32();
      return bytes;
    case 2:
      if (bytes.length > 0) bytes[at] = random.pick(INTERESTING);
      return bytes;
    case 3:
      if (bytes.length >= 4) {
        const start = random.below(bytes.length - 3);
        new DataView(bytes.buffer, bytes.byteOffset).setUint32(start, random.pick(INTERESTING_32));
      }
      return bytes;
    case 4:
      return bytes.slice(0, at);
    case 5:
      return concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8))]);
    case 6:
      return concat([bytes.subarray(0, at), random.bytes(1 + random.below(8)), bytes.subarray(at)]);
    case 7: {
      const start = random.below(bytes.length);
      return concat([
        bytes.subarray(0, at),
        bytes.subarray(start, start + 1 + random.below(32)),
        bytes.subarray(at),
      ]);
    }
    default:
      return concat([bytes.subarray(0, at), other.subarray(random.below(other.length))]);
  }
}
