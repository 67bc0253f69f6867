import { PROPERTY_STORES, type PropertyStore } from "./property-stores.js";

/** Maps of more pairs are no objects whose keys are always the same ones. */
export const MAX_PAIRS = 32;

/** Steps that are remembered of all maps, some 300 bytes each: a peer may send ever new keys. */
const MAX_STEPS = 512;
/** Steps that may follow one. */
const MAX_FOLLOWING = 8;
/** How often a key has to come at its place before its step gets a store of its own. */
const OFTEN = 64;
/** It has to come twice as often for each so many stores that are taken, as a peer could send what takes all of them. */
const STORES_OF_A_PRICE = PROPERTY_STORES.length / 8;

const NONE: readonly KeyStep[] = [];

/** A key of maps at its place: behind the same other keys, in maps of as many pairs. */
export class KeyStep {
  /** The one string that the engine keeps of this key. */
  readonly key: string;
  /** The key as it stands in a body, its head included. */
  readonly encoded: Uint8Array;
  /** The first two bytes of it. */
  readonly begin: number;
  /** Sets the value of this key in a map; `undefined`: it has not come often enough. */
  store: PropertyStore | undefined = undefined;
  /** The step that followed last, which is expected to follow again. */
  next: KeyStep | undefined = undefined;
  /** The steps that may follow, in the order in which they came first. */
  following: readonly KeyStep[] = NONE;
  /** How often its key was set without a store of its own. */
  uses = 0;

  constructor(key: string, encoded: Uint8Array) {
    this.key = key;
    this.encoded = encoded;
    this.begin = ((encoded[0] as number) << 8) | (encoded[1] as number);
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

const NOTHING = new Uint8Array(0);

/**
 * What keys maps have, and in what order: the maps of an application have few such orders. So the next key is known before it
 * is read, to be compared instead of looked up, and has a store of its own: see `PROPERTY_STORES`.
 *
 * A program has one of these, as the stores are there once. So a peer can keep the keys of others out by sending very many maps
 * with keys of its own; then those are read as all were before.
 */
export class KeySteps {
  readonly #first: readonly KeyStep[] = Array.from({ length: MAX_PAIRS + 1 }, () => new KeyStep("", NOTHING));
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
    const step = new KeyStep(key, encoded);
    after.following = [...after.following, step];
    after.next = step;
    return step;
  }

  /** The key of a step was set without a store of its own. */
  used(step: KeyStep): void {
    step.uses++;
    if (step.uses < OFTEN << Math.floor(this.#storesTaken / STORES_OF_A_PRICE)) return;
    step.uses = 0;
    step.store = PROPERTY_STORES[this.#storesTaken];
    if (step.store !== undefined) this.#storesTaken++;
  }

  /** Forgets the steps without stores of their own. */
  #forgetRare(): void {
    this.#count = this.#first.reduce((count, step) => count + forgetRareBehind(step), 0);
  }
}

/** @returns how many steps are left behind this one. */
function forgetRareBehind(step: KeyStep): number {
  step.following = step.following.filter(({ store }) => store !== undefined);
  step.next = step.following[0];
  return step.following.reduce((count, following) => count + 1 + forgetRareBehind(following), 0);
}

export const keySteps = new KeySteps();
