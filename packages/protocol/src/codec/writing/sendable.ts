import { EncodeError } from "../../errors/errors.js";

/** Classes of the platform that are no code of the engine, by what their prototypes call themselves. */
const PLATFORM_TAG =
  /^(URL|URLSearchParams|Blob|File|FormData|Headers|Request|Response|DOMException|Event|EventTarget|MessagePort|.*Iterator|.*Generator)$/;
const NATIVE = /\{\s*\[native code\]\s*\}\s*$/;
const sourceOf = Function.prototype.toString;

/** What an object with some prototype is. */
export interface Kind {
  /** Why such an object cannot be sent; `undefined`: its fields can. */
  readonly problem: string | undefined;
  /** Whether it is a plain object, maybe of another realm: an empty one is an empty map. */
  readonly plain: boolean;
  /** Whether it is a `Date` or a `Map`, maybe of another realm or of a class that extends it: it is sent as that. */
  readonly builtIn?: "Date" | "Map";
}

const PLAIN: Kind = { problem: undefined, plain: true };
const CLASS: Kind = { problem: undefined, plain: false };
/** Kinds by prototype: those of a program's own classes are looked at once. */
const kinds = new WeakMap<object, Kind>([[Object.prototype, PLAIN]]);

/**
 * Checks an object that is neither an array nor binary: what holds its data elsewhere than in fields of its own would
 * arrive as an empty map, or as half of what it is.
 *
 * @throws {@link EncodeError}.
 */
export function checkFields(object: object): void {
  const { problem } = kindOf(object);
  if (problem !== undefined) throw new EncodeError(problem);
}

/**
 * Checks an object that has no fields.
 *
 * @throws {@link EncodeError} unless it is a plain one.
 */
export function checkEmpty(object: object): void {
  const { problem, plain } = kindOf(object);
  if (plain) return;
  throw new EncodeError(problem ?? cannotBeSent(nameOf(object), "it has no fields of its own"));
}

/** Whether a value is a plain object, as which maps with string keys are decoded. */
export function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && kindOf(value).plain;
}

/** What an object is that is neither an array nor binary. */
export function kindOf(object: object): Kind {
  const prototype: object | null = Object.getPrototypeOf(object);
  if (prototype === null) return PLAIN;
  let kind = kinds.get(prototype);
  if (kind === undefined) {
    kind = judge(prototype);
    kinds.set(prototype, kind);
  }
  return kind;
}

/** Goes through the prototypes, since a class may extend one of the platform. */
function judge(first: object): Kind {
  let prototype = first;
  let next: object | null = Object.getPrototypeOf(first);
  while (next !== null) {
    const tag = ownValue(prototype, Symbol.toStringTag);
    const native = nativeName(prototype);
    if (native === "Date" || native === "Map") return { ...refused(native), builtIn: native };
    if (native !== undefined) return refused(native);
    if (typeof tag === "string" && PLATFORM_TAG.test(tag)) return refused(tag);
    if (typeof ownValue(prototype, "then") === "function") {
      return refused("thenable", "wait for what it promises");
    }
    prototype = next;
    next = Object.getPrototypeOf(next);
  }
  const root = ownValue(prototype, "constructor") === undefined || nativeName(prototype) === "Object";
  return prototype === first && root ? PLAIN : CLASS;
}

/** Name of the class of the engine whose prototype this is, in whatever realm. */
function nativeName(prototype: object): string | undefined {
  const made = ownValue(prototype, "constructor");
  return typeof made === "function" && NATIVE.test(sourceOf.call(made)) ? made.name : undefined;
}

function ownValue(object: object, key: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

function nameOf(object: object): string {
  const made: unknown = Reflect.get(object, "constructor");
  return typeof made === "function" && made !== Object && made.name !== ""
    ? made.name
    : "object of this kind";
}

function refused(name: string, advice?: string): Kind {
  return { problem: cannotBeSent(name, advice), plain: false };
}

function cannotBeSent(name: string, advice?: string): string {
  const why = advice === undefined ? "" : `: ${advice}`;
  return `a ${name} cannot be sent${why}; turn it into a number, string, array, plain object, Map, Date or Uint8Array, or hand in an ExtensionCodec as the option "extensions"`;
}
