import { FIRST_USER_ID } from "../constants.js";
import { isInstance } from "../errors/describe-error.js";
import { AlreadyRegisteredError, NotRegisteredError, RegistryError } from "../errors/errors.js";
import { quoteText } from "../errors/quote-text.js";

const MAX_ID = 0xffffffff;
/** Ids below this are found by index, the others by hashing. */
const DENSE_IDS = 8192;
/** So many objects are looked for one by one: a process may have thousands of clients with few packets each. */
const FEW = 16;
/** Is replaced and never changed. */
const NONE: never[] = [];

/** One registered object with its name and id. */
export interface RegistryEntry<T> {
  readonly name: string;
  readonly id: number;
  readonly obj: T;
}

/** A class whose instances a registry accepts, abstract ones included. */
export type ObjectType<T> = abstract new (...args: never[]) => T;

/** Whether a packet may have this id. */
export function isId(id: unknown): id is number {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) <= MAX_ID;
}

function checkId(id: number): void {
  if (!isId(id)) {
    const shown = typeof id === "string" ? quoteText(id) : String(id);
    throw new RegistryError(`${shown} is not an id; use an integer from 0 to ${MAX_ID}`);
  }
}

function describe(obj: unknown): string {
  return typeof obj === "object" && obj !== null ? `the given ${obj.constructor?.name}` : String(obj);
}

/**
 * Three-way map between names, integer ids and objects.
 *
 * Every look-up takes any of the three.
 *
 * @reference `BaseRegistry`
 */
export class BaseRegistry<T extends object = object, E extends RegistryEntry<T> = RegistryEntry<T>> {
  /**
   * Class that objects have to be instances of.
   *
   * @reference `objtype`
   */
  readonly objtype: ObjectType<T>;
  /** In order of registration. */
  #entries: E[] = NONE;
  /** Where there are more than few. */
  #byName: Map<string, E> | undefined = undefined;
  #byObj: Map<T, E> | undefined = undefined;
  /** Those with ids that are not found by index. */
  #byId: Map<number, E> | undefined = undefined;
  /** By id, of ids below {@link FIRST_USER_ID}, where there are more than few. */
  #low: (E | undefined)[] | undefined = undefined;
  /** By id, less {@link FIRST_USER_ID}. The same list as that of all entries where these have the first ids in turn. */
  #dense: (E | undefined)[] = NONE;
  /** Found by name last: most programs send the same few packet types in a row. */
  #recent: E | undefined = undefined;
  #nextId = FIRST_USER_ID;
  #revision = 0;

  /** @param objtype - class of the objects; default: any object. */
  constructor(objtype?: ObjectType<T>) {
    this.objtype = objtype ?? (Object as unknown as ObjectType<T>);
  }

  /** Number of registered objects. */
  get size(): number {
    return this.#entries.length;
  }

  /** A number that changes whenever names or ids do. */
  get revision(): number {
    return this.#revision;
  }

