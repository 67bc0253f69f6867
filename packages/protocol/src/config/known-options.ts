import { quoteText } from "../errors/quote-text.js";
import { ConfigError } from "../errors/usage-errors.js";
import { describe } from "./rules.js";

/** Names of options, as a type has them: the compiler sees to it that none is missing. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/** Whether one text is another one without some of its letters. */
function isWithin(short: string, long: string): boolean {
  let at = 0;
  for (const letter of long) if (letter === short[at]) at++;
  return at === short.length;
}

/** Whether two neighbouring letters have changed places. */
function isSwapped(a: string, b: string): boolean {
  const at = [...a].findIndex((letter, i) => letter !== b[i]);
  return a === `${b.slice(0, at)}${b[at + 1]}${b[at]}${b.slice(at + 2)}`;
}

/** Whether a name is mistyped in one of the usual ways: neighbours that changed places, a letter or two too few or too many, the wrong case. */
function isLike(name: string, other: string): boolean {
  const [a, b] = [name.toLowerCase(), other.toLowerCase()];
  return Math.abs(a.length - b.length) <= 2 && (isWithin(a, b) || isWithin(b, a) || isSwapped(a, b));
}

/**
 * Says of an option that does not exist which one is likely to be meant; with `all`, or else which there are.
 *
 * @param what - what is not there. Default: an option.
 */
export function optionComplaint(
  of: string,
  options: object,
  known: object,
  all: boolean,
  what = "option",
): [key: string, text: string] | undefined {
  for (const key in options) {
    if (Object.hasOwn(known, key) || (options as Readonly<Record<string, unknown>>)[key] === undefined)
      continue;
    const names = Object.keys(known);
    const meant = names.find((name) => isLike(key, name));
    const help = meant === undefined ? `it has ${names.join(", ")}` : `did you mean "${meant}"?`;
    if (all || meant !== undefined) return [key, `${of} has no ${what} ${quoteText(key)}; ${help}`];
  }
  return undefined;
}

/**
 * Checks the names of options: JavaScript lets others pass, and TypeScript those of an object that is not written on the spot.
 *
 * @param of - what has the options, e.g. `"pingServer"`.
 * @param known - an object with a key for each option.
 * @throws {@link ConfigError} that names the option, and one that it is like or all; TypeError for what is no object.
 */
export function checkKnownOptions(of: string, options: object, known: object): void {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`${of} takes an object of options, and not ${describe(options)}`);
  const found = optionComplaint(of, options, known, true);
  if (found !== undefined) throw new ConfigError(...found);
}
