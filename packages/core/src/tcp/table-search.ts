/** Ends a line. */
const NEWLINE = 10;
/** Ends the number that a line begins with. */
const COLON = 58;
/** From the number's end to the addresses. */
const TO_ADDRESSES = 2;
/** From the end of the addresses to the queue: a space, two digits of the state, a space. */
const TO_QUEUE = 4;
/** Digits of the queue. */
const QUEUE = 8;
/** Digits of the remote port, with which the addresses end. */
const PORT = 4;

/**
 * Looks for connections in the list that Linux has of all, `/proc/net/tcp`, as it is read piece by piece. The list has those of all
 * programs, and those that ended in the last minute: it may be megabytes long, of which nothing is kept, and a line of another connection
 * costs no more than a look at its port.
 */
export class TableSearch {
  /** The connections, by their addresses as the list has them; all of the same length. */
  readonly #wanted: Set<string>;
  /** Their remote ports, by the four digits read as a number. */
  readonly #ports: ReadonlySet<number>;
  readonly #length: number;
  readonly #found: (addresses: string, queued: number) => void;
  /** The beginning of a line whose end is not read yet. */
  #begun: Buffer | undefined = undefined;

  /**
   * @param wanted - the addresses of connections, as the list has them: local one, space, remote one; of IPv4 alone or of IPv6 alone.
   * @param found - told how many bytes wait for the peer's system on each connection that is listed.
   */
  constructor(wanted: Iterable<string>, found: (addresses: string, queued: number) => void) {
    this.#wanted = new Set(wanted);
    const [first = ""] = this.#wanted;
    this.#length = first.length;
    this.#ports = new Set([...this.#wanted].map((addresses) => portIn(Buffer.from(addresses), first.length)));
    this.#found = found;
  }

  /** Whether all were found. */
  get over(): boolean {
    return this.#wanted.size === 0;
  }

  /** Goes on with a piece of the list, which may be overwritten afterwards. */
  read(piece: Buffer): void {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      const begun = this.#begun;
      if (begun === undefined) this.#line(piece, start, end);
      else {
        this.#begun = undefined;
        const line = Buffer.concat([begun, piece.subarray(start, end)]);
        this.#line(line, 0, line.length);
      }
      start = end + 1;
    }
    if (start < piece.length)
      this.#begun = Buffer.concat([this.#begun ?? Buffer.of(), piece.subarray(start)]);
  }

  #line(bytes: Buffer, start: number, end: number): void {
    const colon = bytes.indexOf(COLON, start);
    const from = colon + TO_ADDRESSES;
    const to = from + this.#length;
    const queue = to + TO_QUEUE;
    // The line with the names of columns has no such place.
    if (colon < 0 || queue + QUEUE > end || !this.#ports.has(portIn(bytes, to))) return;
    const addresses = bytes.toString("latin1", from, to);
    if (!this.#wanted.delete(addresses)) return;
    this.#found(addresses, Number.parseInt(bytes.toString("latin1", queue, queue + QUEUE), 16));
  }
}

/** The remote port at the end of addresses, by its digits. */
function portIn(bytes: Buffer, end: number): number {
  return bytes.readUInt32BE(end - PORT);
}
