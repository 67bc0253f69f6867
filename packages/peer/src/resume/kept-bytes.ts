/** Length of the prefix that says how long a packet is (clause 1), in bytes. */
const LENGTH_SIZE = 4;
/**
 * Length of the first block, and of one behind shared output; each further one is twice as long, up to {@link LONGEST_BLOCK}.
 * Bytes.
 */
const FIRST_BLOCK = 1024;
const LONGEST_BLOCK = 64 * 1024;
/** Part of a block that may be left unused, so that what is appended at once lies together. */
const MOST_UNUSED = 1 / 8;
/** Up to so many bytes are moved out of a longer block once nothing else is left in it. */
const LITTLE = FIRST_BLOCK / 2;

/** Lends memory, and takes back what nobody reads or writes any more. */
export interface BlockPool {
  acquire(size: number): Uint8Array;
  release(bytes: Uint8Array): void;
}

interface Block {
  /** Where its first byte is in the stream. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** How many of its bytes are used. */
  used: number;
  /** Whether it can be written to: others hold shared output, too. */
  readonly own: boolean;
  /** Whether its memory can be used for something else once it is forgotten: nobody was given a view of it. */
  reusable: boolean;
  /** Where the first packet begins that begins with it or behind its beginning, maybe in a later block; -1: not known yet. */
  first: number;
  /** Where a packet begins in it, the last one of which that is known; -1: there is none. */
  last: number;
  /** How many packets begin in its first `countedOf` bytes. */
  counted: number;
  countedOf: number;
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
  /** The last of them, if there is one. */
  #last: Block | undefined = undefined;
  readonly #pool: BlockPool | undefined;

  /**
   * @param offset - where the stream is, from where on it is kept.
   * @param pool - lends memory. Default: none does.
   */
  constructor(offset: number, pool?: BlockPool) {
    this.#pool = pool;
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
    const { length } = bytes;
    if (length >= FIRST_BLOCK && length === bytes.buffer.byteLength) {
      this.#add(this.end, bytes, length, false, false, beginsPacket ? this.end : -1);
      this.end += length;
      return false;
    }
    for (let at = 0; at < length; ) {
      const block = this.#room(length - at);
      const count = Math.min(length - at, block.bytes.length - block.used);
      block.bytes.set(count < length ? bytes.subarray(at, at + count) : bytes, block.used);
      if (at === 0 && beginsPacket) {
        if (block.used === 0) block.first = this.end;
        block.last = this.end;
      }
      block.used += count;
      this.end += count;
      at += count;
    }
    return true;
  }

