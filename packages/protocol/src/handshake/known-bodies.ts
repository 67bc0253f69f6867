import { type Extensions, NO_EXTENSIONS, readExtensions } from "./extensions.js";

/** Longest body that is remembered, in bytes. */
const LONGEST = 4096;

/** Ids of packets whose bodies are remembered are below this one. */
const IDS = 16;

interface KnownBody {
  readonly bytes: Uint8Array;
  readonly value: unknown;
}

/**
 * Remembers for each packet of the handshake the body that came last, and what it was decoded to: most connections are told the
 * same. There is one for each set of limits, since a body that some allow others refuse.
 */
export class KnownBodies {
  readonly #known: (KnownBody | undefined)[] = [];
  /** What was read last of extensions that cannot change any more, as they came, and what it was read to. */
  #ext: unknown = undefined;
  #extensions: Extensions = NO_EXTENSIONS;

  /** What a body is that lies in `bytes` from `start` up to `end`; `undefined`: it is not the one that came last. */
  find(id: number, bytes: Uint8Array, start: number, end: number): unknown {
    const known = this.#known[id];
    if (known === undefined || known.bytes.length !== end - start) return undefined;
    for (let index = 0; index < known.bytes.length; index++) {
      if (known.bytes[index] !== bytes[start + index]) return undefined;
    }
    return known.value;
  }

  /** Remembers one, if it may be. @param value - what it was decoded to, which nothing changes from now on. */
  note(id: number, bytes: Uint8Array, start: number, end: number, value: unknown): void {
    if (id >= IDS || end - start > LONGEST || !isFixed(value)) return;
    this.#known[id] = { bytes: bytes.slice(start, end), value };
  }

  /** As {@link readExtensions}: the same object for connections that were told the same. */
  extensionsOf(ext: unknown): Extensions {
    if (ext === this.#ext) return this.#extensions;
    const extensions = readExtensions(ext);
    // Nothing but what is remembered here is frozen, with all that is in it.
    if (!Object.isFrozen(ext)) return extensions;
    this.#ext = ext;
    this.#extensions = extensions;
    return extensions;
  }
}

/** Makes a map unchangeable, with the maps in it. @returns false if there is anything else in it that may change. */
function isFixed(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  if (!Object.values(value).every(isFixed)) return false;
  Object.freeze(value);
  return true;
}
