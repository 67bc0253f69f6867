/** What is wrong with what a client saw. */
export type Wrong = (what: string) => void;

/** How long a node may find out that something was missing before the first message that it heard, in milliseconds. */
const YOUNG = 40_000;

interface Sequence {
  readonly since: number;
  /** The first message that came: the client cannot know of those before it. */
  readonly first: number;
  last: number;
  /** How many are said to be missing behind the last one. */
  told: number;
  /** Something is missing, and nobody knows how much. */
  unknown: boolean;
}

/**
 * What one client saw of the messages that nodes send to its groups: of each group and each node, a sequence of numbers. Numbers
 * that are left out have to be told before the next one comes, exactly as many as they are.
 */
export class Sequences {
  readonly #sequences = new Map<string, Sequence>();
  readonly #wrong: Wrong;
  readonly #now: () => number;
  /** Messages that came. */
  messages = 0;
  /** How many messages are said to be missing. */
  missed = 0;
  /** How often it was said that messages are missing. */
  gaps = 0;

  constructor(wrong: Wrong, now: () => number = () => performance.now()) {
    this.#wrong = wrong;
    this.#now = now;
  }

  /** A message came. */
  message(group: string, from: string, number: number): void {
    this.messages++;
    const key = `${group} from ${from}`;
    const sequence = this.#sequences.get(key);
    if (sequence === undefined) {
      const now = this.#now();
      this.#sequences.set(key, { since: now, first: number, last: number, told: 0, unknown: false });
      return;
    }
    const { last, told, unknown } = sequence;
    const missing = number - last - 1;
    if (missing < 0) this.#wrong(`${key}: ${number} came after ${last}`);
    else if (!unknown && missing > told)
      this.#wrong(`${key}: ${missing} are missing between ${last} and ${number}, and ${told} were told`);
    else if (!unknown && missing < told && !this.#mayBeBefore(sequence, told - missing))
      this.#wrong(`${key}: ${missing} are missing between ${last} and ${number}, but ${told} were told`);
    sequence.last = Math.max(last, number);
    sequence.told = 0;
    sequence.unknown = false;
  }

  /** It was said that messages are missing. @param missed - `null`: nobody knows how many. */
  told(group: string, from: string, missed: number | null): void {
    const sequence = this.#sequences.get(`${group} from ${from}`);
    // Nothing came yet: the client is not to know where the sequence began.
    if (sequence === undefined) return;
    this.gaps++;
    if (missed === null) sequence.unknown = true;
    else {
      sequence.told += missed;
      this.missed += missed;
    }
  }

  /**
   * Nothing is sent any more. How many sequences are not at their end, by messages or by what was told.
   *
   * @param finals - number of the last message by group, of a node.
   * @param each - is told of each of them.
   */
  behind(from: string, finals: Readonly<Record<string, number>>, each: Wrong = () => {}): number {
    let count = 0;
    for (const [group, number] of Object.entries(finals)) {
      const key = `${group} from ${from}`;
      const sequence = this.#sequences.get(key);
      if (sequence === undefined || sequence.unknown) continue;
      const { last, told } = sequence;
      if (last + told === number || this.#mayBeBefore(sequence, last + told - number)) continue;
      count++;
      each(`${key}: the last one that came is ${last}, and ${told} were told, but ${number} were sent`);
    }
    return count;
  }

  /**
   * Whether so many that were told in excess may be from before the first message: its node said late from where on it hears all.
   */
  #mayBeBefore({ since, first }: Sequence, excess: number): boolean {
    return excess > 0 && excess < first && this.#now() - since < YOUNG;
  }
}
