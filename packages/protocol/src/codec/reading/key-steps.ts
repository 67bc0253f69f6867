import { GROUP_STORES, type GroupStore, type KeyGroup } from "./group-stores.js";

/** Maps of more pairs are no objects whose keys are always the same ones. */
export const MAX_PAIRS = 32;

/** Steps that are remembered of all maps, some 700 bytes each with all that they refer to: a peer may send ever new keys. */
const MAX_STEPS = 512;
/** Steps that may follow one. */
const MAX_FOLLOWING = 8;
/** Keys whose values are set together. */
export const GROUP_SIZE = 4;
/** How often a group of keys has to come at its place before it gets a store of its own. */
const OFTEN = 64;
/** It has to come twice as often for each so many stores that are taken, as a peer could send what takes all of them. */
const STORES_OF_A_PRICE = GROUP_STORES.length / 8;

/** Where the bytes end of a key that are compared in two steps. */
export const WORD_END = 6;

const NONE: readonly KeyStep[] = [];

/** Two bytes as a number, 0 for those that are not there. */
function twoBytes(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** A key of maps at its place: behind the same other keys, in maps of as many pairs. */
export class KeyStep {
  /** The one string that the engine keeps of this key. */
  readonly key: string;
  /** The key as it stands in a body, its head included. */
  readonly encoded: Uint8Array;
  /** How many bytes that is. */
  readonly length: number;
  /** The first two of them. */
  readonly begin: number;
  /** The four behind those, and which bits of as many bytes of a body belong to the key. */
  readonly word: number;
  readonly mask: number;
  /** This key, and those before it that are set together with it. */
  readonly group: KeyGroup;
  /** Sets the values of the group in a map; `undefined`: it has not ended here often enough. */
  store: GroupStore | undefined = undefined;
  /** The step that followed last, which is expected to follow again. */
  next: KeyStep | undefined = undefined;
  /** The steps that may follow, in the order in which they came first. */
  following: readonly KeyStep[] = NONE;
  /** How often the group ended here and was set without a store of its own. */
  uses = 0;

  constructor(key: string, encoded: Uint8Array, group: KeyGroup) {
    this.key = key;
    this.group = group;
    this.encoded = encoded;
    const { length } = encoded;
    this.length = length;
    this.begin = twoBytes(encoded, 0);
    this.mask = -1 << (8 * Math.max(0, WORD_END - length));
    this.word = ((twoBytes(encoded, 2) << 16) | twoBytes(encoded, 4)) & this.mask;
  }

  /** Whether no other step may follow. */
  get full(): boolean {
    return this.following.length === MAX_FOLLOWING;
  }

  /** A step that may follow, by the first two bytes of its key as it stands in a body. */
  beginning(bytes: number): KeyStep | undefined {
    const { following } = this;
    for (let index = 0; index < following.length; index++) {
      const step = following[index] as KeyStep;
      if (step.begin === bytes) return step;
    }
    return undefined;
  }

  /** The step that a key leads to. */
  to(key: string): KeyStep | undefined {
    for (const step of this.following) if (step.key === key) return step;
    return undefined;
  }
}

/** Does what the store of a group does, for any of them. */
export const setGroup: GroupStore = (map, keys, a, b, c, d) => {
  map[keys[0]] = a;
  if (keys.length > 1) map[keys[1] as string] = b;
  if (keys.length > 2) map[keys[2] as string] = c;
  if (keys.length > 3) map[keys[3] as string] = d;
};

const NOTHING = new Uint8Array(0);
/** As long as one that is complete, so that another one begins behind it. */
const NO_GROUP: KeyGroup = ["", "", "", ""];

/**
 * What keys maps have, and in what order: the maps of an application have few such orders. So the next key is known before it
 * is read, to be compared instead of looked up, and groups of keys have stores of their own: see `GROUP_STORES`.
 *
 * A program has one of these, as the stores are there once. So a peer can keep the keys of others out by sending very many maps
 * with keys of its own; then those are read as all were before.
 */
export class KeySteps {
  readonly #first: readonly KeyStep[] = Array.from(
    { length: MAX_PAIRS + 1 },
    () => new KeyStep("", NOTHING, NO_GROUP),
  );
  #count = 0;
  #storesTaken = 0;

  /** Where maps of so many pairs begin, up to {@link MAX_PAIRS}. */
  first(pairs: number): KeyStep {
    return this.#first[pairs] as KeyStep;
  }

  /** Remembers that a key came behind a step. @returns `undefined`: there is no room. */
  add(after: KeyStep, key: string, encoded: Uint8Array): KeyStep | undefined {
    if (after.full) return undefined;
    if (this.#count === MAX_STEPS) this.#forgetRare();
    this.#count++;
    const { group } = after;
    const step = new KeyStep(key, encoded, group.length === GROUP_SIZE ? [key] : [...group, key]);
    after.following = [...after.following, step];
    after.next = step;
    return step;
  }

  /** The group of a step was set without a store of its own. */
  used(step: KeyStep): void {
    step.uses++;
    if (step.uses < OFTEN << Math.floor(this.#storesTaken / STORES_OF_A_PRICE)) return;
    step.uses = 0;
    step.store = GROUP_STORES[this.#storesTaken];
    if (step.store !== undefined) this.#storesTaken++;
  }

  /** Forgets the steps that have no store of their own, and that lead to none. */
  #forgetRare(): void {
    this.#count = this.#first.reduce((count, step) => count + forgetRareBehind(step), 0);
  }
}

/**
 * Leaves what leads to a store, too: of a group of keys, the last one alone has it.
 *
 * @returns how many steps are left behind this one.
 */
function forgetRareBehind(step: KeyStep): number {
  let left = 0;
  step.following = step.following.filter((following) => {
    const behind = forgetRareBehind(following);
    if (behind === 0 && following.store === undefined) return false;
    left += 1 + behind;
    return true;
  });
  step.next = step.following[0];
  return left;
}

export const keySteps = new KeySteps();
