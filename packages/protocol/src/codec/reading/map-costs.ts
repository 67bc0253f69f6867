import { tooManyCollisions, tooManyMoves, tooSparse } from "./body-errors.js";
import { ListGrowth, movesAllowed, placesAllowed, placesBefore } from "./list-growth.js";
import { stepsAllowed } from "./map-keys.js";

/**
 * What those maps of one body cost whose keys are trouble for the engine: keys like indices of a list, and integer keys of
 * `Map`s. All maps of a body count together. How much a body may cost depends on its length and on how many elements it may
 * have, which callers pass.
 */
export class MapCosts {
  /** Places that the engine reserves for maps with keys like list indices and that have no value. */
  places = 0;
  /** Entries of maps that the engine moves for keys far behind others. */
  #moves = 0;
  /** Steps of comparing integer keys. */
  #steps = 0;

  /** Begins with another body. */
  clear(): void {
    this.places = 0;
    this.#moves = 0;
    this.#steps = 0;
  }

  /** Counts steps of comparing keys. @throws {@link BadDataError} if there are too many. */
  compare(steps: number, maxElements: number): void {
    this.#steps += steps;
    const allowed = stepsAllowed(maxElements);
    if (this.#steps > allowed) throw tooManyCollisions(allowed);
  }

  /**
   * Counts a key like a list index.
   *
   * @param growth - what the keys of its map have cost so far; `undefined`: there was none.
   * @returns the same with this key.
   * @throws {@link BadDataError} if the engine moves too many entries.
   */
  grow(growth: ListGrowth | undefined, index: number, maxElements: number): ListGrowth {
    const grown = growth ?? new ListGrowth();
    this.#move(grown.add(index), maxElements);
    return grown;
  }

  /**
   * Counts what a map with keys like list indices has cost, once its string keys are read.
   *
   * @param keys - how many string keys it has.
   * @param bytes - length of the body.
   * @throws {@link BadDataError} if that is too much.
   */
  settle(growth: ListGrowth, keys: number, bytes: number, maxElements: number): void {
    this.#reserve(growth.places - keys, bytes, maxElements);
    this.#move(growth.copyMoves(), maxElements);
  }

  /**
   * Counts a map whose only key is like a list index, of which a body may have thousands. It moves nothing.
   *
   * @throws {@link BadDataError} if that is too much.
   */
  settleOne(index: number, bytes: number, maxElements: number): void {
    this.#reserve(placesBefore(index), bytes, maxElements);
  }

  #reserve(places: number, bytes: number, maxElements: number): void {
    if (places <= 0) return;
    this.places += places;
    const allowed = placesAllowed(bytes, maxElements);
    if (this.places > allowed) throw tooSparse(allowed);
  }

  #move(entries: number, maxElements: number): void {
    this.#moves += entries;
    const allowed = movesAllowed(maxElements);
    if (this.#moves > allowed) throw tooManyMoves(allowed);
  }
}
