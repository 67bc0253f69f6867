/** A prime number, so that pieces of no usual size look alike. */
const PERIOD = 65_521;

const PATTERN = new Uint8Array(PERIOD);
for (let at = 0, state = 1; at < PERIOD; at++) {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  PATTERN[at] = state >>> 16;
}

/** The bytes of every test's streams from `position` on, in an array of their own. */
export function patternAt(position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const from = (position + at) % PERIOD;
    const part = PATTERN.subarray(from, Math.min(PERIOD, from + length - at));
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Where `bytes` differ first from the stream from `position` on; -1: nowhere. */
export function firstDifference(bytes: Uint8Array, position: number): number {
  let from = position % PERIOD;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== PATTERN[from]) return at;
    from = from + 1 === PERIOD ? 0 : from + 1;
  }
  return -1;
}
