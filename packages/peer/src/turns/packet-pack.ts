/** Bytes of the first buffer. */
const SMALLEST = 256;
/** Bytes of the largest buffer: a pack takes no more packets then. */
const LARGEST = 4096;
/** Longest packet that is packed, in bytes. */
const LONGEST = 512;
/** Bytes of the length before each packet. */
const LENGTH = 2;

/** Whether a packet is short enough to be packed with others. */
export function isShort(raw: Uint8Array): boolean {
  return raw.length <= LONGEST;
}

/**
 * Short packets one behind the other in one buffer. An object for each would take far more room than its bytes, and the engine
 * would look at each of them whenever it collects garbage.
 */
export class PacketPack {
  /** How many packets there are. */
  count = 0;
  #bytes = new Uint8Array(SMALLEST);
  #start = 0;
  #end = 0;

  /** Adds a packet at the end. @returns false if there is no room for it. */
  add(raw: Uint8Array): boolean {
    const end = this.#end + LENGTH + raw.length;
    if (end > LARGEST || !isShort(raw)) return false;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes[this.#end] = raw.length & 0xff;
    this.#bytes[this.#end + 1] = raw.length >> 8;
    this.#bytes.set(raw, this.#end + LENGTH);
    this.#end = end;
    this.count++;
    return true;
  }

  #grow(end: number): void {
    let length = this.#bytes.length;
    while (length < end) length *= 2;
    const larger = new Uint8Array(length);
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }

  /** Takes the first packet, with a buffer of its own: values of it may be kept. There has to be one. */
  take(): Uint8Array {
    const length = (this.#bytes[this.#start] as number) | ((this.#bytes[this.#start + 1] as number) << 8);
    const start = this.#start + LENGTH;
    this.#start = start + length;
    this.count--;
    return this.#bytes.slice(start, this.#start);
  }

  /** All of them, in order. */
  items(): Uint8Array[] {
    const [start, count] = [this.#start, this.count];
    const items: Uint8Array[] = [];
    while (this.count > 0) items.push(this.take());
    this.#start = start;
    this.count = count;
    return items;
  }
}
