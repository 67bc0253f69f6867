import type { Position } from "../wire/messages.js";

/** What this node has sent to a group. */
class Stream {
  readonly group: string;
  /** Its number: each sequence of a node has another one, and later ones have higher ones. */
  readonly id: number;
  /** Number of the last message. */
  number = 0;
  /** How many more times it is told where it is. */
  repeats = 0;

  constructor(group: string, id: number) {
    this.group = group;
    this.id = id;
  }

  get position(): Position {
    return [this.group, this.id, this.number];
  }
}

/**
 * The numbered sequences of this node, by group. There is one while another node wants to hear the group, or may come back and
 * want to: what is not sent, since nobody hears it, is numbered as well then, so that it is missed.
 */
export class Outgoing {
  readonly #streams = new Map<string, Stream>();
  /** Those that were active a short time ago. */
  readonly #active = new Set<Stream>();
  readonly #limit: number;
  readonly #evicted: (position: Position) => void;
  #nextId = 1;

  /**
   * @param limit - most sequences. Past it, the oldest one ends.
   * @param evicted - one has ended while somebody may want to hear it.
   */
  constructor(limit: number, evicted: (position: Position) => void) {
    this.#limit = limit;
    this.#evicted = evicted;
  }

  /** How many there are. */
  get size(): number {
    return this.#streams.size;
  }

  /** The sequence of a group, which begins if there is none. */
  #stream(group: string): Stream {
    const known = this.#streams.get(group);
    if (known !== undefined) return known;
    const stream = new Stream(group, this.#nextId++);
    this.#streams.set(group, stream);
    const [oldest] = this.#streams.values();
    if (this.#streams.size > this.#limit && oldest !== undefined) {
      this.#delete(oldest);
      this.#evicted(oldest.position);
    }
    return stream;
  }

  /** Where the sequence of a group is. */
  positionOf(group: string): Position {
    return this.#stream(group).position;
  }

  /** The position that the next message to a group will have. */
  next(group: string): Position {
    const { id, number } = this.#stream(group);
    return [group, id, number + 1];
  }

  /**
   * One more was sent to a group, or would have been: nobody heard it.
   *
   * @param repeats - how many times it is told where the sequence is.
   */
  count(group: string, repeats: number): void {
    const stream = this.#streams.get(group);
    if (stream === undefined) return;
    stream.number++;
    if (repeats === 0) return;
    stream.repeats = repeats;
    this.#active.add(stream);
  }

  /** Where those are that were active a short time ago. Each is told some times after its last message. */
  active(): Position[] {
    const positions: Position[] = [];
    for (const stream of this.#active) {
      positions.push(stream.position);
      stream.repeats--;
      if (stream.repeats <= 0) this.#active.delete(stream);
    }
    return positions;
  }

  /** Where all of them are. */
  *all(): IterableIterator<Position> {
    for (const stream of this.#streams.values()) yield stream.position;
  }

  /** Forgets sequences that nobody needs. @param groups - of these; `undefined`: of all. */
  sweep(groups: readonly string[] | undefined, needed: (group: string) => boolean): void {
    for (const group of groups ?? this.#streams.keys()) {
      const stream = this.#streams.get(group);
      if (stream !== undefined && !needed(group)) this.#delete(stream);
    }
  }

  #delete(stream: Stream): void {
    this.#streams.delete(stream.group);
    this.#active.delete(stream);
  }
}
