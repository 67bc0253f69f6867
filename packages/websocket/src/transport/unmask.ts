/** From this length on, four bytes are unmasked at a time. */
const LONG = 64;

const keyBytes = new Uint8Array(4);
const keyWord = new Int32Array(keyBytes.buffer);

/**
 * Takes the mask off a part of a payload, and moves it to before where it is, or leaves it there.
 *
 * @param at - where it is in `bytes`.
 * @param to - where it is to be.
 * @param key - as for {@link unmask}, and so is `phase`.
 */
export function unmaskTo(
  bytes: Uint8Array,
  at: number,
  length: number,
  to: number,
  key: number,
  phase: number,
): void {
  if (length < LONG) {
    for (let index = 0; index < length; index++)
      bytes[to + index] = (bytes[at + index] as number) ^ (key >>> (((phase + index) & 3) << 3));
    return;
  }
  unmask(bytes.subarray(at, at + length), key, phase);
  if (to !== at) bytes.copyWithin(to, at, at + length);
}

/** Moves a part of a payload that is not masked to before where it is, or leaves it there. @param to - as for {@link unmaskTo}. */
export function moveTo(bytes: Uint8Array, at: number, length: number, to: number): void {
  if (to === at) return;
  if (length < LONG)
    for (let index = 0; index < length; index++) bytes[to + index] = bytes[at + index] as number;
  else bytes.copyWithin(to, at, at + length);
}

/**
 * Takes the mask off a part of a payload, in place.
 *
 * @param key - of the frame: four bytes, the first one lowest.
 * @param phase - how many bytes of the payload come before this part.
 */
export function unmask(bytes: Uint8Array, key: number, phase: number): void {
  if (key === 0) return;
  const { length } = bytes;
  let at = 0;
  if (length >= LONG) {
    const lead = (4 - (bytes.byteOffset & 3)) & 3;
    for (; at < lead; at++) bytes[at] = (bytes[at] as number) ^ (key >>> (((phase + at) & 3) << 3));
    for (let index = 0; index < 4; index++) keyBytes[index] = key >>> (((phase + lead + index) & 3) << 3);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + lead, (length - lead) >> 2);
    const word = keyWord[0] as number;
    for (let index = 0; index < words.length; index++) words[index] = (words[index] as number) ^ word;
    at += words.length << 2;
  }
  for (; at < length; at++) bytes[at] = (bytes[at] as number) ^ (key >>> (((phase + at) & 3) << 3));
}