  /** All entries in order of registration. */
  entries(): IterableIterator<E> {
    return [...this.#entries].values();
  }

  [Symbol.iterator](): IterableIterator<E> {
    return this.entries();
  }

  /** Whether a name, id or object is registered. */
  has(obj: string | number | T): boolean {
    return this.find(obj) !== undefined;
  }

  /** The entry of a name, id or object, or `undefined`. */
  find(obj: string | number | T): E | undefined {
    if (typeof obj === "string") {
      if (this.#recent?.name !== obj) this.#recent = this.#named(obj);
      return this.#recent;
    }
    return typeof obj === "number" ? this.findId(obj) : this.#of(obj);
  }

  /** The entry of an id, or `undefined`. */
  findId(id: number): E | undefined {
    return this.peek(id);
  }

  /** As {@link BaseRegistry.findId}, for connections: the entry may be one that registries share. */
  peek(id: number): E | undefined {
    if (id < FIRST_USER_ID) return this.#reserved(id) ?? this.shared(id);
    return id < DENSE_IDS ? this.#dense[id - FIRST_USER_ID] : this.#byId?.get(id);
  }

  #reserved(id: number): E | undefined {
    if (this.#low !== undefined) return this.#low[id];
    // Not by "of", here and below: until such a loop is compiled, it makes an object for each step.
    const entries = this.#entries;
    for (let at = 0; at < entries.length; at++) if (entries[at]?.id === id) return entries[at];
    return undefined;
  }

  #named(name: string): E | undefined {
    if (this.#byName !== undefined) return this.#byName.get(name);
    const entries = this.#entries;
    for (let at = 0; at < entries.length; at++) if (entries[at]?.name === name) return entries[at];
    return undefined;
  }

  #of(obj: T): E | undefined {
    if (this.#byObj !== undefined) return this.#byObj.get(obj);
    const entries = this.#entries;
    for (let at = 0; at < entries.length; at++) if (entries[at]?.obj === obj) return entries[at];
    return undefined;
  }

  /**
   * The entry of a name, id or object.
   *
   * @throws {@link NotRegisteredError} if there is none.
   */
  entry(obj: string | number | T): E {
    const entry = this.find(obj);
    if (entry === undefined) {
      const shown = typeof obj === "string" ? quoteText(obj) : describe(obj);
      throw new NotRegisteredError(
        `${shown} is not registered; register it before it is used, e.g. in the option packets`,
      );
    }
    return entry;
  }

  /**
   * The object of a name, id or object. @throws {@link NotRegisteredError}
   *
   * @reference `getObj`
   */
  getObj(obj: string | number | T): T {
    return this.entry(obj).obj;
  }

  /**
   * Same as {@link BaseRegistry.getObj}. @throws {@link NotRegisteredError}
   *
   * @reference `registry[obj]`
   */
  get(obj: string | number | T): T {
    return this.entry(obj).obj;
  }

  /**
   * The id of a name, id or object. @throws {@link NotRegisteredError}
   *
   * @reference `getID`
   */
  getID(obj: string | number | T): number {
    return this.entry(obj).id;
  }

  /**
   * Alias of {@link BaseRegistry.getID}. @throws {@link NotRegisteredError}
   *
   * @reference `getInt`
   */
  getInt(obj: string | number | T): number {
    return this.getID(obj);
  }

  /**
   * The name of a name, id or object. @throws {@link NotRegisteredError}
   *
   * @reference `getName`
   */
  getName(obj: string | number | T): string {
    return this.entry(obj).name;
  }

  /**
   * Alias of {@link BaseRegistry.getName}. @throws {@link NotRegisteredError}
   *
   * @reference `getStr`
   */
  getStr(obj: string | number | T): string {
    return this.getName(obj);
  }

  /**
   * `[object, id, name]`. @throws {@link NotRegisteredError}
   *
   * @reference `getAll`
   */
  getAll(obj: string | number | T): [obj: T, id: number, name: string] {
    const entry = this.entry(obj);
    return [entry.obj, entry.id, entry.name];
  }

  /**
   * The next free id, counting up from 64. @throws {@link RegistryError} when none is left.
   *
   * @reference `getNewID`
   */
  getNewID(): number {
    while (this.findId(this.#nextId) !== undefined) this.#nextId++;
    if (this.#nextId > MAX_ID) throw new RegistryError("all packet ids are taken");
    return this.#nextId++;
  }

  /**
   * Registers an object under a name and an id.
   *
   * @param n - the id; default: a new one, see {@link BaseRegistry.getNewID}.
   * @returns the id.
   * @throws {TypeError} if the object is not an instance of {@link BaseRegistry.objtype}.
   * @throws {@link AlreadyRegisteredError} if name, id or object is taken.
   * @throws {@link RegistryError} if name or id is not usable.
   * @reference `register`
   */
  register(obj: T, name: string, n?: number | null): number {
    if (!this.accepts(obj)) {
      throw new TypeError(`only instances of ${this.objtype.name} can be registered here, under "${name}"`);
    }
    if (typeof name !== "string" || name === "")
      throw new RegistryError("a name is a string that is not empty");
    if (n !== undefined && n !== null) checkId(n);
    if (this.#mayClash(obj, name, n)) this.#checkFree(obj, name, n);
    const id = n ?? this.getNewID();
    this.#insert(this.createEntry(obj, name, id));
    return id;
  }

  /** Whether something may be taken. Few are looked at once, since each of thousands of clients registers some packets. */
  #mayClash(obj: T, name: string, n: number | null | undefined): boolean {
    if (this.#byName !== undefined) return true;
    const entries = this.#entries;
    for (let at = 0; at < entries.length; at++) {
      const entry = entries[at] as E;
      if (entry.name === name || entry.obj === obj || entry.id === n) return true;
    }
    return false;
  }

  /** @throws {@link AlreadyRegisteredError} if name, object or id is taken. */
  #checkFree(obj: T, name: string, n: number | null | undefined): void {
    if (this.#named(name) !== undefined)
      throw new AlreadyRegisteredError(`the name "${name}" is registered already`);
    if (this.#of(obj) !== undefined) {
      throw new AlreadyRegisteredError(
        `the object for "${name}" is registered already, as "${this.getName(obj)}"`,
      );
    }
    const taken = typeof n === "number" ? this.findId(n) : undefined;
    if (taken !== undefined) {
      throw new AlreadyRegisteredError(`the id ${n} for "${name}" is taken by "${taken.name}"`);
    }
  }

  /**
   * Registers an object under its own `name` property.
   *
   * @throws as {@link BaseRegistry.register}.
   * @reference `registerObject`
   */
  registerObject(obj: T & { readonly name?: string | undefined }, n?: number | null): number {
    return this.register(obj, obj.name ?? "", n);
  }

  /**
   * Removes the entry of a name, id or object. @throws {@link NotRegisteredError}
   *
   * @reference `deleteObj`
   */
  deleteObj(obj: string | number | T): void {
    const entry = this.entry(obj);
    this.#revision++;
    this.#recent = undefined;
    this.#entries = this.#entries.toSpliced(this.#entries.indexOf(entry), 1);
    this.#byName?.delete(entry.name);
    this.#byObj?.delete(entry.obj);
    if (entry.id < FIRST_USER_ID) {
      if (this.#low !== undefined) this.#low[entry.id] = undefined;
    } else if (entry.id < DENSE_IDS) this.#dense[entry.id - FIRST_USER_ID] = undefined;
    else this.#byId?.delete(entry.id);
  }

  /**
   * Gives registered names other ids, all at once or, if that throws, not at all. Other names keep their
   * id unless it is claimed or reserved now; then they get a new one.
   *
   * @param ids - the names with their new ids.
   * @param reserved - further ids that nothing may keep or get.
   * @throws {@link RegistryError} if an id is not usable.
   * @throws {@link NotRegisteredError} if a name is not registered.
   * @throws {@link AlreadyRegisteredError} if two names get the same id.
   */
  reassignIDs(ids: Iterable<readonly [name: string, id: number]>, reserved: Iterable<number> = []): void {
    const wanted = new Map<E, number>();
    const claimed = new Set<number>();
    for (const [name, id] of ids) {
      if (claimed.has(id))
        throw new AlreadyRegisteredError(`the id ${id} is given to "${name}" and to another name`);
      checkId(id);
      claimed.add(id);
      wanted.set(this.entry(name), id);
    }
    for (const id of reserved) claimed.add(id);
    const entries = this.#entries;
    for (const entry of entries) {
      if (!wanted.has(entry) && !claimed.has(entry.id)) {
        wanted.set(entry, entry.id);
        claimed.add(entry.id);
      }
    }
    let free = FIRST_USER_ID;
    const renewed = entries.map((entry) => {
      let id = wanted.get(entry);
      if (id === undefined) {
        while (claimed.has(free)) free++;
        id = free++;
      }
      return this.createEntry(entry.obj, entry.name, id);
    });
    this.#revision++;
    this.#recent = undefined;
    this.#entries = NONE;
    this.#byName = undefined;
    this.#byObj = undefined;
    this.#byId = undefined;
    this.#low = undefined;
    this.#dense = NONE;
    for (const entry of renewed) this.#insert(entry);
  }

  /** An entry with a low id that this registry shares with others, or `undefined`. */
  protected shared(_id: number): E | undefined {
    return undefined;
  }

  /** The entries in order of registration, without a copy. */
  protected get listed(): readonly E[] {
    return this.#entries;
  }

  /** Puts entries to their place in the order of registration that are made late: their names and ids were taken all the time. */
  protected insertLate(entries: readonly E[], at: number): void {
    const inOrder = this.#entries.toSpliced(at, 0, ...entries);
    const revision = this.#revision;
    for (const entry of entries) this.#insert(entry);
    this.#entries = inOrder;
    this.#revision = revision;
  }

  /** Names or ids have changed. */
  protected changed(): void {
    this.#revision++;
  }

  /** Whether an object may be registered. */
  protected accepts(obj: unknown): boolean {
    return isInstance(obj, this.objtype);
  }

  /** Makes the entry for an object; subclasses may keep more in it. */
  protected createEntry(obj: T, name: string, id: number): E {
    return { obj, name, id } as RegistryEntry<T> as E;
  }

  #insert(entry: E): void {
    this.#revision++;
    const { id } = entry;
    const before = this.#entries;
    const inTurn = this.#dense === before && id === FIRST_USER_ID + before.length;
    if (before.length < FEW) {
      // A list that grows by one has room for many more, as one has that is written as "[...list, entry]".
      this.#entries = before.concat([entry]);
      if (inTurn) this.#dense = this.#entries;
    } else {
      if (this.#dense === before) this.#dense = before.slice();
      before.push(entry);
    }
    this.#byName?.set(entry.name, entry);
    this.#byObj?.set(entry.obj, entry);
    if (this.#byName === undefined && this.#entries.length > FEW) {
      this.#byName = new Map(this.#entries.map((one) => [one.name, one]));
      this.#byObj = new Map(this.#entries.map((one) => [one.obj, one]));
      this.#low = [];
      for (const one of this.#entries) if (one.id < FIRST_USER_ID) put(this.#low, one.id, one);
    }
    if (id < FIRST_USER_ID) {
      if (this.#low !== undefined) put(this.#low, id, entry);
    } else if (id < DENSE_IDS) {
      if (this.#dense === this.#entries) return;
      if (this.#dense === NONE) this.#dense = [];
      put(this.#dense, id - FIRST_USER_ID, entry);
    } else {
      this.#byId ??= new Map();
      this.#byId.set(id, entry);
    }
  }
}

/** Puts an entry at its place. The engine reads lists without holes faster. */
function put<E>(list: (E | undefined)[], place: number, entry: E): void {
  while (list.length < place) list.push(undefined);
  list[place] = entry;
}
