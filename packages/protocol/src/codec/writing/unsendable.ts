import { describeError, isInstance } from "../../errors/describe-error.js";
import { EncodeError } from "../../errors/errors.js";
import { quoteText } from "../../errors/quote-text.js";
import { type ExtensionCodec, encodeExtension } from "../extension-codec.js";
import { fits64Bits } from "../integers.js";
import { timeOfDate } from "../timestamp.js";
import { checkKey, entriesOf } from "./map-entries.js";
import { checkEmpty, checkFields, kindOf } from "./sendable.js";

const NAME = /^[A-Za-z_$][\w$]*$/;
/** A longer path is cut in its middle, and a longer key at its end, in characters. */
const MAX_PATH = 200;
const MAX_KEY = 60;

/** A step to what is wrong: a key of an object, an index of an array, or a call that gets a value of a `Map`. */
type Step = string | number | { readonly call: string };

/**
 * The error for a value that could not be encoded, with the path to what is wrong. That is looked for only now, so that
 * nothing is written down on the way while all is well.
 */
export function locate(
  error: unknown,
  value: unknown,
  maxDepth: number,
  maxElements: number,
  extensions: ExtensionCodec | undefined,
): EncodeError {
  const path = new Search(maxDepth, maxElements, extensions).path(value);
  if (isInstance(error, EncodeError)) {
    const { problem, cause } = error;
    return new EncodeError(problem, cause === undefined ? { path } : { path, cause });
  }
  return new EncodeError(`the value cannot be encoded: ${describeError(error)}`, { path, cause: error });
}

/** Goes through a value as a writer does, up to the first thing that cannot be sent. */
class Search {
  readonly #maxDepth: number;
  #elementsLeft: number;
  readonly #extensions: ExtensionCodec | undefined;
  readonly #keys: Step[] = [];
  /** The first getter, which is not called again: it may do more than answer. */
  #getter: Step[] | undefined = undefined;

  constructor(maxDepth: number, maxElements: number, extensions: ExtensionCodec | undefined) {
    this.#extensions = extensions;
    this.#maxDepth = maxDepth;
    this.#elementsLeft = maxElements;
  }

  /** Where it is; the first getter if it is nowhere else; `undefined` if there is none either. */
  path(value: unknown): string | undefined {
    const keys = this.#refuses(value, this.#maxDepth) ? this.#keys : this.#getter;
    return keys === undefined ? undefined : written(keys);
  }

  /** Whether something in a value is refused. Then the keys lead to it. */
  #refuses(value: unknown, depthLeft: number): boolean {
    switch (typeof value) {
      case "function":
      case "symbol":
        return true;
      case "bigint":
        return !fits64Bits(value);
      case "object":
        return value !== null && this.#refusesObject(value, depthLeft);
      default:
        return false;
    }
  }

  #refusesObject(object: object, depthLeft: number): boolean {
    try {
      if (Array.isArray(object)) {
        if (this.#count(object.length, depthLeft)) return true;
        for (let index = 0; index < object.length; index++) {
          if (this.#refusesItem(object, index, depthLeft)) return true;
        }
        return false;
      }
      if (ArrayBuffer.isView(object)) {
        return this.#take(1);
      }
      const { plain, builtIn } = kindOf(object);
      if (
        !plain &&
        this.#extensions !== undefined &&
        encodeExtension(this.#extensions, object) !== undefined
      ) {
        return this.#take(1);
      }
      if (builtIn === "Date") {
        timeOfDate(object);
        return this.#take(1);
      }
      if (builtIn === "Map") return this.#refusesMap(object, depthLeft);
      const keys = Object.keys(object);
      checkFields(object);
      if (keys.length === 0) checkEmpty(object);
      for (const key of keys) {
        if (this.#count(2, depthLeft) || this.#refusesItem(object, key, depthLeft)) return true;
      }
      return false;
    } catch {
      return true;
    }
  }

  #refusesMap(map: object, depthLeft: number): boolean {
    for (const [key, value] of entriesOf(map)) {
      checkKey(key);
      if (this.#count(2, depthLeft)) return true;
      if (typeof key === "object" && this.#take(2)) return true;
      this.#keys.push({ call: `get(${shownKey(key)})` });
      if (this.#refuses(value, depthLeft - 1)) return true;
      this.#keys.pop();
    }
    return false;
  }

  #refusesItem(object: object, key: string | number, depthLeft: number): boolean {
    this.#keys.push(key);
    const { get, value } = Object.getOwnPropertyDescriptor(object, key) ?? {};
    if (get !== undefined) this.#getter ??= [...this.#keys];
    if (key === "__proto__" || this.#refuses(value, depthLeft - 1)) return true;
    this.#keys.pop();
    return false;
  }

  #take(elements: number): boolean {
    this.#elementsLeft -= elements;
    return this.#elementsLeft < 0;
  }

  #count(elements: number, depthLeft: number): boolean {
    return this.#take(elements) || (depthLeft === 0 && elements > 0);
  }
}

/** A path as one would write it in a program. */
function written(keys: readonly Step[]): string {
  let path = "";
  for (const key of keys) {
    if (typeof key === "number") path += `[${key}]`;
    else if (typeof key === "object") path += path === "" ? key.call : `.${key.call}`;
    else if (!NAME.test(key)) path += `[${quoteText(key, MAX_KEY)}]`;
    else path += path === "" ? short(key) : `.${short(key)}`;
  }
  if (path.length <= MAX_PATH) return path;
  return `${path.slice(0, MAX_PATH / 2)} … ${path.slice(-MAX_PATH / 2)}`;
}

/** A key of a `Map` that can be sent. */
function shownKey(key: unknown): string {
  if (typeof key === "string") return quoteText(key, MAX_KEY);
  if (typeof key === "bigint") return `${key}n`;
  return typeof key === "number" ? String(key) : "Uint8Array";
}

function short(key: string): string {
  return key.length <= MAX_KEY ? key : `${key.slice(0, MAX_KEY)}…`;
}
