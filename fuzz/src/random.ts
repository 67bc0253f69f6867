/**
 * Random numbers from a seed: splitmix32. Each run of a target gets its own generator, made of seed, target and
 * number of the run, so that one run can be repeated without those before it.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** The generator of one run. */
  static of(seed: number, name: string, iteration: number): Random {
    let state = seed >>> 0;
    for (let index = 0; index < name.length; index++) {
      state = Math.imul(state ^ name.charCodeAt(index), 0x01000193) >>> 0;
    }
    const mixed = new Random(state);
    return new Random(mixed.uint32() ^ Math.imul(iteration + 1, 0x9e3779b1));
  }

  /** An integer of 32 bits. */
  uint32(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let value = this.#state;
    value = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
    value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
    return (value ^ (value >>> 15)) >>> 0;
  }

  /** An integer from 0 up to, but without, `limit`. */
  below(limit: number): number {
    return limit <= 1 ? 0 : Math.floor((this.uint32() / 0x100000000) * limit);
  }

  /** True once in `times` calls on average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of some items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** Random bytes. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index++) bytes[index] = this.uint32();
    return bytes;
  }
}
