import type { Peng3dnetError } from "./errors.js";
import { cutUtf8, escapeText } from "./quote-text.js";

/** Most bytes of a closing reason. */
export const MAX_REASON_BYTES = 256;

/** Characters of a message that are shown. */
const MAX_MESSAGE = 2000;
/** Lines of a stack that are shown, and characters of each. */
const MAX_FRAMES = 20;
const MAX_FRAME = 300;
const CANNOT_BE_SHOWN = "something that cannot be shown as text";

/** What {@link describeError} shows. */
export interface DescribeErrorOptions {
  /** Whether the stack is shown, a line for each call, and the name of the error. Default false. */
  readonly stack?: boolean | undefined;
}

/**
 * Says what was thrown, whatever that is. Never throws: not for objects without a usable `toString`, for getters or
 * proxies that throw, nor for anything else that somebody may throw. Text is escaped as `quoteText` does and cut, so
 * that nothing in it can pretend to be a line of its own.
 *
 * @returns the message of an error, else the value as text.
 */
export function describeError(value: unknown, { stack = false }: DescribeErrorOptions = {}): string {
  try {
    return stack ? withStack(value) : withoutStack(value);
  } catch {
    return CANNOT_BE_SHOWN;
  }
}

function withoutStack(value: unknown): string {
  const message = textAt(value, "message") || textAt(value, "name");
  return escapeText(message || String(value), MAX_MESSAGE);
}

function withStack(value: unknown): string {
  const message = textAt(value, "message");
  const stack = textAt(value, "stack");
  if (stack === undefined) {
    const name = textAt(value, "name");
    return message === undefined || name === undefined
      ? withoutStack(value)
      : escapeText(`${name}: ${message}`, MAX_MESSAGE);
  }
  const [head, frames] = splitStack(stack, message);
  return [escapeText(head, MAX_MESSAGE), ...frames].join("\n");
}

/** The head of a stack, which has the message, and its calls: a line of the message cannot pass for one. */
function splitStack(stack: string, message = ""): readonly [head: string, frames: readonly string[]] {
  const begin = stack.indexOf(message);
  if (begin < 0) return [stack, []];
  const end = begin + message.length;
  const line = stack.indexOf("\n", end);
  if (line < 0) return [stack, []];
  const rest = stack.slice(line + 1, line + 1 + MAX_FRAMES * (MAX_FRAME + 1));
  const frames = rest.split("\n", MAX_FRAMES);
  return [stack.slice(0, line), frames.map((frame) => escapeText(frame, MAX_FRAME))];
}

/** A property, if it can be had and is text. */
function textAt(value: unknown, key: "message" | "name" | "stack"): string | undefined {
  // Every function has a name, which says little.
  if (typeof value === "function" && key === "name") return undefined;
  try {
    const text = (value as Readonly<Record<string, unknown>>)[key];
    return typeof text === "string" ? text : undefined;
  } catch {
    // It is nil, or does not let itself be looked at.
    return undefined;
  }
}

/**
 * What kind of error it is, for counting: its name and the line of code that it comes from, and nothing of its
 * message, which may be a peer's. Never throws.
 */
export function kindOfError(value: unknown): string {
  const name = textAt(value, "name") ?? typeof value;
  const message = textAt(value, "message");
  const [, [frame = ""]] = splitStack(textAt(value, "stack") ?? "", message);
  return escapeText(`${name} ${frame.trim()}`, MAX_FRAME);
}

/**
 * An error for whatever was thrown: itself, if it is an error whose message can be read, else one that describes it
 * and has it as `cause`. Never throws.
 */
export function toError(value: unknown): Error {
  return isReadableError(value) ? value : new Error(describeError(value), { cause: value });
}

function isReadableError(value: unknown): value is Error {
  try {
    // Errors of another realm are instances of another class.
    if (!(value instanceof Error || Object.prototype.toString.call(value) === "[object Error]")) return false;
    const { name, message, stack } = value as Error;
    return typeof name === "string" && typeof message === "string" && typeof (stack ?? "") === "string";
  } catch {
    return false;
  }
}

/** `value instanceof type`, and false where that throws: a proxy may. */
export function isInstance<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/**
 * The reason that an error closes a connection with, cut to what a peer takes; `undefined` where it has none. Goes by
 * what it has, so that errors of another copy of this package are known, too. Never throws.
 */
export function closeReasonOf(error: unknown): string | undefined {
  try {
    const { code, closeReason } = (error ?? {}) as Partial<Peng3dnetError>;
    if (typeof code !== "string" || typeof closeReason !== "string") return undefined;
    return cutUtf8(closeReason, MAX_REASON_BYTES);
  } catch {
    return undefined;
  }
}
