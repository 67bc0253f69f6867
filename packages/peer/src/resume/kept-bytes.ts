/** Length of the prefix that says how long a packet is (clause 1), in bytes. */
const LENGTH_SIZE = 4;
/** Length of the first block; each further one is twice as long, up to {@link LONGEST_BLOCK}. Bytes. */
const FIRST_BLOCK = 1024;
const LONGEST_BLOCK = 64 * 1024;

interface Block {
  /** Where its first byte is in the stream. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** How many of its bytes are used. */
  used: number;
  /** Whether it can be written to: others hold shared output, too. */
  readonly own: boolean;
  /** Where the first packet begins that begins in it and is known to; -1: there is none. */
  packetAt: number;
}

/**
 * The end of a stream: bytes that were sent and may have to be sent again, until the other side says that it has them. Bytes
 * are named by their offset in the stream.
 */
export class KeptBytes {
  /** Offset of the first byte that is kept. */
  start: number;
  /** Offset behind the last byte. */
  end: number;
  /** Memory that is held, in bytes. */
  held = 0;
  #blocks: Block[] = [];

  /** @param offset - where the stream is, from where on it is kept. */
  constructor(offset: number) {
    this.start = offset;
    this.end = offset;
  }

  /** How many bytes are kept. */
  get length(): number {
    return this.end - this.start;
  }

  /**
   * Adds bytes at the end of the stream. Those that fill their buffer, as shared output of a broadcast and long packets do, are
   * not copied: nobody may change them then.
   *
   * @param beginsPacket - whether a packet begins with the first byte.
   * @returns whether the bytes were copied, so that their buffer may be used again.
   */
  append(bytes: Uint8Array, beginsPacket: boolean): boolean {
    const shared = bytes.length === bytes.buffer.byteLength && bytes.length >= FIRST_BLOCK;
    if (shared) {
      const packetAt = beginsPacket ? this.end : -1;
      this.#blocks.push({ start: this.end, bytes, used: bytes.length, own: false, packetAt });
      this.held += bytes.length;
      this.end += bytes.length;
      return false;
    }
    let at = 0;
    while (at < bytes.length) {
      const block = this.#room(bytes.length - at);
      const count = Math.min(bytes.length - at, block.bytes.length - block.used);
      block.bytes.set(
        at === 0 && count === bytes.length ? bytes : bytes.subarray(at, at + count),
        block.used,
      );
      if (at === 0 && beginsPacket && block.packetAt < 0) block.packetAt = this.end;
      block.used += count;
      this.end += count;
      at += count;
    }
    return true;
  }

  #room(wanted: number): Block {
    const last = this.#blocks.at(-1);
    if (last?.own === true && last.used < last.bytes.length) return last;
    const usual = last === undefined ? FIRST_BLOCK : Math.min(2 * last.bytes.length, LONGEST_BLOCK);
    const length = Math.min(Math.max(usual, wanted), LONGEST_BLOCK);
    const block: Block = { start: this.end, bytes: new Uint8Array(length), used: 0, own: true, packetAt: -1 };
    this.#blocks.push(block);
    this.held += length;
    return block;
  }

  /** Forgets what comes before an offset, which has to be one from `start` to `end`. */
  release(offset: number): void {
    this.start = offset;
    let count = 0;
    for (const block of this.#blocks) {
      if (block.start + block.used > offset) break;
      this.held -= block.bytes.length;
      count++;
    }
    if (count > 0) this.#blocks.splice(0, count);
  }

  /** Forgets everything: what is behind it cannot be sent again. */
  clear(): void {
    this.release(this.end);
  }

  /** Bytes of the stream from an offset on: all of them, or those that lie together. Not to be changed. */
  view(offset: number): Uint8Array {
    const block = this.#blockAt(offset);
    if (block === undefined) return new Uint8Array(0);
    return block.bytes.subarray(offset - block.start, block.used);
  }

  /** How many packets lie behind an offset, those included that it cuts. */
  packetsFrom(offset: number): number {
    if (offset >= this.end) return 0;
    const at = this.#blockAt(offset);
    const known = at !== undefined && at.packetAt >= 0 && at.packetAt <= offset;
    const first = known ? at.packetAt : this.#nextPacket(offset);
    // What lies before the first one that is known belongs to one that began earlier.
    let count = first > offset ? 1 : 0;
    let packet = first;
    while (packet < this.end) {
      const next = packet + LENGTH_SIZE + this.#length(packet);
      if (next > offset) count++;
      packet = next;
    }
    return count;
  }

  #nextPacket(offset: number): number {
    for (const { packetAt } of this.#blocks) if (packetAt >= offset) return packetAt;
    return this.end;
  }

  /** The length prefix of the packet at an offset, which may lie in two blocks. */
  #length(offset: number): number {
    let length = 0;
    for (let i = 0; i < LENGTH_SIZE; i++) {
      const block = this.#blockAt(offset + i);
      length = length * 256 + (block === undefined ? 0 : (block.bytes[offset + i - block.start] as number));
    }
    return length;
  }

  #blockAt(offset: number): Block | undefined {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const block = this.#blocks[middle] as Block;
      if (offset < block.start) high = middle - 1;
      else if (offset >= block.start + block.used) low = middle + 1;
      else return block;
    }
    return undefined;
  }
}
