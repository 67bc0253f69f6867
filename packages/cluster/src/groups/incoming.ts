/** A numbered sequence from another node to a group that has members here. */
export class Incoming {
  /** Number of the sequence on the sending node, which counts them. */
  stream: number;
  /** Number of the last message that is accounted for. */
  last: number;
  /** The first one that was heard before the sending node has said from where on all are to be heard; 0: it has said so. */
  first: number;
  /** Whether the sending node has said that there will be no more in the sequence. */
  ended = false;

  private constructor(stream: number, last: number, first: number) {
    this.stream = stream;
    this.last = last;
    this.first = first;
  }

  /** The sending node has said that all are to be heard behind a number. */
  static from(stream: number, number: number): Incoming {
    return new Incoming(stream, number, 0);
  }

  /** A message came before the sending node has said where this node comes in. */
  static early(stream: number, number: number): Incoming {
    return new Incoming(stream, number, number);
  }

  /**
   * A message came.
   *
   * @returns how many are missing before it; `undefined`: nobody knows; -1: it came before, or too late.
   */
  message(stream: number, number: number): number | undefined {
    if (stream < this.stream || (stream === this.stream && number <= this.last)) return -1;
    if (this.first > 0 && stream !== this.stream) {
      // Nobody has said where the one before ended, of which members here have heard a part.
      this.#restart(stream, number);
      this.first = number;
      return undefined;
    }
    return this.#reach(stream, number, number - 1);
  }

  /** A number is said to have been the last one so far. @returns as {@link Incoming.message}; -1: it is behind. */
  reached(stream: number, number: number): number | undefined {
    if (stream < this.stream || (stream === this.stream && number < this.last)) return -1;
    return this.#reach(stream, number, number);
  }

  /**
   * The sending node says that all behind `start` are to be heard, and which one was the last.
   *
   * @returns how many are missing; `undefined`: nobody knows.
   */
  heardFrom(stream: number, start: number, number: number): number | undefined {
    const { first } = this;
    this.first = 0;
    const early = first > 0 && stream === this.stream ? Math.max(0, first - start - 1) : 0;
    const missing = this.reached(stream, number);
    return missing === undefined ? undefined : Math.max(0, missing) + early;
  }

  #restart(stream: number, last: number): void {
    this.stream = stream;
    this.last = last;
    this.ended = false;
  }

  /** @param expected - the number that was to have been heard by now. */
  #reach(stream: number, number: number, expected: number): number | undefined {
    const same = stream === this.stream;
    // Of a sequence that was given up without a word, nobody knows where it ended.
    const known = same || this.ended;
    const before = same ? this.last : 0;
    if (same) this.last = number;
    else this.#restart(stream, number);
    return known ? expected - before : undefined;
  }
}
