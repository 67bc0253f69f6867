import type { AnyPacketDefinition } from "@peng3dnet/protocol";
import type { Group, Member } from "./group.js";

/** Names without an entry that are kept beside as many as have one. */
const SPARE = 16;

/**
 * Entries by name, where the same name may come and go any number of times. A `Map` keeps the place of each key that was
 * deleted until its table is full, and looks at all of them for that key: with 10,000 others, thousands. Here, a name that has
 * lost its entry keeps its place for a while.
 */
export class Names<V> {
  /** How many names have an entry. */
  size = 0;
  readonly #slots = new Map<string, { entry: V | undefined }>();

  get(name: string): V | undefined {
    return this.#slots.get(name)?.entry;
  }

  /** Gives a name that has none an entry. */
  set(name: string, entry: V): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) this.#slots.set(name, { entry });
    else slot.entry = entry;
    this.size++;
  }

  /** Takes the entry of a name that has one. */
  delete(name: string): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    slot.entry = undefined;
    this.size--;
    if (this.#slots.size <= 2 * this.size + SPARE) return;
    for (const [other, { entry }] of this.#slots) if (entry === undefined) this.#slots.delete(other);
  }

  /** All entries. Whoever goes along may change them. */
  *values(): IterableIterator<V> {
    for (const { entry } of this.#slots.values()) if (entry !== undefined) yield entry;
  }
}

/** Groups by name, in no particular order. It goes along with them, and may be walked while they change. */
export class GroupMap<out C extends Member = Member, out D extends AnyPacketDefinition = AnyPacketDefinition>
  implements Iterable<[name: string, group: Group<C, D>]>
{
  readonly #names: Names<{ readonly group: Group<C, D> }>;

  /** For the library. */
  constructor(names: Names<{ readonly group: Group<C, D> }>) {
    this.#names = names;
  }

  /** How many groups. */
  get size(): number {
    return this.#names.size;
  }

  /** Whether there is a group with this name. */
  has(name: string): boolean {
    return this.#names.get(name) !== undefined;
  }

  /** The group with this name. */
  get(name: string): Group<C, D> | undefined {
    return this.#names.get(name)?.group;
  }

  /** The groups. */
  *values(): IterableIterator<Group<C, D>> {
    for (const { group } of this.#names.values()) yield group;
  }

  /** Their names. */
  *keys(): IterableIterator<string> {
    for (const { name } of this.values()) yield name;
  }

  /** Name and group of each. */
  *[Symbol.iterator](): IterableIterator<[name: string, group: Group<C, D>]> {
    for (const group of this.values()) yield [group.name, group];
  }
}