  /** Adds a block. @param packet - where a packet begins in it; -1: that is not known. */
  #add(
    start: number,
    bytes: Uint8Array,
    used: number,
    own: boolean,
    reusable: boolean,
    packet: number,
  ): Block {
    const block: Block = {
      start,
      bytes,
      used,
      own,
      reusable,
      first: packet,
      last: packet,
      counted: 0,
      countedOf: 0,
    };
    this.#blocks.push(block);
    this.#last = block;
    this.held += bytes.length;
    return block;
  }

  /** A block with room for some of so many bytes, or for all of them. */
  #room(wanted: number): Block {
    const last = this.#last;
    // Between shared output there may be little each time, which is not to hold a long block.
    let usual = FIRST_BLOCK;
    if (last?.own === true) {
      const { length } = last.bytes;
      // What is cut in two takes a search for where packets begin, once the first part is forgotten.
      if (length - last.used >= Math.min(wanted, length * MOST_UNUSED)) return last;
      usual = 2 * length;
    }
    const length = Math.min(Math.max(usual, wanted), LONGEST_BLOCK);
    // Short blocks are not worth the while.
    const pool = length === LONGEST_BLOCK ? this.#pool : undefined;
    // What a pool lends may be longer.
    const bytes = pool?.acquire(length) ?? new Uint8Array(length);
    return this.#add(this.end, bytes, 0, true, pool !== undefined, -1);
  }

  #giveBack({ bytes, reusable }: Block): void {
    if (reusable) this.#pool?.release(bytes);
  }

  /** Forgets what comes before an offset, which has to be one from `start` to `end`. */
  release(offset: number): void {
    this.start = offset;
    const blocks = this.#blocks;
    let count = 0;
    for (const block of blocks) {
      // Where packets begin behind it follows from their lengths, some of which it holds.
      if (block.start + block.used > offset || !this.#knowsFirst(count + 1)) break;
      this.held -= block.bytes.length;
      this.#giveBack(block);
      count++;
    }
    if (count > 0) {
      blocks.splice(0, count);
      this.#last = blocks.at(-1);
    }
    if (blocks.length === 1 && this.length <= LITTLE) this.#shrink(blocks[0] as Block);
  }

  /** Little is left of a long block: an acknowledgement, e.g., which is not acknowledged itself. It is not to hold all of it. */
  #shrink(block: Block): void {
    if (!block.own || block.bytes.length <= FIRST_BLOCK) return;
    const { start, end } = this;
    const packet = this.packetFrom(start);
    // Where the next packet begins has to be known afterwards, too.
    if (packet >= end) return;
    const bytes = new Uint8Array(FIRST_BLOCK);
    bytes.set(block.bytes.subarray(start - block.start, block.used));
    this.held -= block.bytes.length;
    this.#blocks.length = 0;
    this.#add(start, bytes, end - start, true, false, packet);
    this.#giveBack(block);
  }

  /** Forgets everything: what is behind it cannot be sent again. */
  clear(): void {
    this.start = this.end;
    this.held = 0;
    for (const block of this.#blocks) this.#giveBack(block);
    this.#blocks.length = 0;
    this.#last = undefined;
  }

  /** Bytes of the stream from an offset on: all of them, or those that lie together. Not to be changed. */
  view(offset: number): Uint8Array {
    const block = this.#blocks[this.#indexOf(offset)];
    if (block === undefined) return new Uint8Array(0);
    block.reusable = false;
    return block.bytes.subarray(offset - block.start, block.used);
  }

  /** A copy of all that is kept. */
  get bytes(): Uint8Array {
    const bytes = new Uint8Array(this.length);
    for (let at = this.start; at < this.end; ) {
      const piece = this.view(at);
      bytes.set(piece, at - this.start);
      at += piece.length;
    }
    return bytes;
  }

  /** How many packets lie behind an offset, those included that it cuts. */
  packetsFrom(offset: number): number {
    if (offset >= this.end) return 0;
    const index = this.#indexOf(offset);
    const block = this.#blocks[index] as Block;
    let packet = this.packetFrom(offset);
    // What the offset is in began before it.
    let count = packet > offset ? 1 : 0;
    for (const end = block.start + block.used; packet < end; count++) packet = this.#behind(packet);
    for (let i = index + 1; i < this.#blocks.length; i++) count += this.#beginIn(i);
    return count;
  }

  /** How many packets begin in a block. It remembers that: a client may come back again and again. */
  #beginIn(index: number): number {
    const block = this.#blocks[index] as Block;
    if (block.countedOf === block.used || !this.#knowsFirst(index)) return block.counted;
    const end = block.start + block.used;
    let count = 0;
    for (let packet = block.first < 0 ? end : block.first; packet < end; count++)
      packet = this.#behind(packet);
    block.counted = count;
    block.countedOf = block.used;
    return count;
  }

  /** Where the first packet behind an offset begins, as far as that is known; the end: nothing is known of any. */
  packetFrom(offset: number): number {
    if (offset >= this.end) return this.end;
    let packet = this.#knownPacket(offset);
    while (packet < offset) packet = this.#behind(packet);
    return packet;
  }

  /** Where a packet begins that is known: before an offset or at it, or else behind it. */
  #knownPacket(offset: number): number {
    const index = this.#indexOf(offset);
    const before = this.#knownUpTo(offset, index);
    if (before >= 0) return before;
    const block = this.#blocks[index] as Block;
    const behind = this.#knowsFirst(index) && block.first >= 0 ? block.first : block.last;
    return behind < 0 ? this.end : behind;
  }

  /** Where a packet begins, at the offset or as little as is known before it; -1: that is not known. */
  #knownUpTo(offset: number, index: number): number {
    for (let i = index; i >= 0; i--) {
      const { first, last } = this.#blocks[i] as Block;
      if (last >= 0 && last <= offset) return last;
      if (first >= 0 && first <= offset) return first;
    }
    return -1;
  }

  /** Finds out where the first packet begins in a block or behind it. @returns false if the bytes are not there that say it. */
  #knowsFirst(index: number): boolean {
    const block = this.#blocks[index];
    if (block === undefined || block.first >= 0) return true;
    let packet = this.#knownUpTo(block.start - 1, index - 1);
    // The one before may end behind this block, too.
    if (packet < 0) packet = this.#blocks[index - 1]?.first ?? -1;
    // All was forgotten within a packet.
    if (packet < 0) return true;
    while (packet < block.start) {
      if (packet + LENGTH_SIZE > this.end) return false;
      packet = this.#behind(packet);
    }
    block.first = packet;
    return true;
  }

  /** Where the packet ends that begins at an offset. */
  #behind(offset: number): number {
    const block = this.#blocks[this.#indexOf(offset)] as Block;
    const at = offset - block.start;
    if (at + LENGTH_SIZE > block.used) return offset + LENGTH_SIZE + this.#dividedLength(offset);
    const { bytes } = block;
    return offset + LENGTH_SIZE + readUint16(bytes, at) * 0x10000 + readUint16(bytes, at + 2);
  }

  /** The length prefix at an offset that lies in two blocks, or is not all there. */
  #dividedLength(offset: number): number {
    let length = 0;
    for (let i = 0; i < LENGTH_SIZE; i++) {
      const block = this.#blocks[this.#indexOf(offset + i)];
      length = length * 256 + (block === undefined ? 0 : (block.bytes[offset + i - block.start] as number));
    }
    return length;
  }

  /** The index of the block that an offset is in; -1: it is in none. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const block = this.#blocks[middle] as Block;
      if (offset < block.start) high = middle - 1;
      else if (offset >= block.start + block.used) low = middle + 1;
      else return middle;
    }
    return -1;
  }
}

function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
